/** The rights of a daemon that captures. */
import assert from "node:assert/strict";
import { LIBRARY_FOLDERS } from "../../../ffi/loader.ts";
import { labTest } from "../../lab/gate.ts";

/** Runs narrow_program.ts with nothing but the library folders. */
async function run(...args: string[]): Promise<string> {
  const program = new URL("narrow_program.ts", import.meta.url).pathname;
  const rights = ["--no-prompt", `--allow-ffi=${LIBRARY_FOLDERS.join(",")}`];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...rights, program, ...args],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const SEEN = "true true 0 0\n";

labTest("capture works with native code from the library folders only, and after that right is given up", async () => {
  assert.equal(await run("live"), `${SEEN}${SEEN}prompt\n`);
});
