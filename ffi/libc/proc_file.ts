/** Files under /proc, read through libc: the runtime's own file functions need every permission for /proc. */
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
 * The whole text of a file such as `/proc/net/if_inet6`. Throws {@link FfiError} where it cannot be read.
 *
 * @tags allow-ffi
 */
export function readProc(path: string): string {
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

/** The same; null where it is not there or may not be read. */
export function readProcOrNull(path: string): string | null {
  try {
    return readProc(path);
  } catch (error) {
    if (error instanceof FfiError) return null;
    throw error;
  }
}
