/**
 * Giving up an output descriptor so that its reader sees the end. Closing it is not enough: the runtime holds
 * duplicates of standard output, and a free number goes to the next file that is opened, which would then get our
 * messages.
 */
import { AT_EMPTY_PATH, E, F_GETFD, O_CLOEXEC, O_RDWR, SHUT_WR } from "../abi.ts";
import { cString } from "../memory.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";

const libc = lazyLibc({
  /** int shutdown(int fd, int how) */
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  /** int open(const char *path, int flags) */
  open: { parameters: ["buffer", "i32"], result: "i32" },
  /** int dup3(int fd, int newfd, int flags) */
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int fcntl(int fd, int op) */
  fcntl: { parameters: ["i32", "i32"], result: "i32" },
  /** int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *out) */
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
});

const FD_CLOEXEC = 1;
const STATX_INO = 0x100;
/** struct statx: inode at 32, device numbers at 136 and 140; 256 bytes on every architecture. */
const STATX = { size: 256, ino: 32, deviceMajor: 136, deviceMinor: 140 } as const;
const STDERR = 2;
/** The runtime's duplicates are made at its start, so their numbers are small. */
const HIGHEST_DUPLICATE = 255;

/** Ends writing: a socket is shut down, anything else becomes /dev/null, with the runtime's duplicates of it. */
export function giveUpOutput(fd: number): void {
  if (libc().shutdown(fd, SHUT_WR) === 0 || errno() !== E.NOTSOCK) return;
  const nothing = libc().open(cString("/dev/null"), O_RDWR | O_CLOEXEC);
  if (nothing < 0) throwErrno("open", `open "/dev/null"`);
  for (const duplicate of [...runtimeDuplicates(fd), fd]) libc().dup3(nothing, duplicate, O_CLOEXEC);
  closeFd(nothing);
}

/** None when standard error is the same file: its reader waits for that one anyway, and messages must still come through. */
function runtimeDuplicates(fd: number): number[] {
  const file = fileKey(fd);
  if (fd !== STDERR && fileKey(STDERR) === file) return [];
  const found: number[] = [];
  for (let other = STDERR + 1; other <= HIGHEST_DUPLICATE; other++) {
    if (other !== fd && libc().fcntl(other, F_GETFD) === FD_CLOEXEC && fileKey(other) === file) found.push(other);
  }
  return found;
}

function fileKey(fd: number): string {
  const stat = new DataView(new ArrayBuffer(STATX.size));
  if (libc().statx(fd, cString(""), AT_EMPTY_PATH, STATX_INO, new Uint8Array(stat.buffer)) !== 0) return `${fd}`;
  const device = `${stat.getUint32(STATX.deviceMajor, true)}:${stat.getUint32(STATX.deviceMinor, true)}`;
  return `${device}:${stat.getBigUint64(STATX.ino, true)}`;
}
