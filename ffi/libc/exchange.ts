/**
 * A program that is given something to read, and whose outputs are collected: within limits of time and size, and without
 * holding anybody up.
 */
import { type ChildEnd, type Process, readWithoutWaiting, startProcess } from "./child.ts";
import { closeFd, readFd, writeFd } from "./fd.ts";
import { Waiter } from "./poll.ts";
import { openPipe, type Spawning } from "./spawn.ts";

/** What a program is given, and how much is taken of it. */
export interface Exchange {
  /** For its standard input: at most {@link MAX_INPUT} bytes, or an open file, which stays open. */
  readonly input: Uint8Array<ArrayBuffer> | { readonly fd: number };
  /** How many bytes of its descriptors 1, 2 and so on are taken: whoever prints more is ended. */
  readonly outputLimits: readonly number[];
  readonly timeoutMs: number;
  /** What it has to end by itself in, once it was told to; then it is ended by force. */
  readonly graceMs: number;
  /** Ends it early. */
  readonly stop?: AbortSignal | undefined;
}

/** Why a program was ended. */
export type Cut = "time" | "output" | "stop";

/** What came of it. */
export interface Exchanged {
  readonly end: ChildEnd;
  /** Of its descriptors 1, 2 and so on. */
  readonly outputs: readonly Uint8Array<ArrayBuffer>[];
  /** Null: it ended by itself. */
  readonly cut: Cut | null;
}

/** So much is taken by every pipe before anybody reads. */
export const MAX_INPUT = 4096;
const CHUNK = 16_384;

/**
 * Starts a program, and waits for its end. What it started in its turn, and is not in its process group any more, goes on.
 *
 * @throws FfiError with the errno of posix_spawn (ENOENT, EACCES, …)
 * @throws RangeError when there is more input than {@link MAX_INPUT}
 * @tags allow-ffi
 */
export async function exchange(program: Omit<Spawning, "descriptors">, terms: Exchange): Promise<Exchanged> {
  if ("length" in terms.input && terms.input.length > MAX_INPUT) {
    throw new RangeError(`"input" expected ${MAX_INPUT} bytes at most`);
  }
  using stack = new DisposableStack();
  const { process, collectors } = start(program, terms, stack);
  const waiter = stack.use(new Waiter());
  const wake = () => waiter.wake();
  terms.stop?.addEventListener("abort", wake);
  stack.defer(() => terms.stop?.removeEventListener("abort", wake));
  return await new Running(process, collectors, terms).toEnd(waiter);
}

/** Everything is in the pipe before the program begins, so that nobody has to wait until there is room. */
function start(
  program: Omit<Spawning, "descriptors">,
  { input, outputLimits }: Exchange,
  stack: DisposableStack,
): { readonly process: Process; readonly collectors: readonly Collector[] } {
  using theirs = new DisposableStack();
  const collectors: Collector[] = [];
  const descriptors = ["fd" in input ? input.fd : filledPipe(input, theirs)];
  for (const limit of outputLimits) {
    const [fd, end] = openPipe();
    theirs.defer(() => closeFd(end));
    stack.defer(() => closeFd(fd));
    readWithoutWaiting(fd);
    collectors.push(new Collector(fd, limit));
    descriptors.push(end);
  }
  return { process: stack.use(startProcess({ ...program, descriptors })), collectors };
}

/** The end from which these bytes are read. */
function filledPipe(input: Uint8Array<ArrayBuffer>, stack: DisposableStack): number {
  const [standardInput, ourEnd] = openPipe();
  stack.defer(() => closeFd(standardInput));
  try {
    writeFd(ourEnd, input);
  } finally {
    closeFd(ourEnd);
  }
  return standardInput;
}

/** What one descriptor gave. */
class Collector {
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;
  ended = false;

  constructor(readonly fd: number, readonly limit: number) {}

  /** Takes what is there. */
  read(): void {
    while (!this.ended && !this.isOver) {
      const bytes = new Uint8Array(CHUNK);
      const count = readFd(this.fd, bytes);
      if (count === null) return;
      if (count === 0) this.ended = true;
      this.#parts.push(bytes.subarray(0, count));
      this.#length += count;
    }
  }

  get isOver(): boolean {
    return this.#length > this.limit;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all.subarray(0, this.limit);
  }
}

class Running {
  readonly #process: Process;
  readonly #collectors: readonly Collector[];
  readonly #terms: Exchange;
  readonly #limitAt: number;
  #cut: Cut | null = null;
  /** When it is ended by force; Infinity once that was done. */
  #killAt = Infinity;

  constructor(process: Process, collectors: readonly Collector[], terms: Exchange) {
    this.#process = process;
    this.#collectors = collectors;
    this.#terms = terms;
    this.#limitAt = performance.now() + terms.timeoutMs;
  }

  async toEnd(waiter: Waiter): Promise<Exchanged> {
    for (let hasEnded = false;;) {
      for (const collector of this.#collectors) collector.read();
      const end = hasEnded ? this.#reap() : null;
      if (end !== null) return { end, outputs: this.#collectors.map(({ bytes }) => bytes), cut: this.#cut };
      this.#cutShort(performance.now());
      const due = this.#cut === null ? this.#limitAt : this.#killAt;
      this.#watch(waiter);
      const ready = await waiter.wait(due === Infinity ? -1 : Math.max(1, due - performance.now()));
      hasEnded = ready.has(this.#process.endFd);
    }
  }

  /** Ends what takes too long or too much. */
  #cutShort(now: number): void {
    if (this.#cut === null) {
      const isOver = this.#collectors.some((collector) => collector.isOver);
      this.#cut = isOver ? "output" : this.#terms.stop?.aborted ? "stop" : now >= this.#limitAt ? "time" : null;
      if (this.#cut === null) return;
      this.#process.signalGroup("terminate");
      this.#killAt = now + this.#terms.graceMs;
    }
    if (now < this.#killAt) return;
    this.#process.signalGroup("kill");
    this.#killAt = Infinity;
  }

  /** Whoever is left of a group that was ended goes too. */
  #reap(): ChildEnd | null {
    if (this.#cut !== null) this.#process.signalGroup("kill");
    return this.#process.reap();
  }

  #watch(waiter: Waiter): void {
    waiter.watch(this.#process.endFd);
    for (const { ended, fd, isOver } of this.#collectors) {
      if (ended || isOver) waiter.unwatch(fd);
      else waiter.watch(fd);
    }
  }
}
