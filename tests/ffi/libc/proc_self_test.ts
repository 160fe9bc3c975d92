import assert from "node:assert/strict";
import { commandLineOf, environmentOf, ownCommandLine, ownStatus, processName } from "../../../ffi/libc/proc_self.ts";

const MODULE = new URL("../../../ffi/libc/proc_self.ts", import.meta.url).href;

/** More than the kernel gives out (2^22). */
const NO_PROCESS = 2 ** 22 + 1;

Deno.test("ownCommandLine() and ownStatus() are of this process", () => {
  assert.match(ownCommandLine()[0]!, /deno$/);
  assert.equal(Number(/^Pid:\s*([0-9]+)$/m.exec(ownStatus())?.[1]), Deno.pid);
});

Deno.test("ownEnvironment() is what the process was started with, whatever was set since", async () => {
  // In a process of its own: another test may have made this one unreadable for its own user.
  const code = `import { ownEnvironment } from ${JSON.stringify(MODULE)};
    Deno.env.set("FWKNOP_SET_LATER", "1");
    const { FWKNOP_SET_BEFORE: before, FWKNOP_SET_LATER: later } = ownEnvironment();
    console.log(JSON.stringify({ before, later: later ?? null }));`;
  const env = { FWKNOP_SET_BEFORE: "a=b" };
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], env, stderr: "inherit" }).output();
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), { before: "a=b", later: null });
});

Deno.test("another process: its words, its variables and its name, null when there is none of that id", async () => {
  const child = new Deno.Command("/bin/cat", {
    args: ["-", "", "ä b"],
    env: { EMPTY: "", EQUALS: "a=b" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // Its words are there once it runs its own program: what it repeats shows that it does.
  const [writer, reader] = [child.stdin.getWriter(), child.stdout.getReader()];
  await writer.write(Uint8Array.of(10));
  assert.deepEqual((await reader.read()).value, Uint8Array.of(10));
  assert.deepEqual(commandLineOf(child.pid), ["/bin/cat", "-", "", "ä b"]);
  assert.deepEqual(environmentOf(child.pid), { EMPTY: "", EQUALS: "a=b" });
  assert.equal(processName(child.pid), "cat");
  await writer.close();
  await reader.cancel();
  await child.status;
  assert.equal(commandLineOf(NO_PROCESS), null);
  assert.equal(environmentOf(NO_PROCESS), null);
  assert.equal(processName(NO_PROCESS), null);
});
