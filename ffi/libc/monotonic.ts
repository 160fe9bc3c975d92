/** The clock that nobody sets, as other programs read it: `performance.now()` begins anew with each process. */
import { lazyLibc, throwErrno } from "./errno.ts";

const libc = lazyLibc({
  /** int clock_gettime(clockid_t clockid, struct timespec *tp) */
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
});

const CLOCK_MONOTONIC = 1;

/**
 * Microseconds of CLOCK_MONOTONIC.
 *
 * @tags allow-ffi
 */
export function monotonicMicroseconds(): bigint {
  const time = new BigInt64Array(2);
  if (libc().clock_gettime(CLOCK_MONOTONIC, new Uint8Array(time.buffer)) !== 0) {
    throwErrno("clock_gettime", "read the clock");
  }
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * 1_000_000n + nanoseconds / 1000n;
}
