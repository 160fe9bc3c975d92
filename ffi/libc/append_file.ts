/**
 * A file that only grows, kept by libc descriptors: it can be opened again (after somebody rotated it away) when the
 * process has long given up its right to write files through the runtime. What is read of it is read through the same
 * descriptor: the lock of a file is lost as soon as the process closes any other one (file_lock.ts).
 */
import { AT_FDCWD, E } from "../abi.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { type FileFacts, fileFacts } from "./file_facts.ts";
import { lockHolder, takeLock } from "./file_lock.ts";
import { openTrusted, type TrustedOpening } from "./trusted_file.ts";

const libc = lazyLibc({
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** int fdatasync(int fd) */
  fdatasync: { parameters: ["i32"], result: "i32" },
  syncElsewhere: { name: "fdatasync", parameters: ["i32"], result: "i32", nonblocking: true },
  /** int ftruncate(int fd, off_t length) */
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  /** ssize_t pread(int fd, void *buf, size_t count, off_t offset) */
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
});

/** An open file at whose end one can write durably. */
export interface AppendFile extends Disposable {
  /** Bytes in the file now. */
  readonly size: number;
  /** Whether `path` still names this very file. */
  isStillAt(path: string): boolean;
  /** Whether `path` names this very file, and nobody but us wrote it since it was opened or {@link trust}ed. */
  isUntouchedAt(path: string): boolean;
  /** Takes the file as it is now for untouched. */
  trust(): void;
  /** The last byte, or null of an empty file. */
  lastByte(): number | null;
  /** Fills `bytes` from `offset` on; less only at the end. Returns how many there were. */
  read(bytes: Uint8Array<ArrayBuffer>, offset: number): number;
  /** All bytes and their data blocks on the disk, or none: a part that was written is cut off again. Throws `FfiError`. */
  append(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * The same, but another thread waits for the disk: the bytes are in the file when it returns, and on the disk when it
   * resolves. Nothing may be appended meanwhile. Rejects with `FfiError`.
   */
  appendElsewhere(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Takes the lock of the whole file without waiting. Null when it is ours now, else the process that has it (0: unknown). */
  lock(): number | null;
}

/**
 * Opens `path` for appending, creating it with mode 0600 as `create` says (default: where it is missing). With `never` a
 * file that is not there gives null.
 *
 * @tags allow-ffi
 * @throws {FfiError} when it cannot be opened, is not a regular file, or somebody else could have put it there
 */
export function openAppendFile(path: string, create?: "always" | "new"): AppendFile;
export function openAppendFile(path: string, create: TrustedOpening["create"]): AppendFile | null;
export function openAppendFile(path: string, create: TrustedOpening["create"] = "always"): AppendFile | null {
  const fd = openTrusted(path, { create, append: true });
  return fd === null ? null : new OpenAppendFile(path, fd);
}

class OpenAppendFile implements AppendFile {
  readonly #path: string;
  #fd: number;
  #known: FileFacts | null;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
    this.#known = fileFacts(fd, "");
  }

  get size(): number {
    return fileFacts(this.#fd, "")?.size ?? 0;
  }

  isStillAt(path: string): boolean {
    return fileFacts(AT_FDCWD, path, { follow: false })?.key === this.#known?.key;
  }

  isUntouchedAt(path: string): boolean {
    const { key, modified, size } = fileFacts(AT_FDCWD, path, { follow: false }) ?? {};
    return key === this.#known?.key && modified === this.#known?.modified && size === this.#known?.size;
  }

  trust(): void {
    this.#known = fileFacts(this.#fd, "");
  }

  lastByte(): number | null {
    const byte = new Uint8Array(1);
    const { size } = this;
    return size > 0 && this.read(byte, size - 1) === 1 ? byte[0] ?? null : null;
  }

  read(bytes: Uint8Array<ArrayBuffer>, offset: number): number {
    let done = 0;
    while (done < bytes.length) {
      const rest = bytes.subarray(done);
      const count = Number(libc().pread(this.#fd, rest, BigInt(rest.length), BigInt(offset + done)));
      if (count < 0) throwErrno("pread", `read "${this.#path}"`);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#write(bytes, () => {
      if (libc().fdatasync(this.#fd) < 0) throwErrno("fdatasync", "bring it to the disk");
    });
    this.trust();
  }

  async appendElsewhere(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#write(bytes, () => this.trust());
    const { size } = this;
    const result = await libc().syncElsewhere(this.#fd);
    const isAsLeft = this.size === size;
    if (result < 0) {
      // Why is known to the other thread only, and what a disk did not take counts as written: once more, from the beginning.
      if (isAsLeft) libc().ftruncate(this.#fd, BigInt(size - bytes.length));
      this.append(bytes);
    } else if (isAsLeft) this.trust();
  }

  /** All bytes and what belongs `to` that, or none. */
  #write(bytes: Uint8Array<ArrayBuffer>, to: () => void): void {
    let done = 0;
    try {
      while (done < bytes.length) done += writeSome(this.#fd, bytes.subarray(done));
      to();
    } catch (error) {
      if (done > 0) libc().ftruncate(this.#fd, BigInt(this.size - done));
      throw error;
    }
  }

  lock(): number | null {
    return takeLock(this.#fd, this.#path) ? null : lockHolder(this.#fd, this.#path) ?? 0;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }
}

/** One write; 0 after an interruption. */
function writeSome(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  const written = Number(libc().write(fd, bytes, BigInt(bytes.length)));
  if (written >= 0) return written;
  return errno() === E.INTR ? 0 : throwErrno("write", "write");
}
