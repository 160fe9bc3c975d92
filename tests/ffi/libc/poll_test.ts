import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { FfiError } from "../../../ffi/errors.ts";
import { lazyLibc } from "../../../ffi/libc/errno.ts";
import { closeFd, readFd, writeFd } from "../../../ffi/libc/fd.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";

const libc = lazyLibc({
  /** int pipe(int pipefd[2]) */
  pipe: { parameters: ["buffer"], result: "i32" },
});

/** Only a failing test waits that long. */
const PATIENCE_MS = 5000;

function test(name: string, fn: () => Promise<void>): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, sanitizeResources: false });
}

interface Pipe extends Disposable {
  readonly reader: number;
  readonly writer: number;
  write(): void;
  read(): void;
  hangUp(): void;
}

function makePipe(): Pipe {
  const fds = new Int32Array(2);
  assert.equal(libc().pipe(new Uint8Array(fds.buffer)), 0);
  const [reader = -1, writer = -1] = fds;
  let open = true;
  const hangUp = () => {
    if (open) closeFd(writer);
    open = false;
  };
  return {
    reader,
    writer,
    write: () => assert.equal(writeFd(writer, new Uint8Array([1])), 1),
    read: () => assert.equal(readFd(reader, new Uint8Array(1)), 1),
    hangUp,
    [Symbol.dispose]() {
      hangUp();
      closeFd(reader);
    },
  };
}

test("Waiter reports what is readable, and nothing else, for as long as it is", async () => {
  using waiter = new Waiter();
  using a = makePipe();
  using b = makePipe();
  waiter.watch(a.reader);
  waiter.watch(b.reader);
  waiter.watch(b.reader);
  b.write();
  assert.deepEqual([...await waiter.wait(PATIENCE_MS)], [b.reader]);
  a.write();
  assert.deepEqual([...await waiter.wait(-1)].sort(), [a.reader, b.reader].sort());
  a.read();
  b.read();
  assert.equal((await waiter.wait(0)).size, 0);
});

test("Waiter takes what becomes readable during the wait", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  waiter.watch(pipe.reader);
  const wait = waiter.wait(PATIENCE_MS);
  pipe.write();
  assert.deepEqual([...await wait], [pipe.reader]);
});

test("Waiter reports a hang-up", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  waiter.watch(pipe.reader);
  const wait = waiter.wait(-1);
  pipe.hangUp();
  assert.deepEqual([...await wait], [pipe.reader]);
});

test("Waiter ends empty when the time is over, not before", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  waiter.watch(pipe.reader);
  const start = performance.now();
  assert.equal((await waiter.wait(20)).size, 0);
  assert.ok(performance.now() - start >= 20);
});

test("wake() ends the wait in progress", async () => {
  using waiter = new Waiter();
  const wait = waiter.wait(-1);
  waiter.wake();
  assert.equal((await wait).size, 0);
});

test("wake() without a wait ends the next one, once, however often it was called", async () => {
  using waiter = new Waiter();
  for (let i = 0; i < 3; i++) waiter.wake();
  assert.equal((await waiter.wait(-1)).size, 0);
  using pipe = makePipe();
  waiter.watch(pipe.reader);
  const wait = waiter.wait(-1);
  pipe.write();
  assert.deepEqual([...await wait], [pipe.reader]);
});

test("wake() is not lost when the set changes in the same breath", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  const wait = waiter.wait(-1);
  waiter.watch(pipe.reader);
  waiter.wake();
  assert.equal((await wait).size, 0);
});

test("watch() during a wait takes part in it, and does not end it", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  const wait = waiter.wait(-1);
  waiter.watch(pipe.reader);
  pipe.write();
  assert.deepEqual([...await wait], [pipe.reader]);
});

test("unwatch() during a wait keeps the descriptor out of it", async () => {
  using waiter = new Waiter();
  using kept = makePipe();
  using dropped = makePipe();
  waiter.watch(kept.reader);
  waiter.watch(dropped.reader);
  const wait = waiter.wait(-1);
  waiter.unwatch(dropped.reader);
  dropped.write();
  kept.write();
  assert.deepEqual([...await wait], [kept.reader]);
});

test("Waiter reports a descriptor that was closed once, and then no more", async () => {
  using waiter = new Waiter();
  const pipe = makePipe();
  waiter.watch(pipe.reader);
  pipe[Symbol.dispose]();
  assert.deepEqual([...await waiter.wait(PATIENCE_MS)], [pipe.reader]);
  assert.equal((await waiter.wait(0)).size, 0);
});

