import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { notifyReady, startInBackground } from "../../../ffi/libc/background.ts";
import { sendSignal } from "../../../ffi/libc/process.ts";

Deno.test("startInBackground() gives the child its own session, /dev/null and nothing else but the pipe", async () => {
  const script = `import os,sys
fds=sorted(int(n) for n in os.listdir("/proc/self/fd"))
links=[os.readlink(f"/proc/self/fd/{n}") for n in (0,1,2)]
os.write(3,repr((os.getsid(0)==os.getpid(),links,[n for n in fds if n>3][1:],dict(os.environ).get("A"),"HOME" in os.environ,sys.argv[1:])).encode())`;
  const child = startInBackground({
    path: "/usr/bin/python3",
    args: ["-c", script, "x y"],
    env: { A: "b=c", LC_ALL: "C.UTF-8" },
  });
  assert.equal(
    await child.readiness(20_000),
    "(True, ['/dev/null', '/dev/null', '/dev/null'], [], 'b=c', False, ['x y'])",
  );
});

Deno.test("readiness() hears a message in pieces, a silent death, and gives up in time", async () => {
  const env = { PATH: "/usr/bin:/bin" };
  const shell = (script: string) => startInBackground({ path: "/bin/sh", args: ["-c", script], env });
  assert.equal(await shell("printf one >&3; sleep 0.05; printf two >&3").readiness(20_000), "onetwo");
  assert.equal(await shell("exit 7").readiness(-1), "");
  const slow = shell("exec sleep 30");
  assert.equal(await slow.readiness(30), null);
  assert.equal(sendSignal(slow.pid, "kill"), true);
});

Deno.test("notifyReady() is heard by the starter, from a program of ours", async () => {
  const background = new URL("../../../ffi/libc/background.ts", import.meta.url).href;
  const script = Deno.makeTempFileSync({ suffix: ".ts" });
  Deno.writeTextFileSync(
    script,
    `import { notifyReady } from ${JSON.stringify(background)};\nawait notifyReady(3, "ready " + Deno.args[0]);`,
  );
  const child = startInBackground({
    path: Deno.execPath(),
    args: ["run", "--no-prompt", "--allow-ffi", "--no-config", script, "now"],
    env: { HOME: Deno.env.get("HOME") ?? "/", PATH: "/usr/bin:/bin", ...denoDir() },
  });
  assert.equal(await child.readiness(60_000), "ready now");
  Deno.removeSync(script);
});

function denoDir(): Record<string, string> {
  const folder = Deno.env.get("DENO_DIR");
  return folder === undefined ? {} : { DENO_DIR: folder };
}

Deno.test("startInBackground() says why a program does not start", () => {
  assert.throws(
    () => startInBackground({ path: "/no/such/program", args: [], env: {} }),
    (error) =>
      error instanceof FfiError && error.details.code === 2 &&
      error.message === 'Cannot start "/no/such/program": No such file or directory',
  );
});

Deno.test("notifyReady() does not mind a starter that is gone", async () => {
  await notifyReady(987, "nobody listens");
});
