import assert from "node:assert/strict";
import { sendRestart, stopDaemon } from "../../../daemon/control.ts";
import { claimPidFile, findDaemon, holdPidFile } from "../../../daemon/service/pid_file.ts";
import { labTest } from "../../lab/mod.ts";
import { inFolder, lockedBy, neverKill, otherDaemon, PYTHON_LOCK, world } from "./other_daemon.ts";

const MODULE = new URL("../../../daemon/service/pid_file.ts", import.meta.url).href;
const CONTROL_MODULE = new URL("../../../daemon/control.ts", import.meta.url).href;
const LOCK_MODULE = new URL("../../../ffi/libc/file_lock.ts", import.meta.url).href;

Deno.test("claimPidFile() writes the PID as the C daemon does and lets no second one in", async () => {
  await inFolder(async (path) => {
    Deno.writeTextFileSync(path, "an older and longer text\n");
    const claim = claimPidFile(path, Deno.pid);
    assert.ok("lock" in claim);
    assert.equal(claim.lock.read(64), `${Deno.pid}\n`);
    const other = await otherDaemon(path);
    await other.stop();
    assert.equal(other.said, `running ${Deno.pid}`);
    claim.lock[Symbol.dispose]();
  });
});

Deno.test("a PID file is there while the daemon runs, and gone after a clean exit", async () => {
  await inFolder(async (path) => {
    const held = holdPidFile(path, Deno.pid);
    assert.ok("retire" in held);
    assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`);
    held.retire();
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    const next = await otherDaemon(path);
    assert.equal(next.said, "claimed");
    await next.stop();
  });
});

Deno.test("retire() leaves a file alone that somebody else put in the place of ours", async () => {
  await inFolder((path) => {
    const held = holdPidFile(path, Deno.pid);
    assert.ok("retire" in held);
    Deno.renameSync(path, `${path}.ours`);
    Deno.writeTextFileSync(path, "theirs\n", { mode: 0o600 });
    held.retire();
    assert.equal(Deno.readTextFileSync(path), "theirs\n");
    return Promise.resolve();
  });
});

Deno.test("claimPidFile() takes no lock of a file that a daemon removed between the two steps", async () => {
  await inFolder(async (path) => {
    // The other one ends at the moment when ours has opened the file and not yet locked it.
    const race = `import { openLockFile } from ${JSON.stringify(LOCK_MODULE)};
      import { claimPidFile } from ${JSON.stringify(MODULE)};
      const old = openLockFile(${JSON.stringify(path)}, { create: true });
      old.remove();
      const isInPlace = old.isInPlace();
      const claim = claimPidFile(${JSON.stringify(path)}, Deno.pid);
      console.log(isInPlace, "lock" in claim && claim.lock.isInPlace(), Deno.readTextFileSync(${
      JSON.stringify(path)
    }));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", race] }).output();
    assert.match(new TextDecoder().decode(stdout), /^false true \d+\n/);
  });
});

Deno.test("a PID file that was taken away is made again, also with its folder, unless another daemon came", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/run/fwknopd.pid`;
  try {
    Deno.mkdirSync(`${folder}/run`);
    const held = holdPidFile(path, Deno.pid);
    assert.ok("mend" in held);
    const lines: string[] = [];
    const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
    held.mend(log);
    assert.deepEqual(lines, []);
    for (const take of [() => Deno.removeSync(path), () => Deno.removeSync(`${folder}/run`, { recursive: true })]) {
      take();
      held.mend(log);
      assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`);
      // Looking from here closed the file, which gives the lock back; a mended file is locked anew.
      Deno.removeSync(path);
      held.mend(log);
      const other = await otherDaemon(path);
      await other.stop();
      assert.equal(other.said, `running ${Deno.pid}`);
    }
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? "", /^warning: The PID file .* was taken away by somebody else: it is made again$/);
    Deno.removeSync(path);
    const second = await otherDaemon(path);
    assert.equal(second.said, "claimed");
    assert.throws(
      () => held.mend(log),
      new RegExp(`Cannot make the PID file .* again: another fwknopd \\(PID=${second.pid}\\)`),
    );
    await second.stop();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

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
    const code = `import { sendRestart, stopDaemon } from ${JSON.stringify(CONTROL_MODULE)};
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
