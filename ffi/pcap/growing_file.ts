/** A capture file that may still be written: read through a stream of libc, whose place can be told and set. */
import { E, O_CLOEXEC, O_NONBLOCK } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { errnoError, lazyLibc, retryForErrno } from "../libc/errno.ts";
import { closeFd } from "../libc/fd.ts";
import { fileFacts } from "../libc/file_facts.ts";
import { cString } from "../memory.ts";
import { pcapFailure } from "./failures.ts";

const libc = lazyLibc({
  /** int open(const char *pathname, int flags) */
  open: { parameters: ["buffer", "i32"], result: "i32" },
  /** FILE *fdopen(int fd, const char *mode) */
  fdopen: { parameters: ["i32", "buffer"], result: "usize" },
  /** int fclose(FILE *stream) */
  fclose: { parameters: ["usize"], result: "i32" },
  /** long ftell(FILE *stream) */
  ftell: { parameters: ["usize"], result: "isize" },
  /** int fseek(FILE *stream, long offset, int whence), which forgets that the end was reached */
  fseek: { parameters: ["usize", "isize", "i32"], result: "i32" },
});

const SEEK_SET = 0;

/** An open file. Whoever opens a capture over its stream closes it by closing the capture. */
export interface GrowingFile {
  readonly fd: number;
  /** Address of the `FILE`. */
  readonly stream: bigint;
  readonly size: number;
  /** Where the next read begins. */
  position(): number;
  /** Goes to where a read began. */
  seek(position: number): void;
  /** Whether another file has this name now, or this one was cut shorter than it was read. */
  isReplaced(): boolean;
}

/** Opens a file for reading, and nothing that is none: a FIFO would be waited for. Throws `FfiError`. */
export function openGrowingFile(path: string): GrowingFile {
  const { result: fd, code } = retryForErrno(() => libc().open(cString(path), O_NONBLOCK | O_CLOEXEC), OPEN_ANSWERS);
  if (fd < 0) throw named(path, errnoError(code, "open", "read"));
  try {
    const facts = fileFacts(fd, "");
    if (facts?.kind !== "file") {
      throw pcapFailure(`Cannot read capture file "${path}": it is not a regular file`, {
        symbol: "open",
        hint: "let the packets be written to a file: it may grow, and another may take its place",
      });
    }
    const stream = libc().fdopen(fd, cString("rb"));
    if (stream === 0n) throw pcapFailure(`Cannot read capture file "${path}": no memory`, { symbol: "fdopen" });
    const position = () => Number(libc().ftell(stream));
    return {
      fd,
      stream,
      size: facts.size,
      position,
      seek: (to) => void libc().fseek(stream, BigInt(to), SEEK_SET),
      isReplaced() {
        const now = fileFacts(fd, path);
        if (now !== null && now.key !== facts.key) return true;
        return (fileFacts(fd, "")?.size ?? 0) < position();
      },
    };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Closes a stream that no capture has taken over. */
export function closeStream(stream: bigint): void {
  libc().fclose(stream);
}

const OPEN_ANSWERS: ReadonlySet<number> = new Set([E.NOENT, E.ACCES, E.NOTDIR]);

function named(path: string, error: FfiError): FfiError {
  const reason = error.message.replace(/^.*?: /, "");
  return new FfiError(`Cannot read capture file "${path}": ${reason}`, { ...error.details, library: "libc" });
}
