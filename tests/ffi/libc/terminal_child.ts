/** The program under test of terminal_test.ts: asks quietly, tells in hex what was typed. */
import { isTerminal, openTerminal, windowSize } from "../../../ffi/libc/terminal.ts";

using terminal = openTerminal();
if (terminal === null) {
  console.log("no terminal");
  Deno.exit(4);
}
const { characters } = terminal;
console.log(JSON.stringify({ characters, size: windowSize(0), tty: isTerminal(0) }));
{
  using _quiet = terminal.quiet();
  await terminal.write("Key: ");
  const typed: number[] = [];
  while (!typed.includes(0x0a) && !typed.includes(0x03)) typed.push(...await terminal.read());
  await terminal.write(`<${typed.map((byte) => byte.toString(16).padStart(2, "0")).join("")}>`);
}
await terminal.write("[end]");
await terminal.read();
