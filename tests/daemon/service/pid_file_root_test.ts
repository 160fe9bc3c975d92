/** Who is signalled by a PID file, where users and namespaces differ. */
import assert from "node:assert/strict";
import { sendRestart, stopDaemon } from "../../../daemon/control.ts";
import { findDaemon } from "../../../daemon/service/pid_file.ts";
import { labTest } from "../../lab/mod.ts";
import { inFolder, lockedBy, neverKill, otherDaemon, PYTHON_LOCK, world } from "./other_daemon.ts";

const CONTROL_MODULE = new URL("../../../daemon/control.ts", import.meta.url).href;
labTest("-K and -R signal nobody whose user is not the one that the PID file belongs to", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/run/fwknopd.pid`;
  try {
    Deno.chmodSync(folder, 0o755);
    Deno.mkdirSync(`${folder}/run`, { mode: 0o755 });
    Deno.writeTextFileSync(path, "1\n", { mode: 0o600 });
    Deno.chownSync(path, 65534, 65534);
    Deno.chownSync(`${folder}/run`, 65534, 65534);
    {
      // A program of root, which nobody's file got to lock it.
      await using _holder = await lockedBy(["python3", "-c", PYTHON_LOCK, path]);
      const seen = world(neverKill);
      assert.equal(sendRestart(path, seen), 1);
      assert.equal(await stopDaemon(path, seen), 1);
      assert.match(seen.err[0] ?? "", /is held by a process .* of another user or PID namespace/);
    }
    // With a PATH on which an ordinary user finds Python.
    const user = ["env", "PATH=/usr/bin:/bin", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
    await using daemon = await lockedBy([...user, "python3", "-c", PYTHON_LOCK, path]);
    assert.deepEqual(findDaemon(path), { pid: daemon.pid, reachable: true }, "root may speak to a daemon of its user");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}, { needs: { setpriv: "util-linux" } });

labTest("-K and -R signal nobody by a number of another PID namespace", async () => {
  await inFolder(async (path) => {
    Deno.writeTextFileSync(path, `${Deno.pid}\n`, { mode: 0o600 });
    await using _holder = await lockedBy(["python3", "-c", PYTHON_LOCK, path]);
    const code = `import { sendRestart, showStatus, stopDaemon } from ${JSON.stringify(CONTROL_MODULE)};
      const world = { kill: () => { throw new Error("a signal"); }, print: console.log, complain: console.log, pause: () => {} };
      const path = ${JSON.stringify(path)};
      console.log(showStatus(path, world), sendRestart(path, world), await stopDaemon(path, world));`;
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: ["--pid", "--fork", Deno.execPath(), "eval", code],
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.match(said, new RegExp(`Detected fwknopd is running \\(pid=${Deno.pid}\\)`));
    assert.match(said, /another user or PID namespace/);
    assert.match(said, /^0 1 1$/m);
  });
});

labTest("-K also ends a daemon that was stopped, by SIGTERM", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    Deno.kill(daemon.pid, "SIGSTOP");
    const seen = world((pid, signal) => {
      if (signal === "kill") return assert.fail("it would leave its doors open");
      Deno.kill(pid, signal === "terminate" ? "SIGTERM" : "SIGCONT");
      return true;
    });
    assert.equal(await stopDaemon(path, seen), 0);
    assert.deepEqual(seen.out, [`Killed fwknopd (pid=${daemon.pid}) via SIGTERM`]);
    await daemon.stop().catch(() => {});
  });
});
