/**
 * The way to a file, walked folder by folder from `/` on: every folder belongs to root or to us and cannot be written by
 * strangers. So what was looked at is what is used, whatever is renamed meanwhile. Links on the way are followed where
 * root or we made them (`/var/run`).
 */
import { AT_FDCWD, E, O_CLOEXEC } from "../abi.ts";
import { FfiError } from "../errors.ts";
import { cString } from "../memory.ts";
import { errno, errnoError, lazyLibc, throwErrno } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { type FileFacts, fileFacts } from "./file_facts.ts";

const libc = lazyLibc({
  /** int openat(int dirfd, const char *pathname, int flags, mode_t mode) */
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  /** int mkdirat(int dirfd, const char *pathname, mode_t mode) */
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** ssize_t readlinkat(int dirfd, const char *pathname, char *buf, size_t bufsiz) */
  readlinkat: { parameters: ["i32", "buffer", "buffer", "usize"], result: "isize" },
  /** uid_t geteuid(void) */
  geteuid: { parameters: [], result: "u32" },
});

const ARM = Deno.build.arch === "aarch64";
/** Two flags of open(2) that differ among the architectures. */
export const O_DIRECTORY = ARM ? 0o40000 : 0o200000, O_NOFOLLOW = ARM ? 0o100000 : 0o400000;
const O_PATH = 0o10000000;
const STICKY = 0o1000;
/** Bits of a mode that let others, or the group, write. */
export const OTHERS_WRITE = 0o002, GROUP_WRITES = 0o020;
/** As many links as the kernel follows. */
const MAX_LINKS = 40;

/**
 * Whose folders are accepted besides those of root and of the user of this process. `owner`: also those of the owner of
 * the last one, for asking after a daemon that runs as another user. `anybody`: folders are not checked.
 */
export type Trust = "owner" | "anybody";

/** A folder that was walked to, open, and a name in it. To be closed. */
export interface Entered {
  readonly fd: number;
  readonly name: string;
  /** Who may own what is in it. */
  readonly owners: readonly number[];
}

/** How to walk. */
export interface Walk {
  readonly trust?: Trust | undefined;
  /** Folders that are missing are made, and told of. */
  readonly make?: () => void;
}

/** Where a walk has come to: an open folder, or whatever it is, and its path without links. */
interface Place {
  readonly fd: number;
  readonly where: string;
  readonly facts: FileFacts;
}

/**
 * Goes to the folder of `path`; null when it is not there.
 *
 * @throws {FfiError} with a hint when somebody else could change what is on the way
 * @tags allow-ffi
 */
export function enterFolder(path: string, { trust, make }: Walk): Entered | null {
  const words = path.split("/");
  const name = words.pop() ?? "";
  const todo = partsOf(words.join("/"));
  const root = () => lookAt(AT_FDCWD, path.startsWith("/") ? "/" : ".");
  let here = root();
  if (here === null) return null;
  // Who owns the root of the file system can do anything anyway.
  const owners = [0, libc().geteuid(), ...path.startsWith("/") ? [here.facts.uid] : []];
  try {
    for (let links = 0, part = todo.shift(); part !== undefined; part = todo.shift()) {
      if (trust !== "anybody") checkFolder(here, path, { owners, last: false });
      if (make !== undefined) makeFolder(here, part, make);
      let next = lookAt(here.fd, part, here.where);
      if (next?.facts.kind === "link") {
        const target = followLink(next, path, { owners: trust === "anybody" ? null : owners, links: ++links });
        todo.unshift(...partsOf(target));
        if (!target.startsWith("/")) continue;
        next = lookAt(AT_FDCWD, "/");
      }
      closeFd(here.fd);
      if (next === null) return null;
      here = next;
    }
    if (trust === "owner") owners.push(here.facts.uid);
    if (trust !== "anybody") checkFolder(here, path, { owners, last: true });
    return { fd: here.fd, name, owners };
  } catch (error) {
    closeFd(here.fd);
    throw error;
  }
}

const OTHER_PATH = "name a path that only root, or the user that fwknopd runs as, can change";

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Opens what has that name, itself and not what it links to; null when there is none. */
function lookAt(folder: number, name: string, where = ""): Place | null {
  const fd = libc().openat(folder, cString(name), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0) return errno() === E.NOENT ? null : throwErrno("open", `go to "${where}/${name}"`);
  const facts = fileFacts(fd, "");
  if (facts !== null) return { fd, where: name === "/" ? "" : `${where}/${name}`, facts };
  closeFd(fd);
  return null;
}

function makeFolder({ fd, where }: Place, name: string, made: () => void): void {
  if (libc().mkdirat(fd, cString(name), 0o700) === 0) return made();
  const code = errno();
  // One that is there is not made, whatever else may stand in the way.
  if (code !== E.EXIST && fileFacts(fd, name) === null) throw errnoError(code, "mkdir", `make "${where}/${name}"`);
}

/** Where a link leads to. Closes it. */
function followLink(
  { fd, where, facts }: Place,
  path: string,
  { owners, links }: { readonly owners: readonly number[] | null; readonly links: number },
): string {
  const bytes = new Uint8Array(4096);
  const length = Number(libc().readlinkat(fd, cString(""), bytes, BigInt(bytes.length)));
  closeFd(fd);
  if (length < 0 || links > MAX_LINKS) throw refusal(path, `the link "${where}" leads nowhere`, OTHER_PATH);
  if (owners?.includes(facts.uid) === false) {
    throw refusal(path, `"${where}" is a link that belongs to uid ${facts.uid}`, OTHER_PATH);
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/** Nobody but its owners may put something else where `path` goes. In a sticky folder only the owner of a file can. */
function checkFolder(
  { where, facts }: Place,
  path: string,
  { owners, last }: { readonly owners: readonly number[]; readonly last: boolean },
): void {
  if (facts.kind !== "folder") throw errnoError(E.NOTDIR, "open", `open "${path}"`);
  const folder = where === "" ? "/" : where;
  if (!owners.includes(facts.uid)) throw refusal(path, `the folder ${folder} belongs to uid ${facts.uid}`, OTHER_PATH);
  const writable = facts.mode & (last ? OTHERS_WRITE | GROUP_WRITES : OTHERS_WRITE);
  if ((facts.mode & STICKY) !== 0 || writable === 0) return;
  const others = writable === GROUP_WRITES ? "its group" : "others";
  throw refusal(path, `${others} may write in the folder ${folder}`, `chmod go-w ${folder}, or ${OTHER_PATH}`);
}

/** The sentence for a path that is not taken. */
export function refusal(path: string, why: string, hint: string): FfiError {
  return new FfiError(`Cannot use ${path}: ${why}`, { library: "libc", symbol: "open", code: E.PERM, hint });
}
