/** What the kernel knows of this process and others under /proc. */
import { readProc, readProcOrNull } from "./proc_file.ts";

/**
 * The words with which this process was started, the program first: for `deno run` those of deno itself.
 *
 * @tags allow-ffi
 */
export function ownCommandLine(): string[] {
  return words(readProc("/proc/self/cmdline"));
}

/** The same of another process; null when there is none of that id or it may not be read. */
export function commandLineOf(pid: number): string[] | null {
  const text = readProcOrNull(`/proc/${pid}/cmdline`);
  return text === null ? null : words(text);
}

let environment: Readonly<Record<string, string>> | undefined;

/** The environment with which this process was started, read once: see `keepMemoryPrivate()`. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  return environment ??= pairsOf(readProc("/proc/self/environ"));
}

/** The same of another process; null when there is none of that id or it may not be read. */
export function environmentOf(pid: number): Record<string, string> | null {
  const text = readProcOrNull(`/proc/${pid}/environ`);
  return text === null ? null : pairsOf(text);
}

function pairsOf(text: string): Record<string, string> {
  const pairs = words(text).map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ""));
}

/** What /proc says of this process, in lines such as `CapEff:	0000000000003000`. */
export function ownStatus(): string {
  return readProc("/proc/self/status");
}

/** The short name of a process (`comm`, at most 15 characters); null when there is none of that id. */
export function processName(pid: number): string | null {
  return readProcOrNull(`/proc/${pid}/comm`)?.trimEnd() ?? null;
}

function words(text: string): string[] {
  return text.split("\0").slice(0, -1);
}
