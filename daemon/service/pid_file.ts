/**
 * The PID file as fwknopd keeps it: decimal PID and newline, mode 0600, locked over its whole length for as long as the
 * daemon lives (facts/process 5). Mended: nobody but the daemon ever writes it, only a locked file speaks for a running
 * daemon, the signal goes to the process that holds the lock, and a clean exit takes the file away.
 */
import { type LockFile, openLockFile } from "../../ffi/libc/file_lock.ts";
import { ownerOf } from "../../ffi/libc/process.ts";
import { makeTrustedFolder } from "../../ffi/libc/trusted_file.ts";
import type { Log } from "../../lib/log.ts";
import { StartError } from "../start/start_error.ts";

/** Takes the lock and writes the PID. The number of the process that already has it, if another daemon runs. */
export function claimPidFile(path: string, pid: number): { readonly lock: LockFile } | { readonly runningPid: number } {
  for (;;) {
    const file = openLockFile(path, { create: true });
    if (!file.tryLock()) {
      const runningPid = file.holder() ?? readPid(file) ?? 0;
      file[Symbol.dispose]();
      return { runningPid };
    }
    // A daemon that was just ending removed it between the two steps: the lock of a file without a name guards nothing.
    if (file.isInPlace()) {
      file.write(`${pid}\n`);
      return { lock: file };
    }
    file[Symbol.dispose]();
  }
}

/** A daemon that holds the lock of a PID file. */
export interface RunningDaemon {
  readonly pid: number;
  /** Its number is one of ours and it is what the file speaks for: a signal to it reaches nobody else. */
  readonly reachable: boolean;
}

/** The daemon that holds the lock of `path`, or null when none runs. Opens and closes; changes nothing. */
export function findDaemon(path: string): RunningDaemon | null {
  using file = openLockFile(path, { create: false, folderOf: "owner" });
  const holder = file?.holder() ?? null;
  if (file === null || holder === null) return null;
  // It lives in another PID namespace. The number in the file is one of there, and somebody else's here.
  if (holder === 0) return { pid: readPid(file) ?? 0, reachable: false };
  // Whoever may write the folder could have made the file, and got somebody else's program to lock it.
  return { pid: holder, reachable: (ownerOf(holder) ?? file.uid) === file.uid };
}

/** The PID of the daemon that holds the lock of `path`, or null when none runs. */
export function runningDaemon(path: string): number | null {
  return findDaemon(path)?.pid ?? null;
}

/** The second line of the file of a daemon that ended and could not close its doors; other programs read only the first. */
const LEFT_OPEN = "doors may be open";

/** Whether the daemon of that number ended and said that doors may still be open. */
export function hasLeftDoorsOpen(path: string, pid: number): boolean {
  using file = openLockFile(path, { create: false, folderOf: "owner" });
  return file?.read(64) === `${pid}\n${LEFT_OPEN}\n`;
}

/** The PID file of this process. */
export interface HeldPidFile {
  /** Makes it again where somebody took it away. Throws when it cannot, or another daemon has come meanwhile. */
  mend(log: Log): void;
  /** Notes in it that doors may be open when this process has ended, for whoever stopped it. */
  noteOpenDoors(): void;
  /**
   * Removes it on a clean exit, still under the lock: an old number cannot be mistaken for a running daemon. With a note it
   * stays.
   */
  retire(): void;
}

/** Takes the PID file for this process, or says who has it. */
export function holdPidFile(path: string, pid: number): HeldPidFile | { readonly runningPid: number } {
  const claim = claimPidFile(path, pid);
  if (!("lock" in claim)) return claim;
  let { lock } = claim;
  let isNoted = false;
  return {
    mend(log) {
      if (lock.isInPlace()) return;
      makeTrustedFolder(path.slice(0, path.lastIndexOf("/")) || "/");
      const again = claimPidFile(path, pid);
      if (!("lock" in again)) {
        throw new StartError(
          `Cannot make the PID file ${path} again: another fwknopd (PID=${again.runningPid}) has taken it`,
          "stop one of them",
        );
      }
      lock[Symbol.dispose]();
      lock = again.lock;
      log("warning", `The PID file ${path} was taken away by somebody else: it is made again`);
    },
    noteOpenDoors() {
      lock.write(`${pid}\n${LEFT_OPEN}\n`);
      isNoted = true;
    },
    retire() {
      try {
        if (!isNoted) lock.remove();
      } finally {
        lock[Symbol.dispose]();
      }
    },
  };
}

function readPid(file: LockFile): number | null {
  const digits = /^[0-9]{1,8}/.exec(file.read(8))?.[0];
  return digits === undefined ? null : Number(digits);
}
