/** Users of the machine, and becoming one of them for good. */
import { FfiError } from "../errors.ts";
import { allocate, copyIn, cString, readCString } from "../memory.ts";
import { errnoError, lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** int getpwnam_r(const char *name, struct passwd *pwd, char *buf, size_t buflen, struct passwd **result) */
  getpwnam: { name: "getpwnam_r", parameters: ["buffer", "usize", "usize", "usize", "buffer"], result: "i32" },
  /** int getpwuid_r(uid_t uid, struct passwd *pwd, char *buf, size_t buflen, struct passwd **result) */
  getpwuid: { name: "getpwuid_r", parameters: ["u32", "usize", "usize", "usize", "buffer"], result: "i32" },
  /** int initgroups(const char *user, gid_t group) */
  initgroups: { parameters: ["buffer", "u32"], result: "i32" },
  /** int setgroups(size_t size, const gid_t *list) */
  setgroups: { parameters: ["usize", "buffer"], result: "i32" },
  /** int setresgid(gid_t rgid, gid_t egid, gid_t sgid) */
  setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  /** int setresuid(uid_t ruid, uid_t euid, uid_t suid) */
  setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
});

/** What the user database says (passwd(5)). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** struct passwd: name, password, uid, gid, gecos, home, shell. */
const PASSWD = { size: 48, name: 0, uid: 16, gid: 20, home: 32 } as const;
const BUFFER_SIZE = 16384;

/**
 * The account of a user name, or of a user id. Null when there is none.
 *
 * @throws FfiError when the database cannot be asked
 * @tags allow-ffi
 */
export function findAccount(user: string | number): Account | null {
  using passwd = allocate(PASSWD.size);
  using buffer = allocate(BUFFER_SIZE);
  const result = new BigUint64Array(1);
  const into = [passwd.address, buffer.address, BigInt(BUFFER_SIZE), new Uint8Array(result.buffer)] as const;
  const code = typeof user === "string" ? libc().getpwnam(cString(user), ...into) : libc().getpwuid(user, ...into);
  if (code !== 0) throw errnoError(code, "getpwnam_r", `look up the user "${user}"`);
  if (result[0] === 0n) return null;
  const entry = new DataView(copyIn(passwd.address, PASSWD.size).buffer);
  return {
    name: readCString(entry.getBigUint64(PASSWD.name, true)),
    uid: entry.getUint32(PASSWD.uid, true),
    gid: entry.getUint32(PASSWD.gid, true),
    home: readCString(entry.getBigUint64(PASSWD.home, true)),
  };
}

/**
 * Becomes the account for good: real, effective and saved ids of all threads (glibc sees to that), groups first, because
 * afterwards there is no right left to change them.
 *
 * @param groups `all`: the supplementary groups that the group database gives to the user; `none`: not a single one
 * @throws FfiError EPERM when this process may not; the ids may then be half changed, so the caller must end the program
 */
export function becomeAccount(account: Account, groups: "all" | "none"): void {
  const { name, uid, gid } = account;
  const what = `become the user "${name}"`;
  const grouped = groups === "all" ? libc().initgroups(cString(name), gid) : libc().setgroups(0n, new Uint8Array(4));
  if (grouped !== 0) throwErrno(groups === "all" ? "initgroups" : "setgroups", what);
  if (libc().setresgid(gid, gid, gid) !== 0) throwErrno("setresgid", what);
  if (libc().setresuid(uid, uid, uid) !== 0) throwErrno("setresuid", what);
  if (uid !== 0 && libc().setresuid(0, 0, 0) === 0) {
    throw new FfiError(`Cannot ${what}: the way back to root stayed open`, { library: "libc", symbol: "setresuid" });
  }
}
