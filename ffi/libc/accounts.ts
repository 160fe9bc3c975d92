/** Users and groups of the host, as its name service knows them. */
import { copyIn, cString } from "../memory.ts";
import { lazyLibc } from "./errno.ts";

const libc = lazyLibc({
  /** struct passwd *getpwnam(const char *name) */
  getpwnam: { parameters: ["buffer"], result: "usize" },
  /** struct group *getgrnam(const char *name) */
  getgrnam: { parameters: ["buffer"], result: "usize" },
  /** int getgrouplist(const char *user, gid_t group, gid_t *groups, int *ngroups) */
  getgrouplist: { parameters: ["buffer", "u32", "buffer", "buffer"], result: "i32" },
  /** uid_t geteuid(void) */
  geteuid: { parameters: [], result: "u32" },
  /** gid_t getegid(void) */
  getegid: { parameters: [], result: "u32" },
});

/** Offsets in struct passwd and struct group: two pointers come first in both. */
const ID = 16;
/** NGROUPS_MAX */
const MAX_GROUPS = 65536;

/** The number of a user and of their own group; null when there is no such user, or the name service does not say. */
export function findUser(name: string): { readonly uid: number; readonly gid: number } | null {
  const address = libc().getpwnam(cString(name));
  if (address === 0n) return null;
  const ids = new DataView(copyIn(address + BigInt(ID), 8).buffer);
  return { uid: ids.getUint32(0, true), gid: ids.getUint32(4, true) };
}

/** The number of a group; null when there is none of that name. */
export function findGroup(name: string): number | null {
  const address = libc().getgrnam(cString(name));
  return address === 0n ? null : new DataView(copyIn(address + BigInt(ID), 4).buffer).getUint32(0, true);
}

/** All groups that a login of this user would have, `gid` among them. */
export function groupsOf(user: string, gid: number): readonly number[] {
  let size = 64;
  for (;;) {
    const groups = new Uint32Array(size);
    const count = new Int32Array([size]);
    const enough = libc().getgrouplist(
      cString(user),
      gid,
      new Uint8Array(groups.buffer),
      new Uint8Array(count.buffer),
    );
    if (enough >= 0) return [...groups.subarray(0, count[0])];
    if (size >= MAX_GROUPS) return [gid];
    size = Math.min(Math.max(size * 2, count[0] ?? 0), MAX_GROUPS);
  }
}

/** Who this process is, with the rights in force. */
export function ownIds(): { readonly uid: number; readonly gid: number } {
  return { uid: libc().geteuid(), gid: libc().getegid() };
}
