/**
 * A file that only grows, kept by libc descriptors: it can be opened again (after somebody rotated it away) when the
 * process has long given up its right to write files through the runtime.
 */
import { FfiError } from "../errors.ts";
import { cString } from "../memory.ts";
import { E, errno, lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** int open(const char *pathname, int flags, mode_t mode) */
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** int fdatasync(int fd) */
  fdatasync: { parameters: ["i32"], result: "i32" },
  /** int ftruncate(int fd, off_t length) */
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  /** ssize_t pread(int fd, void *buf, size_t count, off_t offset) */
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
  /** int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *statxbuf) */
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
});

const O_RDWR = 0o2, O_CREAT = 0o100, O_APPEND = 0o2000, O_CLOEXEC = 0o2000000;
const AT_FDCWD = -100, AT_EMPTY_PATH = 0x1000;
/** STATX_TYPE | STATX_INO | STATX_SIZE */
const STATX_MASK = 0x1 | 0x100 | 0x200;
const S_IFMT = 0o170000, S_IFREG = 0o100000;
/** struct statx has one layout on every architecture; 256 bytes. */
const STATX = { size: 256, mode: 28, ino: 32, fileSize: 40, devMajor: 136, devMinor: 140 } as const;

interface Identity {
  readonly regular: boolean;
  readonly size: number;
  /** Device and inode: equal for one and the same file. */
  readonly key: string;
}

/** An open file at whose end one can write durably. */
export interface AppendFile extends Disposable {
  /** Bytes in the file now. */
  readonly size: number;
  /** Whether `path` still names this very file. */
  isStillAt(path: string): boolean;
  /** The last byte, or null of an empty file. */
  lastByte(): number | null;
  /** All bytes and their data blocks on the disk, or none: a part that was written is cut off again. Throws {@link FfiError}. */
  append(bytes: Uint8Array<ArrayBuffer>): void;
}

/**
 * Opens `path` for appending, creating it with `mode`.
 *
 * @tags allow-ffi
 * @throws {FfiError} when it cannot be opened or is not a regular file
 */
export function openAppendFile(path: string, mode: number): AppendFile {
  const fd = libc().open(cString(path), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, mode);
  if (fd < 0) throwErrno("open", `open ${path}`);
  const here = identity(fd, "");
  if (!here?.regular) {
    libc().close(fd);
    throw new FfiError(`Cannot append to ${path}: it is not a regular file`, { library: "libc", symbol: "open" });
  }
  const size = () => identity(fd, "")?.size ?? 0;
  let closed = false;
  return {
    get size() {
      return size();
    },
    isStillAt: (other) => identity(AT_FDCWD, other)?.key === here.key,
    lastByte() {
      const end = size();
      const byte = new Uint8Array(1);
      return end > 0 && libc().pread(fd, byte, 1n, BigInt(end - 1)) === 1n ? byte[0] ?? null : null;
    },
    append(bytes) {
      let done = 0;
      try {
        while (done < bytes.length) done += writeSome(fd, bytes.subarray(done));
        if (libc().fdatasync(fd) < 0) throwErrno("fdatasync", "bring it to the disk");
      } catch (error) {
        if (done > 0) libc().ftruncate(fd, BigInt(size() - done));
        throw error;
      }
    },
    [Symbol.dispose]() {
      if (!closed) libc().close(fd);
      closed = true;
    },
  };
}

/** One write; 0 after an interruption. */
function writeSome(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  const written = Number(libc().write(fd, bytes, BigInt(bytes.length)));
  if (written >= 0) return written;
  return errno() === E.INTR ? 0 : throwErrno("write", "write");
}

/** Null when there is no such file. */
function identity(folder: number, path: string): Identity | null {
  const buffer = new Uint8Array(STATX.size);
  if (libc().statx(folder, cString(path), path === "" ? AT_EMPTY_PATH : 0, STATX_MASK, buffer) < 0) {
    if (errno() === E.NOENT) return null;
    throwErrno("statx", `look at ${path}`);
  }
  const view = new DataView(buffer.buffer);
  return {
    regular: (view.getUint16(STATX.mode, true) & S_IFMT) === S_IFREG,
    size: Number(view.getBigUint64(STATX.fileSize, true)),
    key: [
      view.getUint32(STATX.devMajor, true),
      view.getUint32(STATX.devMinor, true),
      view.getBigUint64(STATX.ino, true),
    ]
      .join(":"),
  };
}
