/**
 * What the kernel knows of this process and others under /proc, read through libc: the runtime's own file functions
 * need every permission for /proc.
 */
import { O_CLOEXEC } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { cString } from "../memory.ts";
import { lazyLibc, throwErrno } from "./errno.ts";
import { closeFd, readFd } from "./fd.ts";

const libc = lazyLibc({
  /** int open(const char *pathname, int flags, mode_t mode) */
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
});

const O_RDONLY = 0;

/**
 * The words with which this process was started, the program first: for `deno run` those of deno itself.
 *
 * @tags allow-ffi
 */
export function ownCommandLine(): string[] {
  return words(readAll("/proc/self/cmdline"));
}

/** The same of another process; null when there is none of that id or it may not be read. */
export function commandLineOf(pid: number): string[] | null {
  const text = readOrNull(`/proc/${pid}/cmdline`);
  return text === null ? null : words(text);
}

let environment: Readonly<Record<string, string>> | undefined;

/** The environment with which this process was started, read once: see `keepMemoryPrivate()`. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  return environment ??= pairsOf(readAll("/proc/self/environ"));
}

/** The same of another process; null when there is none of that id or it may not be read. */
export function environmentOf(pid: number): Record<string, string> | null {
  const text = readOrNull(`/proc/${pid}/environ`);
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
  return readAll("/proc/self/status");
}

/** The short name of a process (`comm`, at most 15 characters); null when there is none of that id. */
export function processName(pid: number): string | null {
  return readOrNull(`/proc/${pid}/comm`)?.trimEnd() ?? null;
}

function readOrNull(path: string): string | null {
  try {
    return readAll(path);
  } catch (error) {
    if (error instanceof FfiError) return null;
    throw error;
  }
}

function words(text: string): string[] {
  return text.split("\0").slice(0, -1);
}

function readAll(path: string): string {
  const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) throwErrno("open", `read "${path}"`);
  try {
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(65536);
    let text = "";
    for (;;) {
      const count = readFd(fd, chunk) ?? 0;
      if (count === 0) return text;
      text += decoder.decode(chunk.subarray(0, count), { stream: true });
    }
  } finally {
    closeFd(fd);
  }
}
