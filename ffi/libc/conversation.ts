/** A program that is kept open: told lines again and again, and listened to until it says the one that is waited for. */
import { type Process, readWithoutWaiting, startProcess } from "./child.ts";
import { FfiError } from "../errors.ts";
import { closeFd, pollFds, pollFdsHere, POLLIN, readFd, writeFd } from "./fd.ts";
import { openPipe, type Spawning } from "./spawn.ts";

/** What came of listening: the line; the end of the program; neither in time. */
export type Heard = "line" | "end" | "silence";

/** A program that was started, and what it says. Disposal ends it by force, and waits for nothing. */
export interface Conversation extends Disposable {
  readonly pid: number;
  /** Whether it has ended, or will never say anything again. */
  isOver(): boolean;
  /** Tells it something. False: it did not take all of it, because it has ended or does not read. */
  tell(text: string): boolean;
  /** Waits until it has said this line since that was asked last. `limitMs` 0: looks at what it has said. */
  hear(line: string, limitMs: number): Promise<Heard>;
  /** What it said on standard error since this was asked last, as far as that is kept. */
  takeErrors(): string;
  /** Ends it by force. False: it is still there when the time is over. */
  end(limitMs: number): Promise<boolean>;
}

/** So long an answer is waited for on this thread: changing the thread would cost as much as most answers take. */
const HERE_MS = 2;
/** So much is kept of what was said and not asked for. */
const KEPT_CHARACTERS = 4096;

/** Those that were ended and were not gone at once. Each stays in the list of processes until somebody asks how it ended. */
const leaving = new Set<Process>();

function askAfterLeaving(): void {
  for (const process of leaving) if (process.reap() !== null) leaving.delete(process);
}

/**
 * Starts a program. It sees the end of its input when this process ends, however that ends.
 *
 * @throws FfiError with the errno of posix_spawn (ENOENT, EACCES, …)
 * @tags allow-ffi
 */
export function startConversation(program: Omit<Spawning, "descriptors">): Conversation {
  askAfterLeaving();
  using ours = new DisposableStack();
  using theirs = new DisposableStack();
  const keep = (stack: DisposableStack, fd: number) => stack.adopt(fd, closeFd);
  const [stdin, input] = openPipe();
  keep(theirs, stdin);
  keep(ours, input);
  const [output, stdout] = openPipe();
  keep(theirs, stdout);
  keep(ours, output);
  const [errors, stderr] = openPipe();
  keep(theirs, stderr);
  keep(ours, errors);
  for (const fd of [input, output, errors]) readWithoutWaiting(fd);
  const process = ours.use(startProcess({ ...program, descriptors: [stdin, stdout, stderr] }));
  return new OpenConversation(process, { input, output, errors }, ours.move());
}

/** Our ends of its pipes. */
interface Ends {
  readonly input: number;
  readonly output: number;
  readonly errors: number;
}

class OpenConversation implements Conversation {
  readonly #process: Process;
  readonly #ends: Ends;
  readonly #resources: DisposableStack;
  readonly #chunk = new Uint8Array(KEPT_CHARACTERS);
  /** What was said and not asked for: on standard output with a newline in front, so that each line stands between two. */
  #said = "\n";
  #errors = "";
  /** Whether its standard output is closed, which is heard before the end of the process; and the same of its errors. */
  #isDumb = false;
  #isWithoutErrors = false;

  constructor(process: Process, ends: Ends, resources: DisposableStack) {
    this.#process = process;
    this.#ends = ends;
    this.#resources = resources;
  }

  get pid(): number {
    return this.#process.pid;
  }

  isOver(): boolean {
    if (!this.#resources.disposed) this.#listen();
    return this.#resources.disposed || this.#isDumb;
  }

  tell(text: string): boolean {
    if (this.#resources.disposed) return false;
    const bytes = new TextEncoder().encode(text);
    try {
      return writeFd(this.#ends.input, bytes) === bytes.length;
    } catch (error) {
      // It has closed its standard input.
      if (!(error instanceof FfiError)) throw error;
      return false;
    }
  }

  async hear(line: string, limitMs: number): Promise<Heard> {
    const limitAt = performance.now() + limitMs;
    for (let isFirst = true;; isFirst = false) {
      const isOver = this.isOver();
      if (this.#takeLine(line)) return "line";
      if (isOver) return "end";
      const left = limitAt - performance.now();
      if (left <= 0) return "silence";
      // A negative descriptor is passed over.
      const errors = this.#isWithoutErrors ? -1 : this.#ends.errors;
      const interests = [this.#ends.output, errors].map((fd) => ({ fd, events: POLLIN }));
      if (isFirst) pollFdsHere(interests, Math.min(HERE_MS, Math.ceil(left)));
      else await pollFds(interests, left);
    }
  }

  takeErrors(): string {
    if (!this.#resources.disposed) this.#listen();
    const errors = this.#errors;
    this.#errors = "";
    return errors;
  }

  async end(limitMs: number): Promise<boolean> {
    if (this.#resources.disposed) return true;
    this.#process.signalGroup("kill");
    await pollFds([{ fd: this.#process.endFd, events: POLLIN }], limitMs);
    this.#listen();
    this[Symbol.dispose]();
    return !leaving.has(this.#process);
  }

  [Symbol.dispose](): void {
    if (this.#resources.disposed) return;
    this.#process.signalGroup("kill");
    leaving.add(this.#process);
    askAfterLeaving();
    this.#resources[Symbol.dispose]();
  }

  /** Takes what is there. */
  #listen(): void {
    const { output, errors } = this.#ends;
    if (!this.#isWithoutErrors) {
      const complaint = this.#read(errors);
      this.#errors = (this.#errors + complaint.text).slice(0, KEPT_CHARACTERS);
      this.#isWithoutErrors = complaint.isOver;
    }
    if (this.#isDumb) return;
    const { text, isOver } = this.#read(output);
    this.#said = (this.#said + text).slice(-KEPT_CHARACTERS);
    this.#isDumb = isOver;
  }

  #read(fd: number): { readonly text: string; readonly isOver: boolean } {
    let text = "";
    for (;;) {
      const count = readFd(fd, this.#chunk);
      if (count === null || count === 0) return { text, isOver: count === 0 };
      text += decoder.decode(this.#chunk.subarray(0, count));
      if (text.length > KEPT_CHARACTERS) text = text.slice(-KEPT_CHARACTERS);
    }
  }

  /** What was said before the line is forgotten. */
  #takeLine(line: string): boolean {
    const at = this.#said.indexOf(`\n${line}\n`);
    if (at < 0) return false;
    this.#said = this.#said.slice(at + line.length + 1);
    return true;
  }
}

const decoder = new TextDecoder();
