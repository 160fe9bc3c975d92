/** Jobs with real children, on a clock of the test. */
import assert from "node:assert/strict";
import { startChild } from "../../../ffi/libc/child.ts";
import type { ChildEnd } from "../../../ffi/libc/child.ts";
import type { CommandLimits } from "../../../daemon/config/resolve_server.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";
import { createRunning, GRACE_MS, type Job, type RunningJob, type Step } from "../../../daemon/command/running.ts";

const LIMITS = { timeout: 10, most: 2 };

/** Runs shell scripts; `-` in front of one stands for a program that is not there. */
function scene() {
  const lines: string[] = [];
  let now = 0;
  const running = createRunning({
    steady: () => now,
    start({ words: [script] }) {
      const path = script.startsWith("-") ? "/no/such/program" : "/bin/sh";
      return startChild({ path, args: ["-c", script], env: { PATH: "/usr/bin:/bin" } });
    },
  });
  const log = (level: string, line: string) => void lines.push(`${level}: ${line}`);
  const step = (script: string): Step => ({
    command: { text: script, words: [script] },
    order: { user: null, locked: false },
    tag: "[tag]",
    announcement: `start ${script}`,
    goodEnd: "info",
  });
  const ends: (ChildEnd | null)[] = [];
  return {
    running,
    lines,
    ends,
    log,
    take(scripts: readonly string[], changes: Partial<Job> = {}, limits: CommandLimits = LIMITS): RunningJob {
      const onEnd = (_step: Step, end: ChildEnd | null) => void ends.push(end);
      return running.take({ closes: false, steps: scripts.map(step), after: null, onEnd, ...changes }, limits, log);
    },
    /** The clock of the test goes on. */
    pass(ms: number) {
      now += ms;
      running.look(log);
    },
    /** Waits for descriptors, never for time, until it is so. */
    async until(isSo: () => boolean) {
      using waiter = new Waiter();
      while (!isSo()) {
        const fds = running.descriptors;
        for (const fd of fds) waiter.watch(fd);
        // Output is read again a moment later: that moment passes here.
        if (fds.length > 0) await waiter.wait(-1);
        for (const fd of fds) waiter.unwatch(fd);
        now += 60;
        running.look(log);
      }
    },
  };
}

Deno.test("a job runs its commands one after the other, with what each prints and how it ends", async () => {
  const { lines, take, until, ends } = scene();
  const job = take(["echo one; exit 3", "kill -9 $$", "echo two"]);
  await until(() => job.ended);
  assert.deepEqual(lines, [
    "info: start echo one; exit 3",
    "info: [tag] CMD_EXEC: output: one",
    "warning: [tag] CMD_EXEC: command returned 0, pid_status: 3",
    "info: start kill -9 $$",
    "warning: [tag] CMD_EXEC: command returned 16, pid_status: 9",
    "info: start echo two",
    "info: [tag] CMD_EXEC: output: two",
    "info: [tag] CMD_EXEC: command returned 0, pid_status: 0",
  ]);
  assert.deepEqual(ends, [{ status: 3 }, { signal: 9 }, { status: 0 }]);
});

Deno.test("there is room for so many jobs, and as many that close doors, waiting ones included", async () => {
  const { running, take, until } = scene();
  const room = () => [running.hasRoom(false, LIMITS), running.hasRoom(true, LIMITS)];
  const first = take(["exec sleep 1000"]);
  assert.deepEqual(room(), [true, true]);
  const second = take(["true"], { after: first });
  assert.deepEqual(room(), [false, true]);
  take(["exec sleep 1000"], { closes: true });
  assert.deepEqual(room(), [false, true]);
  take(["true"], { closes: true, after: first });
  assert.deepEqual(room(), [false, false]);
  assert.equal(second.ended, false);
  running.stopAll(true);
  await until(() => running.count === 0);
  assert.deepEqual(room(), [false, false], "and none after the end");
});

Deno.test("a job that waits begins when the other has ended", async () => {
  const { lines, take, until } = scene();
  const first = take(["echo one"]);
  const second = take(["echo two"], { after: first });
  await until(() => second.ended);
  assert.deepEqual(lines.filter((line) => /start/.test(line)), ["info: start echo one", "info: start echo two"]);
});

Deno.test("a command that takes too long is told to end, with all that it started, and then killed", async () => {
  const { lines, pass, running, take, until, ends } = scene();
  const job = take(["(trap '' TERM; echo ready; exec sleep 1000) & wait"]);
  await until(() => lines.some((line) => /output: ready/.test(line)));
  const before = lines.length;
  pass(LIMITS.timeout * 1000 - 1000);
  assert.equal(lines.length, before);
  pass(1000);
  assert.equal(
    lines.at(-1),
    "warning: [tag] CMD_EXEC: the command takes longer than CMD_EXEC_TIMEOUT (10 seconds): ending it",
  );
  assert.equal(job.ended, false, "what it started may still be there");
  pass(GRACE_MS);
  await until(() => job.ended);
  assert.deepEqual(ends, [{ signal: 15 }]);
  assert.equal(running.count, 0);
});

Deno.test("a command without a limit is never too late", () => {
  const { lines, pass, running, take } = scene();
  take(["exec sleep 1000"], {}, { timeout: null, most: 1 });
  pass(1e12);
  assert.equal(lines.length, 1);
  assert.equal(running.dueAt, null);
  running.stopAll(true);
});

Deno.test("stop() ends the command that runs, and none behind it begins", async () => {
  const { lines, pass, take, until } = scene();
  const job = take(["exec sleep 1000", "echo never"]);
  job.stop();
  pass(GRACE_MS);
  await until(() => job.ended);
  assert.deepEqual(lines, [
    "info: start exec sleep 1000",
    "warning: [tag] CMD_EXEC: command returned 16, pid_status: 15",
  ]);
});

Deno.test("a command that cannot be started is told, and the next one runs", async () => {
  const { lines, take, until, ends } = scene();
  const job = take(["-", "true"]);
  await until(() => job.ended);
  assert.deepEqual(lines.slice(0, 3), [
    "info: start -",
    'error: [tag] CMD_EXEC: Cannot start "/no/such/program": No such file or directory',
    "info: start true",
  ]);
  assert.deepEqual(ends, [null, { status: 0 }]);
});

Deno.test("a command that prints without end is read now and then, and logged up to the limit", async () => {
  const { lines, pass, running, take, until } = scene();
  const job = take(["exec yes"]);
  await until(() => lines.length > 50);
  const read = running.descriptors.length;
  assert.equal(read, 1, "its end only, for a moment");
  assert.notEqual(running.dueAt, null);
  for (let i = 0; i < 20; i++) pass(60);
  assert.equal(lines.length, 52);
  job.stop();
  pass(GRACE_MS);
  await until(() => job.ended);
});

Deno.test("what a command leaves running holds up nobody", async () => {
  const { lines, take, until } = scene();
  const job = take(["sleep 1000 & echo $!"]);
  await until(() => job.ended);
  const pid = Number(/output: (\d+)/.exec(lines.join("\n"))?.[1]);
  assert.ok(pid > 1);
  Deno.kill(pid, "SIGKILL");
});
