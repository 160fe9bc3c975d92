/** Becoming another user for good, and never gaining a right again. */
import { FfiError } from "../errors.ts";
import { lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** int setgroups(size_t size, const gid_t *list) */
  setgroups: { parameters: ["usize", "buffer"], result: "i32" },
  /** int setresgid(gid_t rgid, gid_t egid, gid_t sgid) */
  setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  /** int setresuid(uid_t ruid, uid_t euid, uid_t suid) */
  setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  /** int getresgid(gid_t *rgid, gid_t *egid, gid_t *sgid) */
  getresgid: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  /** int getresuid(uid_t *ruid, uid_t *euid, uid_t *suid) */
  getresuid: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  /** int prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5) */
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  /** unsigned long getauxval(unsigned long type) */
  getauxval: { parameters: ["usize"], result: "usize" },
});

const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_CLEAR_ALL = 4n;
const AT_SECURE = 23n;

/** Who to become. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups: all that are left. */
  readonly groups: readonly number[];
}

/**
 * Becomes the user, in all three ids, with these groups and no other. Groups go first: afterwards there is no right to
 * change them any more. All threads of the process follow.
 *
 * @throws FfiError when any of it fails: the process is then fit for nothing but its end
 * @tags allow-ffi
 */
export function becomeUser({ uid, gid, groups }: Identity): void {
  // Who is not root does not lose them by becoming another user. Kernels that do not know them have none.
  libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0n, 0n, 0n);
  const list = new Uint32Array(groups);
  if (libc().setgroups(BigInt(list.length), new Uint8Array(list.buffer)) !== 0) {
    throwErrno("setgroups", "set the groups of the user");
  }
  if (libc().setresgid(gid, gid, gid) !== 0) throwErrno("setresgid", `become the group ${gid}`);
  if (libc().setresuid(uid, uid, uid) !== 0) throwErrno("setresuid", `become the user ${uid}`);
  const is = [...realIds("getresuid"), ...realIds("getresgid")].join();
  if (is === [uid, uid, uid, gid, gid, gid].join()) return;
  throw new FfiError(`Cannot become the user ${uid}: the process is still another`, { library: "libc" });
}

/** Real, effective and saved id. */
function realIds(which: "getresuid" | "getresgid"): readonly number[] {
  const cells = [new Uint32Array(1), new Uint32Array(1), new Uint32Array(1)] as const;
  const [real, effective, saved] = cells.map((cell) => new Uint8Array(cell.buffer)) as [
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
  ];
  libc()[which](real, effective, saved);
  return cells.map(([id = NaN]) => id);
}

/** From now on neither this thread nor what it becomes gains a right by the program that it runs (setuid, file capabilities). */
export function refuseNewRights(): void {
  if (libc().prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) throwErrno("prctl", "refuse new rights");
}

/** Whether this program has rights that who started it has not: it is setuid, setgid, or has file capabilities. */
export function hasMoreRightsThanItsStarter(): boolean {
  return libc().getauxval(AT_SECURE) !== 0n;
}

/** Whether it acts as another user or group than who started it: it is setuid or setgid. */
export function isSomebodyElse(): boolean {
  return (["getresuid", "getresgid"] as const).map(realIds).some(([real, effective]) => real !== effective);
}
