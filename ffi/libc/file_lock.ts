/**
 * A PID file or another file that is held: opened once, locked over its whole length as lockf(3) does (which is what
 * the C programs see; flock(2) is another kind of lock), read and written through that one descriptor.
 *
 * POSIX locks are lost as soon as the process closes *any* descriptor of the file. So nothing else in this process may
 * open the file while the lock is held: not to read it, not even to look at its content for a log line.
 */
import { AT_FDCWD, E } from "../abi.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { fileFacts } from "./file_facts.ts";
import { openTrusted, removeTrusted } from "./trusted_file.ts";
import type { Trust } from "./trusted_folder.ts";

const libc = lazyLibc({
  /** int fcntl(int fd, int op, struct flock *lock) */
  fcntlLock: { name: "fcntl", parameters: ["i32", "i32", "buffer"], result: "i32" },
  /** ssize_t pread(int fd, void *buf, size_t count, off_t offset) */
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  /** ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset) */
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  /** int ftruncate(int fd, off_t length) */
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  /** int fsync(int fd) */
  fsync: { parameters: ["i32"], result: "i32" },
});

const F_GETLK = 5;
const F_SETLK = 6;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** A lock file that is open. Disposal closes it, which gives the lock back. */
export interface LockFile extends Disposable {
  readonly path: string;
  /** Whom the file belongs to. */
  readonly uid: number;
  /** Takes the exclusive lock of the whole file without waiting. False when another process has it. */
  tryLock(): boolean;
  /**
   * The id of the process whose lock keeps us from ours; 0 when it lives in another PID namespace; null when there is
   * none, or the lock is ours.
   */
  holder(): number | null;
  /** The first `limit` bytes as text. */
  read(limit: number): string;
  /** Replaces the content and brings it to the disk. */
  write(text: string): void;
  /** Whether the path still names this very file. */
  isInPlace(): boolean;
  /** Removes the file, if the path still names it. For the holder of the lock. */
  remove(): void;
}

/** How to open a lock file. */
export interface LockFileOpening {
  readonly create: boolean;
  /** Who may own the folder besides root and the user of this process. */
  readonly folderOf?: Trust;
}

/**
 * Opens the file read-write, creating it with mode 0600 when it is not there and `create` says so. Without `create` a
 * file that is not there gives null. Its content is left alone.
 *
 * @throws FfiError with the errno when it cannot be opened, or when somebody else could have put it there
 * @tags allow-ffi
 */
export function openLockFile(path: string, opening: LockFileOpening & { readonly create: true }): LockFile;
export function openLockFile(path: string, opening: LockFileOpening): LockFile | null;
export function openLockFile(path: string, { create, ...opening }: LockFileOpening): LockFile | null {
  const fd = openTrusted(path, { ...opening, create: create ? "always" : "never" });
  return fd === null ? null : new OpenLockFile(path, fd);
}

/** Takes the exclusive lock of the whole open file without waiting. False when another process has it. */
export function takeLock(fd: number, path: string): boolean {
  if (libc().fcntlLock(fd, F_SETLK, wholeFile()) === 0) return true;
  const code = errno();
  if (code === E.AGAIN || code === E.ACCES) return false;
  throwErrno("fcntl", `lock "${path}"`);
}

/** The id of the process whose lock keeps us from ours: see {@link LockFile.holder}. */
export function lockHolder(fd: number, path: string): number | null {
  const lock = wholeFile();
  if (libc().fcntlLock(fd, F_GETLK, lock) !== 0) throwErrno("fcntl", `ask for the lock of "${path}"`);
  const view = new DataView(lock.buffer);
  // -1 is a lock of an open file, which belongs to no process.
  return view.getInt16(0, true) === F_UNLCK ? null : Math.max(0, view.getInt32(24, true));
}

class OpenLockFile implements LockFile {
  #fd: number;
  readonly #key: string;
  readonly uid: number;

  constructor(readonly path: string, fd: number) {
    this.#fd = fd;
    const facts = fileFacts(fd, "");
    this.#key = facts?.key ?? "";
    this.uid = facts?.uid ?? 0;
  }

  tryLock(): boolean {
    return takeLock(this.#open(), this.path);
  }

  holder(): number | null {
    return lockHolder(this.#open(), this.path);
  }

  isInPlace(): boolean {
    return fileFacts(AT_FDCWD, this.path, { follow: false })?.key === this.#key;
  }

  remove(): void {
    if (this.isInPlace()) removeTrusted(this.path);
  }

  read(limit: number): string {
    const bytes = new Uint8Array(limit);
    const count = Number(libc().pread(this.#open(), bytes, BigInt(limit), 0n));
    if (count < 0) throwErrno("pread", `read "${this.path}"`);
    return new TextDecoder().decode(bytes.subarray(0, count));
  }

  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const fd = this.#open();
    const what = `write "${this.path}"`;
    if (libc().ftruncate(fd, 0n) !== 0) throwErrno("ftruncate", what);
    if (Number(libc().pwrite(fd, bytes, BigInt(bytes.length), 0n)) !== bytes.length) throwErrno("pwrite", what);
    // A file system that cannot sync (EINVAL: /run of some containers) has nothing to bring anywhere.
    if (libc().fsync(fd) !== 0 && errno() !== E.INVAL) throwErrno("fsync", what);
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }

  /** After disposal the number may belong to another file, which must not lose *its* lock through us. */
  #open(): number {
    if (this.#fd < 0) throw new TypeError(`"${this.path}" expected to be open, is closed`);
    return this.#fd;
  }
}

/** struct flock {short l_type, short l_whence, off_t l_start, off_t l_len, pid_t l_pid}: exclusive, all of it. */
function wholeFile(): Uint8Array<ArrayBuffer> {
  const lock = new Uint8Array(32);
  lock[0] = F_WRLCK;
  return lock;
}
