/** Whether the system knows a locale, without making it the one of this process. */
import { cString } from "../memory.ts";
import { lazyLibc } from "./errno.ts";

const libc = lazyLibc({
  /** locale_t newlocale(int category_mask, const char *locale, locale_t base) */
  newlocale: { parameters: ["i32", "buffer", "usize"], result: "usize" },
  /** void freelocale(locale_t locobj) */
  freelocale: { parameters: ["usize"], result: "void" },
});

/** LC_ALL_MASK of glibc: all categories but LC_ALL itself. */
const LC_ALL_MASK = 0x1fbf;

/**
 * Whether `setlocale(LC_ALL, name)` would work.
 *
 * @tags allow-ffi
 */
export function localeExists(name: string): boolean {
  const made = BigInt(libc().newlocale(LC_ALL_MASK, cString(name), 0n));
  if (made === 0n) return false;
  libc().freelocale(made);
  return true;
}
