/**
 * The PID file as fwknopd keeps it: decimal PID and newline, mode 0600, locked over its whole length for as long as the
 * daemon lives (server A.5). Mended: nobody but the daemon ever writes it, only a locked file speaks for a running
 * daemon, and the signal goes to the process that holds the lock.
 */
import { type LockFile, openLockFile } from "../../ffi/libc/file_lock.ts";

/** Takes the lock and writes the PID. The number of the process that already has it, if another daemon runs. */
export function claimPidFile(path: string, pid: number): { readonly lock: LockFile } | { readonly runningPid: number } {
  const file = openLockFile(path, { create: true });
  if (!file.tryLock()) {
    const runningPid = file.holder() ?? readPid(file) ?? 0;
    file[Symbol.dispose]();
    return { runningPid };
  }
  file.write(`${pid}\n`);
  return { lock: file };
}

/** The PID of the daemon that holds the lock of `path`, or null when none runs. Opens and closes; changes nothing. */
export function runningDaemon(path: string): number | null {
  using file = openLockFile(path, { create: false });
  const holder = file?.holder() ?? null;
  // The holder is 0 when it lives in another PID namespace; then the file has to be believed.
  return holder === 0 ? readPid(file) : holder;
}

/** Empties the file on a clean exit, so that its old number cannot be mistaken for a running daemon. */
export function retirePidFile(file: LockFile): void {
  file.write("");
  file[Symbol.dispose]();
}

function readPid(file: LockFile | null): number | null {
  const digits = /^[0-9]{1,8}/.exec(file?.read(8) ?? "")?.[0];
  return digits === undefined ? null : Number(digits);
}
