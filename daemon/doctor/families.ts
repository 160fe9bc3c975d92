/** In which address families others can reach this host. */
import { readProcOrNull } from "../../ffi/libc/proc_file.ts";

/**
 * Those of this host: a door over IPv6 that nobody can come to is not worth a word.
 *
 * @tags allow-ffi
 */
export function ownFamilies(): readonly (4 | 6)[] {
  return reachableFamilies(readProcOrNull("/proc/net/if_inet6"));
}

/** The same from the text of /proc/net/if_inet6; null where the kernel has no IPv6. */
export function reachableFamilies(addresses: string | null): readonly (4 | 6)[] {
  // Address, number, length, scope, flags and name of the interface; the scope 00 is global.
  const global = (addresses ?? "").split("\n").some((line) => line.trim().split(/\s+/)[3] === "00");
  return global ? [4, 6] : [4];
}
