/**
 * Opening the files that a daemon keeps, so that nobody else can put another file in their place: the way to them is walked
 * (trusted_folder.ts), and the file itself is a regular one with one name, no link, that belongs to root or to us.
 */
import { FfiError } from "../errors.ts";
import { E, O_CLOEXEC, O_RDWR } from "../abi.ts";
import { cString } from "../memory.ts";
import { errno, errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { type FileFacts, fileFacts } from "./file_facts.ts";
import {
  type Entered,
  enterFolder,
  GROUP_WRITES,
  O_DIRECTORY,
  O_NOFOLLOW,
  OTHERS_WRITE,
  refusal,
  type Trust,
} from "./trusted_folder.ts";

const libc = lazyLibc({
  /** int openat(int dirfd, const char *pathname, int flags, mode_t mode) */
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  /** int renameat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath) */
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  /** int unlinkat(int dirfd, const char *pathname, int flags) */
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  /** int fchmod(int fd, mode_t mode) */
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  /** int fsync(int fd) */
  fsync: { parameters: ["i32"], result: "i32" },
});

const O_CREAT = 0o100, O_EXCL = 0o200, O_APPEND = 0o2000;

/** How to open. */
export interface TrustedOpening {
  /** `new`: it must not be there yet; `always`: made where it is missing, with mode 0600; `never`: null where it is missing. */
  readonly create: "new" | "always" | "never";
  readonly append?: boolean;
  /**
   * Whose folders are accepted. `anybody` is for new keys, written once to a path of the operator's choice: that file
   * gets mode 0600 in any case.
   */
  readonly folderOf?: Trust | undefined;
}

/**
 * Opens a file for reading and writing. Where others could write it, its mode is set to 0600, unless `create` is
 * `never` (the file is only looked at).
 *
 * @throws {FfiError} with a hint when somebody else could have put it there
 * @tags allow-ffi
 */
export function openTrusted(path: string, opening: TrustedOpening): number | null {
  const folder = folderFor(path, opening);
  if (folder === null) {
    if (opening.create === "never") return null;
    throw errnoError(E.NOENT, "open", `open "${path}"`);
  }
  try {
    return openIn(folder, path, opening);
  } finally {
    closeFd(folder.fd);
  }
}

/** Where a file stands in place of the folder there is no more to open than where nothing does. */
function folderFor(path: string, { create, folderOf }: TrustedOpening): Entered | null {
  try {
    return enterFolder(path, { trust: folderOf });
  } catch (error) {
    if (create === "never" && error instanceof FfiError && error.details.code === E.NOTDIR) return null;
    throw error;
  }
}

/** Makes the folder and those above it that are missing, with mode 0700. True when there was something to make. */
export function makeTrustedFolder(path: string): boolean {
  let made = false;
  const folder = enterFolder(`${path}/.`, {
    make: () => {
      made = true;
    },
  });
  if (folder !== null) closeFd(folder.fd);
  return made;
}

/** Renames a file to another name in the same folder, replacing what has that name, and brings it to the disk. */
export function renameTrusted(path: string, name: string): void {
  inFolder(path, ({ fd, name: old }) => {
    if (libc().renameat(fd, cString(old), fd, cString(name)) !== 0) {
      throwErrno("rename", `rename "${path}" to "${path.slice(0, path.length - old.length)}${name}"`);
    }
    syncFolder(fd);
  });
}

/** Removes a file. One that is not there is no error. */
export function removeTrusted(path: string): void {
  inFolder(path, ({ fd, name }) => {
    if (libc().unlinkat(fd, cString(name), 0) !== 0 && errno() !== E.NOENT) throwErrno("unlink", `remove "${path}"`);
  });
}

function inFolder(path: string, work: (folder: Entered) => void): void {
  const folder = enterFolder(path, {});
  if (folder === null) throw errnoError(E.NOENT, "open", `open "${path}"`);
  try {
    work(folder);
  } finally {
    closeFd(folder.fd);
  }
}

function openIn({ fd: folder, name, owners }: Entered, path: string, opening: TrustedOpening): number | null {
  const before = fileFacts(folder, name, { follow: false });
  if (before === null && opening.create === "never") return null;
  if (before !== null) checkFile(before, path, owners);
  const creating = opening.create === "never" ? 0 : O_CREAT | (opening.create === "new" ? O_EXCL : 0);
  const append = opening.append === true ? O_APPEND : 0;
  const fd = libc().openat(folder, cString(name), O_RDWR | O_NOFOLLOW | O_CLOEXEC | creating | append, 0o600);
  if (fd < 0) {
    if (opening.create === "never" && errno() === E.NOENT) return null;
    throwErrno("open", `open "${path}"`);
  }
  try {
    const facts = fileFacts(fd, "");
    if (facts === null) throw errnoError(E.NOENT, "open", `open "${path}"`);
    checkFile(facts, path, owners);
    const isLoose = (facts.mode & (OTHERS_WRITE | GROUP_WRITES)) !== 0;
    if (opening.create !== "never" && isLoose || opening.folderOf === "anybody") libc().fchmod(fd, 0o600);
    if (before === null) syncFolder(folder);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

function checkFile(facts: FileFacts, path: string, owners: readonly number[]): void {
  const elsewhere = "remove it if it is nobody's, or name another path";
  if (facts.kind === "link") throw refusal(path, "it is a symbolic link", "name the file itself, or remove the link");
  if (facts.kind !== "file") throw refusal(path, "it is not a regular file", elsewhere);
  // 0: it was removed between two looks; whoever asks finds out by its path.
  if (facts.links > 1) throw refusal(path, `it has ${facts.links} names (hard links)`, elsewhere);
  if (!owners.includes(facts.uid)) throw refusal(path, `it belongs to uid ${facts.uid}`, `chown it, or ${elsewhere}`);
}

/** A folder that is not open for reading cannot be synced, and some file systems sync none: nothing to be done then. */
function syncFolder(folder: number): void {
  const fd = libc().openat(folder, cString("."), O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) return;
  libc().fsync(fd);
  closeFd(fd);
}
