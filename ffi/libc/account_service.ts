/**
 * The questions of `accounts.ts` asked beside the main thread: where accounts come from a directory of the network, an answer may
 * take as long as that likes.
 */
import { FfiError } from "../errors.ts";
import { allocate, allocateCopy, type Block, copyIn, copyOut, cString } from "../memory.ts";
import { lazyLibc } from "./errno.ts";

const libc = lazyLibc({
  /** int getpwnam_r(const char *name, struct passwd *pwd, char *buf, size_t buflen, struct passwd **result), on a thread of the runtime */
  user: {
    name: "getpwnam_r",
    parameters: ["usize", "usize", "usize", "usize", "usize"],
    result: "i32",
    nonblocking: true,
  },
  /** int getgrnam_r(const char *name, struct group *grp, char *buf, size_t buflen, struct group **result), on a thread of the runtime */
  group: {
    name: "getgrnam_r",
    parameters: ["usize", "usize", "usize", "usize", "usize"],
    result: "i32",
    nonblocking: true,
  },
  /** int getgrouplist(const char *user, gid_t group, gid_t *groups, int *ngroups), on a thread of the runtime */
  groups: { name: "getgrouplist", parameters: ["usize", "u32", "usize", "usize"], result: "i32", nonblocking: true },
});

/** sizeof(struct passwd) is 48, that of struct group 32; in both two pointers come before the first number. */
const ENTRY_SIZE = 48, ID = 16;
const ERANGE = 34;
/** Room for the strings of an entry: a group names all its members. */
const LEAST_ROOM = 4096, MOST_ROOM = 1 << 22;
/** NGROUPS_MAX */
const MOST_GROUPS = 65_536;

/** As `findUser()`. */
export async function lookUpUser(name: string): Promise<{ readonly uid: number; readonly gid: number } | null> {
  const ids = await lookUp(name, "user");
  return ids === null ? null : { uid: ids.getUint32(0, true), gid: ids.getUint32(4, true) };
}

/** As `findGroup()`. */
export async function lookUpGroup(name: string): Promise<number | null> {
  return (await lookUp(name, "group"))?.getUint32(0, true) ?? null;
}

/** The first two numbers of an entry; null where there is none of that name, or nobody says. */
async function lookUp(name: string, kind: "user" | "group"): Promise<DataView | null> {
  // Foreign memory throughout: the call may outlive any moment at which arrays of ours could move.
  using key = allocateCopy(cString(name));
  using entry = allocate(ENTRY_SIZE);
  using found = allocate(8);
  for (let room = LEAST_ROOM; room <= MOST_ROOM; room *= 4) {
    using strings = allocate(room);
    const code = await libc()[kind](key.address, entry.address, strings.address, BigInt(room), found.address);
    if (code === ERANGE) continue;
    return isNull(found) ? null : new DataView(copyIn(entry.address + BigInt(ID), 8).buffer);
  }
  return null;
}

function isNull({ address }: Block): boolean {
  return copyIn(address, 8).every((byte) => byte === 0);
}

/** As `groupsOf()`. */
export async function lookUpGroups(user: string, gid: number): Promise<readonly number[]> {
  using name = allocateCopy(cString(user));
  using groups = allocate(MOST_GROUPS * 4);
  using count = allocate(4);
  copyOut(count.address, new Uint8Array(new Int32Array([MOST_GROUPS]).buffer));
  const number = await libc().groups(name.address, gid, groups.address, count.address);
  if (number < 0) throw new FfiError(`Cannot list the groups of ${user}: there are too many`, { library: "libc" });
  return [...new Uint32Array(copyIn(groups.address, number * 4).buffer)];
}
