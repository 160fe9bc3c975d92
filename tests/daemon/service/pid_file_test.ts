import assert from "node:assert/strict";
import { claimPidFile, hasLeftDoorsOpen, holdPidFile, runningDaemon } from "../../../daemon/service/pid_file.ts";
import { inFolder, otherDaemon } from "./other_daemon.ts";

const MODULE = new URL("../../../daemon/service/pid_file.ts", import.meta.url).href;
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

Deno.test("retire() leaves a file with the note that doors may be open, which the next daemon takes away", async () => {
  await inFolder((path) => {
    const held = holdPidFile(path, 4711);
    assert.ok("retire" in held);
    assert.equal(hasLeftDoorsOpen(path, 4711), false);
    held.noteOpenDoors();
    held.retire();
    assert.equal(runningDaemon(path), null);
    assert.deepEqual([4711, 471, 47_110].map((pid) => hasLeftDoorsOpen(path, pid)), [true, false, false]);
    const next = holdPidFile(path, 4712);
    assert.ok("retire" in next);
    assert.equal(hasLeftDoorsOpen(path, 4711), false);
    next.retire();
    assert.equal(hasLeftDoorsOpen(path, 4712), false);
    return Promise.resolve();
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
