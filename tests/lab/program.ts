/** A program running in the lab: what it says line by line, and its end. */
import { feed } from "../../lib/host/run.ts";

/** How long something of the lab may take before it is taken for hung. It bounds a hang; nothing is measured by it. */
export const PATIENCE_MS = 60_000;

/** How to start a program. */
export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input; without it the program reads end of file at once. */
  readonly stdin?: string;
}

/** What a program that ran to its end left. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where `waitFor` looks. */
export interface WaitOptions {
  /** Index of the first line to look at: what `mark()` returned. Default: all lines. */
  readonly since?: number;
}

/** A running program. */
export class Program implements AsyncDisposable {
  /** Lines of stdout and stderr in order of arrival. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #readers: Promise<unknown>;
  readonly #watchers = new Set<() => void>();
  #status: Deno.CommandStatus | null = null;

  constructor(readonly argv: readonly string[], options: SpawnOptions = {}) {
    const [program, ...args] = argv;
    this.#child = new Deno.Command(program!, {
      args,
      env: { LC_ALL: "C", ...options.env },
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (options.stdin !== undefined) void feed(this.#child.stdin, options.stdin);
    this.#readers = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    void this.#child.status.then((status) => {
      this.#status = status;
      this.#notify();
    });
  }

  /** Process id, for signals and for nothing else. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Exit status once it ended, else null. */
  get ended(): Deno.CommandStatus | null {
    return this.#status;
  }

  /** Everything it said so far. */
  get output(): string {
    return this.lines.join("\n");
  }

  /** A place in the output; pass it as `since`. */
  mark(): number {
    return this.lines.length;
  }

  /** How many lines match. */
  count(pattern: RegExp, since = 0): number {
    return this.lines.slice(since).filter((line) => pattern.test(line)).length;
  }

  /** The first line that matches, as soon as there is one. Throws when the program ends or the time is up without it. */
  async waitFor(pattern: RegExp, options: WaitOptions = {}): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    let next = options.since ?? 0;
    for (;;) {
      for (; next < this.lines.length; next++) {
        const line = this.lines[next]!;
        if (pattern.test(line)) return line;
      }
      if (this.#status !== null) {
        await this.#readers;
        if (next < this.lines.length) continue;
        throw new Error(`${this.argv.join(" ")} ended (${this.#status.code}) without ${pattern}:\n${this.output}`);
      }
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`${this.argv.join(" ")} did not say ${pattern}:\n${this.output}`);
      await this.#change(left);
    }
  }

  /** Sends a signal; a program that already ended is no error. */
  signal(name: Deno.Signal): void {
    if (this.#status !== null) return;
    try {
      this.#child.kill(name);
    } catch (error) {
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Waits for the end of the program and of its output. */
  async finished(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#readers;
    return status;
  }

  /** Ends it: SIGTERM (or `signal`), and SIGKILL when it is still there after `graceMs`. */
  async stop(signal: Deno.Signal = "SIGTERM", graceMs = 4000): Promise<Deno.CommandStatus> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    try {
      return await this.finished();
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop()!;
      this.lines.push(...parts);
      this.#notify();
    }
    if (rest !== "") this.lines.push(rest);
    this.#notify();
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#watchers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#watchers.add(done);
    });
  }
}

/** Runs a program to its end; killed after {@link PATIENCE_MS}. */
export async function runToEnd(
  argv: readonly string[],
  options: SpawnOptions = {},
): Promise<RunResult> {
  const [program, ...args] = argv;
  const child = new Deno.Command(program!, {
    args,
    env: { LC_ALL: "C", ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  try {
    if (options.stdin !== undefined) await feed(child.stdin, options.stdin);
    const result = await child.output();
    const decoder = new TextDecoder();
    return { code: result.code, stdout: decoder.decode(result.stdout), stderr: decoder.decode(result.stderr) };
  } finally {
    clearTimeout(timer);
  }
}
