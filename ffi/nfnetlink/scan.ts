/**
 * Attributes of received messages, found where they lie: nothing is allocated for what nobody asks for, which counts where
 * tens of thousands of rules are read. Pure.
 *
 * A place is the offset of an attribute's payload; the length stands in the header before it. Places come from
 * {@link find} and {@link entries} only, which never give one that reaches beyond what it is nested in.
 */
import { NLA_TYPE_MASK } from "./constants.ts";

/** The place of a message's body, whose attributes follow `nfgenmsg`. */
export const BODY = 4;
/** The place of what is not there. Everything that is looked for in it is not there either. */
export const NOWHERE = -1;

/** Bytes of an attribute's header. */
const HEADER = 4;

const fromUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The first attribute of that number in another one, or in a {@link BODY}. */
export function find(bytes: Uint8Array, parent: number, type: number): number {
  const end = endOf(bytes, parent);
  for (let at = parent; at + HEADER <= end;) {
    const size = u16(bytes, at);
    if (size < HEADER || at + size > end) break;
    if ((u16(bytes, at + 2) & NLA_TYPE_MASK) === type) return at + HEADER;
    at += align(size);
  }
  return NOWHERE;
}

/** All attributes in another one, in order, whatever their numbers: for lists. */
export function entries(bytes: Uint8Array, parent: number): readonly number[] {
  const places: number[] = [];
  const end = endOf(bytes, parent);
  for (let at = parent; at + HEADER <= end;) {
    const size = u16(bytes, at);
    if (size < HEADER || at + size > end) break;
    places.push(at + HEADER);
    at += align(size);
  }
  return places;
}

/** The number of an attribute. */
export function typeAt(bytes: Uint8Array, place: number): number {
  return u16(bytes, place - 2) & NLA_TYPE_MASK;
}

/** A payload, as a view; null when it is not there. */
export function bytesAt(bytes: Uint8Array, place: number): Uint8Array | null {
  return place === NOWHERE ? null : bytes.subarray(place, endOf(bytes, place));
}

/** A big-endian 32-bit number; null when it is not there or too short. */
export function be32At(bytes: Uint8Array, place: number): number | null {
  if (endOf(bytes, place) - place < 4) return null;
  return be32(bytes, place);
}

/** A big-endian 64-bit number; null when it is not there or too short. */
export function be64At(bytes: Uint8Array, place: number): bigint | null {
  if (endOf(bytes, place) - place < 8) return null;
  return BigInt(be32(bytes, place)) << 32n | BigInt(be32(bytes, place + 4));
}

/** A string, up to its NUL; empty when it is not there. What is not UTF-8 becomes U+FFFD. */
export function textAt(bytes: Uint8Array, place: number): string {
  const end = endOf(bytes, place);
  let text = "";
  for (let at = place; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) return text;
    if (byte >= 0x80) return decode(bytes.subarray(place, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

function decode(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return fromUtf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Where a payload ends: a place's own header says so, a body goes on to the end of the bytes. */
function endOf(bytes: Uint8Array, place: number): number {
  if (place === NOWHERE) return NOWHERE;
  return place === BODY ? bytes.length : place - HEADER + u16(bytes, place - HEADER);
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8;
}

function be32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24 | (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0)) >>> 0;
}

function align(size: number): number {
  return (size + 3) & ~3;
}
