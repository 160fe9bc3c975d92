/** Keeping what stands in memory, keys above all, from core dumps and from other programs of the same user. */
import { bareLibc } from "./errno.ts";
import { ownEnvironment } from "./proc_self.ts";

const libc = bareLibc({
  /** int prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5) */
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  /** int getrlimit(int resource, struct rlimit *rlim) */
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  /** int setrlimit(int resource, const struct rlimit *rlim) */
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
});

const PR_SET_DUMPABLE = 4;
const RLIMIT_CORE = 4;

/** The limits of core dumps as the caller had them: soft, then hard. Null as long as they were not changed. */
let formerLimits: BigUint64Array<ArrayBuffer> | null = null;

/**
 * From now on no core dump holds this memory, and only root can read it or attach a debugger. What this machine does
 * not support is skipped: it never keeps a program from running.
 *
 * @tags allow-ffi
 */
export function keepMemoryPrivate(): void {
  try {
    // Afterwards the kernel shows an ordinary user's process its own environment no more.
    ownEnvironment();
    const limits = new BigUint64Array(2);
    if (libc().getrlimit(RLIMIT_CORE, new Uint8Array(limits.buffer)) === 0) {
      formerLimits ??= limits.slice();
      limits[0] = 0n;
      libc().setrlimit(RLIMIT_CORE, new Uint8Array(limits.buffer));
    }
    libc().prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
  } catch {
    // No such C library here: whatever needs it says so, in its own words.
    return;
  }
}

/** Gives the limit of core dumps back, for a command that takes the place of this program. */
export function restoreCoreLimit(): void {
  if (formerLimits !== null) libc().setrlimit(RLIMIT_CORE, new Uint8Array(formerLimits.buffer));
}