test("disposal ends the wait in progress; afterwards there is none", async () => {
  const waiter = new Waiter();
  const wait = waiter.wait(-1);
  waiter[Symbol.dispose]();
  waiter[Symbol.dispose]();
  assert.equal((await wait).size, 0);
  waiter.wake();
  await assert.rejects(waiter.wait(0), FfiError);
});

test("a second wait at the same time is refused, the first goes on", async () => {
  using waiter = new Waiter();
  const wait = waiter.wait(-1);
  await assert.rejects(waiter.wait(0), FfiError);
  waiter.wake();
  assert.equal((await wait).size, 0);
});

test("watch() refuses what is no descriptor", () => {
  using waiter = new Waiter();
  assert.throws(() => waiter.watch(-1), RangeError);
  assert.throws(() => waiter.watch(1.5), RangeError);
  return Promise.resolve();
});

/** Runs waiter_program.ts, lets `during` act once it waits, and kills it when it does not end. */
async function run(mode: string, during: (child: Deno.ChildProcess) => void = () => {}) {
  const program = new URL("waiter_program.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "-A", program, mode],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const watchdog = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const decoder = new TextDecoder();
  const errors = new Response(child.stderr).text();
  let output = "";
  let acted = false;
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk);
    if (!acted && output.includes("waiting\n")) {
      acted = true;
      during(child);
    }
  }
  const { code, signal } = await child.status;
  clearTimeout(watchdog);
  return { code, signal, output, errors: await errors };
}

test("a program ends after a signal whose handler wakes the waiter", async () => {
  const { code, output } = await run("signal", (child) => child.kill("SIGTERM"));
  assert.deepEqual([code, output], [0, "waiting\nended by the signal\n"]);
});

test("a program ends after disposal, in whatever way it leaves the wait", async () => {
  assert.deepEqual((await run("dispose")).output, "waiting\nended by disposal\n");
  const returned = await run("return");
  assert.deepEqual([returned.code, returned.signal], [0, null]);
});

test("a program that dies while waiting does die", async () => {
  const thrown = await run("throw");
  assert.deepEqual([thrown.code, thrown.signal], [1, null]);
  assert.match(thrown.errors, /thrown while waiting/);
  const exited = await run("exit");
  assert.deepEqual([exited.code, exited.signal], [7, null]);
});

test("a waiter that never waits does not hold the program", async () => {
  assert.deepEqual((await run("idle")).output, "never waited\n");
});

test("Waiter answers at once where something is ready, and lets timers have their turn all the same", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  waiter.watch(pipe.reader);
  pipe.write();
  let [rang, atOnce] = [false, 0];
  setTimeout(() => rang = true, 0);
  const begin = performance.now();
  while (!rang && performance.now() - begin < PATIENCE_MS) {
    let answered = false;
    const wait = waiter.wait(-1).then((ready) => answered = ready.has(pipe.reader));
    // No thread could answer in so few steps, none of which leaves this one.
    for (let i = 0; i < 20; i++) await null;
    if (answered) atOnce++;
    await wait;
  }
  assert.ok(rang, "the timer had no turn");
  // Once the first answer has come from a thread.
  for (let i = 0; i < 1000 && atOnce === 0; i++) {
    let answered = false;
    const wait = waiter.wait(-1).then(() => answered = true);
    for (let step = 0; step < 20; step++) await null;
    if (answered) atOnce++;
    await wait;
  }
  assert.ok(atOnce > 0, "each answer came from a thread");
});

test("Waiter naps while something comes all the time, so that others have their turn, and stops when nothing comes", async () => {
  using waiter = new Waiter();
  using pipe = makePipe();
  waiter.watch(pipe.reader);
  pipe.write();
  /** Whether the event loop has turned before the wait is over. */
  const turns = async (timeoutMs: number) => {
    let turned = false;
    setImmediate(() => turned = true);
    assert.deepEqual([...await waiter.wait(timeoutMs)], [pipe.reader]);
    return turned;
  };
  // In a row: more than threads have their turn where it only looks.
  let inARow = 0;
  for (let i = 0; i < 2000 && inARow < 20; i++) inARow = await turns(-1) ? inARow + 1 : 0;
  assert.equal(inARow, 20);
  const looks = [];
  for (let i = 0; i < 20; i++) looks.push(await turns(0));
  assert.ok(looks.includes(false), "who only looks does not nap");
  pipe.read();
  // Until nothing has come in a nap that was no thread's turn.
  for (let i = 0; i < 20; i++) assert.equal((await waiter.wait(3)).size, 0);
  waiter.wake();
  assert.equal((await waiter.wait(-1)).size, 0);
  pipe.write();
  const waits = [];
  for (let i = 0; i < 20; i++) waits.push(await turns(-1));
  assert.ok(waits.includes(false), "it still naps");
});
