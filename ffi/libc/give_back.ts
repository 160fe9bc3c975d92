/** Giving memory back to the machine that only a start needed. */
import { neverWritten } from "./clean_mappings.ts";
import { bareLibc } from "./errno.ts";
import { readProc } from "./proc_file.ts";

const libc = bareLibc({
  /** int madvise(void *addr, size_t length, int advice) */
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  /** int malloc_trim(size_t pad) */
  malloc_trim: { parameters: ["usize"], result: "i32" },
});

const MADV_DONTNEED = 4;

/**
 * Gives back what is in memory of the program and of libraries and was never written: what is still needed comes back from
 * the page cache, or the file. Whoever writes into such a file or cuts it off while it is in use breaks the program with it or
 * without; installing does neither, because it writes another file under the name. What this machine does not support is
 * skipped: it never keeps a program from running.
 *
 * @tags allow-ffi
 */
export function giveBackText(): void {
  try {
    for (const { start, end } of neverWritten(readProc("/proc/self/smaps"))) {
      libc().madvise(start, end - start, MADV_DONTNEED);
    }
  } catch {
    // No such C library, or nothing is told of this process: it stays as large as it is.
    return;
  }
}

/**
 * Gives back what the C library keeps of memory that was freed. The same holds.
 *
 * @tags allow-ffi
 */
export function giveBackFreed(): void {
  try {
    libc().malloc_trim(0n);
  } catch {
    // As above.
    return;
  }
}
