/** `--doctor` where there is a terminal to ask on. */
import assert from "node:assert/strict";
import { runOnTerminal } from "../../ffi/libc/pseudo_terminal.ts";

const CHILD = new URL("../enrolment/qr_child.ts", import.meta.url).pathname;

Deno.test("--doctor on a terminal finds that a key can be asked for there", async () => {
  const args = ["--doctor", "--no-rc-file", "-A", "tcp/22", "-a", "127.0.0.1", "-D", "127.0.0.1"];
  const { shown } = await runOnTerminal(CHILD, { args, steps: [] });
  assert.match(shown, /ok {3}keys: a key is asked for on the terminal\r\n/);
  assert.match(shown, /exit 0/);
});
