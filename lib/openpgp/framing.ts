/**
 * How the first packet of an OpenPGP message is framed. A server of the C program puts `hQ` in front of what it receives,
 * which is right where that packet has an old header with two bytes of length (facts/wire 8). That header may be written
 * for every length, so messages for elliptic curves, and those of other libraries, are written that way. Pure.
 */
import { concat } from "../bytes.ts";

/** Public-key encrypted session key: what every message to a key starts with. */
const SESSION_KEY = 1;
/** A longer one changes the second character of the text, which is not sent. */
const MAX_LENGTH = 0x0fff;
const OLD_TWO_BYTES = 0x80 | SESSION_KEY << 2 | 1;

/** The header of a packet. */
interface Header {
  readonly tag: number;
  /** Bytes of the header itself. */
  readonly size: number;
  /** Bytes of the body. */
  readonly length: number;
}

/** The message with the header that C servers restore; null where it starts with another packet, or with too long a one. */
export function withOldHeader(message: Uint8Array): Uint8Array | null {
  const header = readHeader(message);
  if (header === null || header.tag !== SESSION_KEY) return null;
  const { size, length } = header;
  if (length > MAX_LENGTH || size + length > message.length) return null;
  return concat(Uint8Array.of(OLD_TWO_BYTES, length >> 8, length & 0xff), message.subarray(size));
}

/** Null where there is no header, or one of a body in pieces or of unknown length. */
function readHeader(bytes: Uint8Array): Header | null {
  const [first = 0, ...more] = bytes.subarray(0, 6);
  if ((first & 0x80) === 0) return null;
  return (first & 0x40) === 0 ? oldHeader(first, more) : newHeader(first, more);
}

function oldHeader(first: number, more: readonly number[]): Header | null {
  const count = [1, 2, 4, 0][first & 3]!;
  if (count === 0 || more.length < count) return null;
  return { tag: first >> 2 & 0x0f, size: 1 + count, length: bigEndian(more.slice(0, count)) };
}

function newHeader(first: number, [one = 224, ...rest]: readonly number[]): Header | null {
  const tag = first & 0x3f;
  if (one < 192) return { tag, size: 2, length: one };
  if (one < 224 && rest.length > 0) return { tag, size: 3, length: (one - 192) * 256 + rest[0]! + 192 };
  return one === 255 && rest.length >= 4 ? { tag, size: 6, length: bigEndian(rest.slice(0, 4)) } : null;
}

function bigEndian(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}
