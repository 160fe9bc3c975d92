import assert from "node:assert/strict";
import { isTerminal, windowSize } from "../../../ffi/libc/terminal.ts";
import { runOnTerminal } from "./pseudo_terminal.ts";

const CHILD = new URL("./terminal_child.ts", import.meta.url).pathname;

Deno.test("a quiet terminal shows nothing that is typed, and is given back as it was", async () => {
  const run = await runOnTerminal(CHILD, { steps: [{ expect: "Key: ", send: "secret\r" }] });
  assert.match(run.shown, /Key: <7365637265740a>\[end\]/, "carriage return comes as line feed");
  assert.equal(run.shown.includes("secret"), false);
  assert.equal(run.restored, true);
  assert.equal(run.code, 0);
  assert.match(run.shown, /"size":\{"columns":100,"rows":40\},"tty":true/);
});

Deno.test("a quiet terminal hands over Ctrl-C as a byte and knows its own erase character", async () => {
  const run = await runOnTerminal(CHILD, { steps: [{ expect: "Key: ", send: "ab\x03" }], erase: "\x08" });
  assert.match(run.shown, /<616203>/);
  assert.match(run.shown, /"characters":\{"interrupt":3,"erase":8,"kill":21,"end":4\}/);
  assert.equal(run.restored, true);
});

Deno.test("openTerminal() gives null in a session without a terminal", async () => {
  const args = ["-w", Deno.execPath(), "run", "--no-prompt", "-A", CHILD];
  const { code, stdout } = await new Deno.Command("setsid", { args, stdin: "null" }).output();
  assert.equal(new TextDecoder().decode(stdout), "no terminal\n");
  assert.equal(code, 4);
});

Deno.test("isTerminal() and windowSize() say no for what is no terminal", () => {
  assert.equal(isTerminal(987), false);
  assert.equal(windowSize(987), null);
});
