/**
 * A file that says who runs: opened once, locked over its whole length as lockf(3) does (which is what the C programs
 * see; flock(2) is another kind of lock), read and written through that one descriptor.
 *
 * POSIX locks are lost as soon as the process closes *any* descriptor of the file. So nothing else in this process may
 * open the file while the lock is held: not to read it, not even to look at its content for a log line.
 */
import { cString } from "../memory.ts";
import { E, errno, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";

const libc = lazyLibc({
  /** int open(const char *path, int flags, mode_t mode) */
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
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

const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_CLOEXEC = 0o2000000;
const F_GETLK = 5;
const F_SETLK = 6;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** A lock file that is open. Disposal closes it, which gives the lock back. */
export interface LockFile extends Disposable {
  readonly path: string;
  /** Takes the exclusive lock of the whole file without waiting. False when another process has it. */
  tryLock(): boolean;
  /**
   * The process that holds a lock which keeps us from ours: its id, 0 when it lives in another PID namespace, null when
   * nobody does (or we do).
   */
  holder(): number | null;
  /** The first `limit` bytes as text. */
  read(limit: number): string;
  /** Replaces the content and brings it to the disk. */
  write(text: string): void;
}

/**
 * Opens the file read-write, creating it with mode 0600 when it is not there and `create` says so. Without `create` a
 * file that is not there gives null. Its content is left alone.
 *
 * @throws FfiError with the errno when it cannot be opened
 * @tags allow-ffi
 */
export function openLockFile(path: string, options: { readonly create: true }): LockFile;
export function openLockFile(path: string, options: { readonly create: boolean }): LockFile | null;
export function openLockFile(path: string, options: { readonly create: boolean }): LockFile | null {
  const fd = libc().open(cString(path), O_RDWR | O_CLOEXEC | (options.create ? O_CREAT : 0), 0o600);
  if (fd < 0) {
    if (!options.create && errno() === E.NOENT) return null;
    throwErrno("open", `open "${path}"`);
  }
  return new OpenLockFile(path, fd);
}

class OpenLockFile implements LockFile {
  #fd: number;

  constructor(readonly path: string, fd: number) {
    this.#fd = fd;
  }

  tryLock(): boolean {
    if (libc().fcntlLock(this.#open(), F_SETLK, wholeFile()) === 0) return true;
    const code = errno();
    if (code === E.AGAIN || code === E.ACCES) return false;
    throwErrno("fcntl", `lock "${this.path}"`);
  }

  holder(): number | null {
    const lock = wholeFile();
    if (libc().fcntlLock(this.#open(), F_GETLK, lock) !== 0) throwErrno("fcntl", `ask for the lock of "${this.path}"`);
    const view = new DataView(lock.buffer);
    return view.getInt16(0, true) === F_UNLCK ? null : view.getInt32(24, true);
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
