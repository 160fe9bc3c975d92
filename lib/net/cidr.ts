/** Address lists of access.conf: `ANY`, addresses, prefixes and dotted masks of both families. Pure. */
import { fail, ok, type Result } from "../result.ts";
import { type Ip, parseIp, parseIpv4 } from "./address.ts";

/** One entry. `mask` has as many bytes as the address. */
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

/** Whether every address of `inner` is in `outer`. */
export function includesList(outer: AddressList, inner: AddressList): boolean {
  return outer.any || (!inner.any && inner.ranges.every((range) => isCovered(range, outer.ranges)));
}

/** Covered by one range, or half by half: two neighbours together may cover what neither does. */
function isCovered(inner: AddressRange, ranges: readonly AddressRange[]): boolean {
  const meeting = ranges.filter((range) => meets(range, inner));
  if (meeting.some((range) => range.mask.every((byte, i) => (byte & ~(inner.mask[i] ?? 0)) === 0))) return true;
  const [range] = meeting;
  return range !== undefined && halves(inner, range).every((half) => isCovered(half, meeting));
}

/** Whether the two have an address in common. */
function meets(a: AddressRange, b: AddressRange): boolean {
  if (a.family !== b.family) return false;
  return a.address.every((byte, i) => ((byte ^ (b.address[i] ?? 0)) & (a.mask[i] ?? 0) & (b.mask[i] ?? 0)) === 0);
}

/** The range in two, by the first bit that `by` looks at and it does not. */
function halves(range: AddressRange, by: AddressRange): readonly AddressRange[] {
  const at = range.mask.findIndex((byte, i) => ((by.mask[i] ?? 0) & ~byte) !== 0);
  const free = (by.mask[at] ?? 0) & ~(range.mask[at] ?? 0);
  const bit = 1 << (31 - Math.clz32(free));
  const mask = range.mask.map((byte, i) => i === at ? byte | bit : byte);
  return [0, bit].map((value) => ({
    ...range,
    mask,
    address: range.address.map((byte, i) => i === at ? (byte & ~bit) | value : byte),
  }));
}

function contains(range: AddressRange, ip: Ip): boolean {
  if (range.family !== ip.family) return false;
  for (let i = 0; i < ip.bytes.length; i++) {
    const mask = range.mask[i] ?? 0;
    if (((ip.bytes[i] ?? 0) & mask) !== ((range.address[i] ?? 0) & mask)) return false;
  }
  return true;
}

/** The item that could not be read, without the blanks around it, and why. */
export interface AddressListProblem {
  readonly item: string;
  /** The end of a sentence, such as `must be an address, …`. */
  readonly reason: string;
}

/**
 * Reads a comma-separated list: `ANY`, `192.0.2.7`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0` (the mask need not be
 * contiguous), `2001:db8::7`, `2001:db8::/32`; blanks around items are allowed. Host bits below the mask are ignored.
 *
 * Stricter than the C daemon (facts/configuration 8) where its reading would surprise: no short, octal or hexadecimal
 * address, and not the mask 0.0.0.32, which it takes for /32.
 */
export function parseAddressList(text: string): Result<AddressList, AddressListProblem> {
  const ranges: AddressRange[] = [];
  let any = false;
  for (const written of text.split(",")) {
    const item = written.trim();
    if (item.toUpperCase() === "ANY") {
      any = true;
      continue;
    }
    const range = parseRange(item);
    if (!range.ok) return fail({ item, reason: range.fault });
    ranges.push(range.value);
  }
  return ok({ text, any, ranges });
}

/** The words of the C daemon, which scripts look for. */
const NO_ADDRESS = "(Error parsing string to IP, Fatal error parsing IP to int)";

function parseRange(item: string): Result<AddressRange, string> {
  if (item === "") return fail(`must not be empty: remove the extra comma or name an address ${NO_ADDRESS}`);
  const slash = item.indexOf("/");
  const base = slash < 0 ? item : item.slice(0, slash);
  const ip = parseIp(base);
  if (!ip.ok) {
    return fail(
      "must be ANY, an IPv4 address of four decimal numbers, or an IPv6 address, each also with a mask " + NO_ADDRESS,
    );
  }
  const { family, bytes } = ip.value;
  // A mapped address has become IPv4; its prefix length still counts 96 bits before it.
  const mapped = family === 4 && base.includes(":") ? 96 : 0;
  const mask = slash < 0
    ? ok(prefixMask(bytes.length, bytes.length * 8))
    : parseMask(item.slice(slash + 1), family, mapped);
  return mask.ok ? ok({ family, address: bytes, mask: mask.value }) : mask;
}

function parseMask(text: string, family: 4 | 6, mapped: number): Result<Uint8Array, string> {
  if (family === 4 && mapped === 0 && text.includes(".")) return parseDottedMask(text);
  const bits = (family === 4 ? 32 : 128) + mapped;
  const length = /^[0-9]{1,3}$/.test(text) ? Number(text) : -1;
  if (length < mapped + 1 || length > bits) {
    const why = text === "" ? "Missing mask value" : "Invalid IP mask";
    return fail(
      `must have a prefix length from ${mapped + 1} to ${bits} after "/": ANY stands for every address (${why})`,
    );
  }
  return ok(prefixMask(family === 4 ? 4 : 16, length - mapped));
}

function parseDottedMask(text: string): Result<Uint8Array, string> {
  const mask = parseIpv4(text);
  if (!mask.ok) {
    return fail(
      'must have a mask of four decimal numbers from 0 to 255 after "/" (Invalid IP mask, error parsing IP mask)',
    );
  }
  if (mask.value.text === "0.0.0.32") {
    return fail("has a mask that the C daemon takes for /32: write the one that is meant (Invalid IP mask)");
  }
  return ok(mask.value.bytes);
}

/** A mask of `length` bytes whose first `ones` bits are set. */
function prefixMask(length: number, ones: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (0xff00 >> Math.min(Math.max(ones - 8 * i, 0), 8)) & 0xff);
}
