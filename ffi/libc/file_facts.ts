/** What statx(2) says of a file, whose structure has one layout on every architecture. */
import { AT_EMPTY_PATH, E } from "../abi.ts";
import { cString } from "../memory.ts";
import { errno, lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *statxbuf) */
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
});

const AT_SYMLINK_NOFOLLOW = 0x100;
/** STATX_BASIC_STATS */
const STATX_MASK = 0x7ff;
const STATX = {
  ...{ size: 256, links: 16, uid: 20, mode: 28, inode: 32, fileSize: 40 },
  ...{ modifiedSeconds: 112, modifiedNanoseconds: 120, devMajor: 136, devMinor: 140 },
} as const;
const KINDS: Readonly<Record<number, FileFacts["kind"]>> = { 0o100000: "file", 0o040000: "folder", 0o120000: "link" };

/** A file as it is at this moment. */
export interface FileFacts {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Permission bits, the sticky bit included. */
  readonly mode: number;
  readonly uid: number;
  /** How many names it has. */
  readonly links: number;
  readonly size: number;
  /** Device and inode: equal for one and the same file. */
  readonly key: string;
  /** Equal while nobody has written it. */
  readonly modified: string;
}

/**
 * Looks at `path`, from the folder `at` on; an empty path is the open descriptor `at` itself. Links are followed unless
 * `follow` is false. Null when there is no such file.
 *
 * @tags allow-ffi
 * @throws {FfiError} when it cannot be looked at
 */
export function fileFacts(at: number, path: string, { follow = true } = {}): FileFacts | null {
  const buffer = new Uint8Array(STATX.size);
  const flags = (path === "" ? AT_EMPTY_PATH : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
  if (libc().statx(at, cString(path), flags, STATX_MASK, buffer) < 0) {
    const code = errno();
    if (code === E.NOENT || code === E.NOTDIR) return null;
    throwErrno("statx", `look at "${path}"`);
  }
  const view = new DataView(buffer.buffer);
  const mode = view.getUint16(STATX.mode, true);
  const number = (offset: number) => view.getUint32(offset, true);
  return {
    kind: KINDS[mode & 0o170000] ?? "other",
    mode: mode & 0o7777,
    uid: number(STATX.uid),
    links: number(STATX.links),
    size: Number(view.getBigUint64(STATX.fileSize, true)),
    key: [number(STATX.devMajor), number(STATX.devMinor), view.getBigUint64(STATX.inode, true)].join(":"),
    modified: `${view.getBigInt64(STATX.modifiedSeconds, true)}.${number(STATX.modifiedNanoseconds)}`,
  };
}
