import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { type Exchange, exchange, MAX_INPUT } from "../../../ffi/libc/exchange.ts";

const env = { PATH: "/usr/bin:/bin" };

/** Runs a line of the shell, whose descriptors 1 to 3 are read. */
async function run(script: string, changes: Partial<Exchange> = {}) {
  const terms: Exchange = {
    input: new Uint8Array(0),
    outputLimits: [1000, 1000, 1000],
    timeoutMs: 60_000,
    graceMs: 60_000,
    ...changes,
  };
  const { outputs, ...rest } = await exchange({ path: "/bin/sh", args: ["-c", script], env }, terms);
  return { ...rest, said: outputs.map((bytes) => new TextDecoder().decode(bytes)) };
}

/** Whether a process runs. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid.trim()}/stat`));
  } catch {
    return false;
  }
}

Deno.test("exchange() gives a program its input, and collects each of its outputs", async () => {
  const input = new TextEncoder().encode("asked");
  assert.deepEqual(await run("cat; echo two >&2; echo three >&3; exit 5", { input }), {
    end: { status: 5 },
    cut: null,
    said: ["asked", "two\n", "three\n"],
  });
});

Deno.test("exchange() gives nothing of ours to the program: no descriptor but these, and no environment", async () => {
  const { said: [fds, variables] } = await run("ls /proc/self/fd | tr '\\n' ' '; env >&2");
  assert.equal(fds, "0 1 2 3 4 ", "4 is the folder that ls reads");
  assert.match(variables!, /^PATH=/m);
  assert.doesNotMatch(variables!, /^(?:HOME|USER)=/m);
});

Deno.test("exchange() takes as much input as it says, and no more", async () => {
  const { said: [count] } = await run("wc -c", { input: new Uint8Array(MAX_INPUT) });
  assert.equal(count?.trim(), String(MAX_INPUT));
  await assert.rejects(run("cat", { input: new Uint8Array(MAX_INPUT + 1) }), RangeError);
});

Deno.test("exchange() ends a program that prints without end, and keeps no more of it than its limit", async () => {
  const { cut, end, said } = await run("exec yes");
  assert.equal(cut, "output");
  assert.ok("signal" in end);
  assert.equal(said[0]!.length, 1000);
});

Deno.test("exchange() ends a program that hangs, by force where it does not listen", async () => {
  assert.deepEqual(await run("exec sleep 1000", { timeoutMs: 50 }), {
    end: { signal: 15 },
    cut: "time",
    said: ["", "", ""],
  });
  const deaf = await run("trap '' TERM; echo $$; while :; do sleep 0.1; done", { timeoutMs: 300, graceMs: 50 });
  assert.deepEqual({ end: deaf.end, cut: deaf.cut }, { end: { signal: 9 }, cut: "time" });
});

Deno.test("exchange() leaves nobody behind of a group that was ended", async () => {
  const { cut, said: [, pid] } = await run("(trap '' TERM; exec sleep 1000) & echo $! >&2; wait", { timeoutMs: 300 });
  assert.equal(cut, "time");
  assert.match(pid!, /^\d+\n$/);
  while (isAlive(pid!)) await new Promise((resolve) => setTimeout(resolve, 1));
});

Deno.test("exchange() is ended when it is told to", async () => {
  const stop = new AbortController();
  const running = run("exec sleep 1000", { stop: stop.signal });
  stop.abort();
  assert.deepEqual(await running, { end: { signal: 15 }, cut: "stop", said: ["", "", ""] });
  assert.equal((await run("exec sleep 1000", { stop: stop.signal })).cut, "stop");
});

Deno.test("exchange() waits for the program, not for what it left behind with its outputs open", async () => {
  const { cut, said: [pid] } = await run("sleep 1000 & echo $!; exit 0");
  assert.equal(cut, null);
  Deno.kill(Number(pid), "SIGKILL");
});

Deno.test("exchange() throws where there is no program", async () => {
  const terms = { input: new Uint8Array(0), outputLimits: [1], timeoutMs: 1000, graceMs: 1000 };
  await assert.rejects(exchange({ path: "/nowhere", args: [], env }, terms), FfiError);
});
