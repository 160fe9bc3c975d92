/** Address lists of access.conf: `ANY`, addresses, prefixes and dotted masks of both families. Pure. */
import type { Ip } from "./address.ts";

/** One entry. `mask` has as many bytes as the address; both null-free. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

/** A parsed SOURCE or DESTINATION. */
export interface AddressList {
  /** As written, for logs and dumps. */
  readonly text: string;
  /** `ANY`: both families. */
  readonly any: boolean;
  readonly ranges: readonly AddressRange[];
}

/** Whether the list contains the address. A mapped IPv6 address is its IPv4 address (already so in {@link Ip}). */
export function matchesList(list: AddressList, ip: Ip): boolean {
  return list.any || list.ranges.some((range) => contains(range, ip));
}

function contains(range: AddressRange, ip: Ip): boolean {
  if (range.family !== ip.family) return false;
  for (let i = 0; i < ip.bytes.length; i++) {
    const mask = range.mask[i] ?? 0;
    if (((ip.bytes[i] ?? 0) & mask) !== ((range.address[i] ?? 0) & mask)) return false;
  }
  return true;
}
