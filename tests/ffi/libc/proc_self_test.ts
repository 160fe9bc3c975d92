import assert from "node:assert/strict";
import {
  commandLineOf,
  environmentOf,
  ownCommandLine,
  ownEnvironment,
  ownStatus,
  processName,
} from "../../../ffi/libc/proc_self.ts";

/** More than the kernel gives out (2^22). */
const NO_PROCESS = 2 ** 22 + 1;

Deno.test("ownCommandLine() and ownStatus() are of this process", () => {
  assert.match(ownCommandLine()[0]!, /deno$/);
  assert.equal(Number(/^Pid:\s*([0-9]+)$/m.exec(ownStatus())?.[1]), Deno.pid);
});

Deno.test("ownEnvironment() is what the process was started with, whatever was set since", () => {
  const name = "FWKNOP_SET_LATER";
  Deno.env.set(name, "1");
  assert.equal(ownEnvironment()["PATH"], Deno.env.get("PATH"));
  assert.ok(!(name in ownEnvironment()));
  Deno.env.delete(name);
});

Deno.test("another process: its words, its variables and its name, null when there is none of that id", async () => {
  const child = new Deno.Command("/bin/cat", {
    args: ["-", "", "ä b"],
    env: { EMPTY: "", EQUALS: "a=b" },
    clearEnv: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  // The answer is there once the child runs its own program, which Deno's spawn waits for.
  assert.deepEqual(commandLineOf(child.pid), ["/bin/cat", "-", "", "ä b"]);
  assert.deepEqual(environmentOf(child.pid), { EMPTY: "", EQUALS: "a=b" });
  assert.equal(processName(child.pid), "cat");
  await child.stdin.close();
  await child.status;
  assert.equal(commandLineOf(NO_PROCESS), null);
  assert.equal(environmentOf(NO_PROCESS), null);
  assert.equal(processName(NO_PROCESS), null);
});
