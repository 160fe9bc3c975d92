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
 * Gives back the text of the program and of libraries, which is read again from the files where it is still needed, and what
 * the C library keeps of memory that was freed. What this machine does not support is skipped: it never keeps a program from
 * running.
 *
 * @tags allow-ffi
 */
export function giveBackMemory(): void {
  try {
    libc().malloc_trim(0n);
    for (const { start, end } of neverWritten(readProc("/proc/self/smaps"))) {
      libc().madvise(start, end - start, MADV_DONTNEED);
    }
  } catch {
    // No such C library, or nothing told of this process: it stays as large as it is.
    return;
  }
}
