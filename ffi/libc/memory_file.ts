/** A file that is only in memory: for what a program is to read and does not fit into a pipe before anybody reads. */
import { lazyLibc, throwErrno } from "./errno.ts";
import { closeFd, writeFd } from "./fd.ts";
import { cString } from "../memory.ts";

const libc = lazyLibc({
  /** int memfd_create(const char *name, unsigned int flags); glibc 2.27 */
  memfdCreate: { name: "memfd_create", parameters: ["buffer", "u32"], result: "i32" },
  /** off_t lseek(int fd, off_t offset, int whence) */
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
});

const MFD_CLOEXEC = 1;
const SEEK_SET = 0;

/**
 * A descriptor from which these bytes are read. It is to be closed.
 *
 * @throws FfiError where there is no memory or no descriptor left
 * @tags allow-ffi
 */
export function openMemoryFile(bytes: Uint8Array<ArrayBuffer>): number {
  const fd = libc().memfdCreate(cString("fwknop"), MFD_CLOEXEC);
  if (fd < 0) throwErrno("memfd_create", "make a file in memory");
  try {
    for (let done = 0; done < bytes.length;) done += writeFd(fd, bytes.subarray(done));
    if (libc().lseek(fd, 0n, SEEK_SET) < 0n) throwErrno("lseek", "go to the begin of a file in memory");
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}
