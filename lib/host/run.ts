/**
 * Runs another program: an argument vector, never a shell, never the caller's environment. An `LD_*` variable of the
 * caller would make Deno refuse to spawn, and nothing the daemon starts needs the rest.
 */
import type { Log } from "../log.ts";

/** How to run. */
export interface RunOptions {
  /** Text for its standard input; without it the program reads end of file at once. */
  readonly stdin?: string;
  /** Killed after this many milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Bytes kept of each output stream; the rest is read and dropped. Default: 64 MiB, a very large rule set. */
  readonly maxOutputBytes?: number;
}

/** How it went. A program that fails is a value; one that cannot be started is an exception. */
export interface RunResult {
  /** Exit status; 128 + signal number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It was killed, because its time was up or everything ended. */
  readonly timedOut: boolean;
  /** An output stream was longer than the cap. */
  readonly truncated: boolean;
  /** Process id that it had, to tell its doings from those of others. */
  readonly pid: number;
}

/** How programs are run; tests put `ip netns exec` in front. */
export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>;

/** What a child sees: enough for the tools of a distribution to find each other, and messages in English. */
export const PROGRAM_ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } as const;

/** What kills each of the programs that run. */
const running = new Set<() => void>();

/**
 * Kills every program that {@link runProgram} has started and that has not ended, and what else is to end with them: for one
 * that is about to end itself.
 */
export function killPrograms(): void {
  for (const stop of running) stop();
}

/** Has `stop` called with the others. Returns what takes that back. */
export function alsoKill(stop: () => void): () => void {
  running.add(stop);
  return () => void running.delete(stop);
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs `program` (an absolute path) with `args` to its end.
 * Throws `RangeError` for a relative path, and the error of the runtime (`NotFound`, `PermissionDenied`, `NotCapable`)
 * when the program cannot be started.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  if (!program.startsWith("/")) throw new RangeError(`"program" expected an absolute path, got "${program}"`);
  const child = start(program, args, options);
  const cap = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT;
  const outputs = [openReader(child.stdout, cap), openReader(child.stderr, cap)] as const;
  let timedOut = false;
  const stop = () => {
    timedOut = true;
    kill(child);
    // A grandchild may still hold the pipes: nobody waits for it.
    for (const output of outputs) output.stop();
  };
  const timer = setTimeout(stop, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  running.add(stop);
  try {
    const [, stdout, stderr, status] = await Promise.all([
      options.stdin === undefined ? null : feed(child.stdin, options.stdin),
      outputs[0].text,
      outputs[1].text,
      child.status,
    ]);
    return {
      code: status.code,
      stdout: stdout.text,
      stderr: stderr.text,
      timedOut,
      truncated: stdout.truncated || stderr.truncated,
      pid: child.pid,
    };
  } finally {
    running.delete(stop);
    clearTimeout(timer);
  }
}

/** In a fixed environment and folder: nothing of the caller's changes what a program does. */
function start(program: string, args: readonly string[], { stdin }: RunOptions): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: PROGRAM_ENVIRONMENT,
    cwd: "/",
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** When a program is called slow: a hundred times what those of a packet filter need. */
const SLOW_MS = 1000;

/** The same as `run`, and says which program has not ended after a second. */
export function tellSlow(run: Run, log: Log, slowMs: number = SLOW_MS): Run {
  return async (program, args, options) => {
    const timer = setTimeout(() => log("warning", `${program} does not end: what needs it has to wait`), slowMs);
    try {
      return await run(program, args, options);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Writes all of a child's standard input. One that reads nothing, or ends early, is judged by its exit status. */
export async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A pipe that broke between two steps shows as a stream that cannot be used any more (TypeError).
    if (!(error instanceof Deno.errors.BrokenPipe || error instanceof TypeError)) throw error;
  }
}

interface Output {
  readonly text: Promise<{ readonly text: string; readonly truncated: boolean }>;
  stop(): void;
}

function openReader(stream: ReadableStream<Uint8Array>, cap: number): Output {
  const reader = stream.getReader();
  return { text: readCapped(reader, cap), stop: () => void reader.cancel().catch(() => {}) };
}

async function readCapped(reader: ReadableStreamDefaultReader<Uint8Array>, cap: number) {
  const decoder = new TextDecoder();
  let text = "";
  let room = cap;
  let truncated = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), truncated };
    if (value.length > room) truncated = true;
    text += decoder.decode(value.subarray(0, room), { stream: true });
    room = Math.max(0, room - value.length);
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // Already gone.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}
