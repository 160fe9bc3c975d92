/** This process and its neighbours: folder, file mode mask, signals. Through libc, so that no run or sys permission is needed. */
import { AT_FDCWD, E } from "../abi.ts";
import { cString } from "../memory.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";
import { fileFacts } from "./file_facts.ts";

const libc = lazyLibc({
  /** int kill(pid_t pid, int sig) */
  kill: { parameters: ["i32", "i32"], result: "i32" },
  /** int chdir(const char *path) */
  chdir: { parameters: ["buffer"], result: "i32" },
  /** mode_t umask(mode_t mask) */
  umask: { parameters: ["u32"], result: "u32" },
});

/** Numbers of the signals that the programs send. */
const SIGNAL = { hangup: 1, interrupt: 2, kill: 9, terminate: 15, continue: 18 } as const;

/** Name of a signal in {@link SIGNAL}. */
export type SignalName = keyof typeof SIGNAL;

/**
 * Sends a signal to one process. False when there is none of that id.
 *
 * @param pid a process, never a group: 1 or more
 * @throws FfiError EPERM when the process belongs to somebody else
 * @tags allow-ffi
 */
export function sendSignal(pid: number, signal: SignalName): boolean {
  checkPid(pid);
  if (libc().kill(pid, SIGNAL[signal]) === 0) return true;
  if (errno() === E.SRCH) return false;
  throwErrno("kill", `send a signal to process ${pid}`, "run this as root, or as the user who started the process");
}

/** The user that a process runs as; null when there is none of that id, or it cannot be told. */
export function ownerOf(pid: number): number | null {
  checkPid(pid);
  return fileFacts(AT_FDCWD, `/proc/${pid}`)?.uid ?? null;
}

/** Makes `path` the current folder. */
export function changeFolder(path: string): void {
  if (libc().chdir(cString(path)) !== 0) throwErrno("chdir", `change to the folder "${path}"`);
}

/** Sets the mask of permission bits that new files do not get. Returns the former one. */
export function setFileModeMask(mask: number): number {
  return libc().umask(mask);
}

/** 0 and negative numbers would mean process groups. */
function checkPid(pid: number): void {
  if (!Number.isInteger(pid) || pid < 1 || pid > 0x7fffffff) {
    throw new RangeError(`"pid" expected a process, got ${pid}`);
  }
}
