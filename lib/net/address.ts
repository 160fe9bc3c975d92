/** IP addresses of both families as values with one canonical text. */
import { fail, ok, type Result } from "../result.ts";

/** One address. Two addresses are equal exactly when their `text` is. */
export interface Ip {
  readonly family: 4 | 6;
  /** Canonical: dotted quad, or RFC 5952. An IPv4-mapped IPv6 address never appears: it is its IPv4 address. */
  readonly text: string;
  /** 4 or 16 bytes in network order. Not to be written to. */
  readonly bytes: Uint8Array;
}

/** `0.0.0.0`: in a message, "use the source of the packet" (both families). */
export const UNSPECIFIED4: Ip = { family: 4, text: "0.0.0.0", bytes: new Uint8Array(4) };

/**
 * Wraps 4 or 16 network-order bytes; mapped addresses (`::ffff:a.b.c.d`) become IPv4. The bytes are copied.
 *
 * @param copy how: an array of its own for each costs who makes thousands more than the rest
 */
export function ipFromBytes(bytes: Uint8Array, copy: (bytes: Uint8Array) => Uint8Array = copyAlone): Ip {
  if (bytes.length === 4) return { family: 4, text: bytes.join("."), bytes: copy(bytes) };
  if (bytes.length !== 16) throw new RangeError(`"bytes" expected 4 or 16 bytes, got ${bytes.length}`);
  if (isMapped(bytes)) return ipFromBytes(bytes.subarray(12), copy);
  return { family: 6, text: formatIpv6(bytes), bytes: copy(bytes) };
}

function copyAlone(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}

const QUAD = /^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/;
const DOT = 0x2e, DIGIT_0 = 0x30;

/** Strict IPv4: four decimal numbers 0-255 without leading zeros (facts/decisions 1). */
export function parseIpv4(text: string): Result<Ip, "address"> {
  if (!QUAD.test(text)) return fail("address");
  const bytes = new Uint8Array(4);
  let place = 0, value = 0;
  // By hand: cut apart it costs four times as much, and a knock has one.
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code !== DOT) {
      value = value * 10 + code - DIGIT_0;
      continue;
    }
    if (value > 255) return fail("address");
    bytes[place++] = value;
    value = 0;
  }
  // A text of its own: a part of another would keep all of that in memory, be it a file with keys.
  return ok({ family: 4, text: bytes.join("."), bytes });
}

/** Any RFC 4291 text form without a zone; a mapped address comes back as IPv4. */
export function parseIpv6(text: string): Result<Ip, "address"> {
  const bytes = ipv6Bytes(text);
  return bytes === null ? fail("address") : ok(ipFromBytes(bytes));
}

/** Either family; no zone, no brackets, no port. */
export function parseIp(text: string): Result<Ip, "address"> {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

/**
 * RFC 4291 section 2.2, forms 1 to 3. By hand, and compared with ipaddr.js in the tests: that library takes zones, and reads
 * `::192.0.2.1` as `::ffff:192.0.2.1`, which would let in another host than was written.
 */
function ipv6Bytes(text: string): Uint8Array | null {
  if (text.length > 45) return null;
  let head = text;
  let tail4: Uint8Array | null = null;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    const quad = parseIpv4(text.slice(lastColon + 1));
    if (!quad.ok) return null;
    tail4 = quad.value.bytes;
    head = `${text.slice(0, lastColon + 1)}0:0`;
  }
  const halves = head.split("::");
  if (halves.length > 2) return null;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const [left = [], right = []] = groups;
  const given = left.length + right.length;
  if (halves.length === 1 ? given !== 8 : given > 7) return null;
  const all = [...left, ...Array<string>(8 - given).fill("0"), ...right];
  const bytes = new Uint8Array(16);
  for (const [index, group] of all.entries()) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    const value = parseInt(group, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 0xff;
  }
  if (tail4) bytes.set(tail4, 12);
  return bytes;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let best = 0;
  let start = -1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > best && n > 1) [best, start] = [n, i];
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + best).join(":")}`;
}
