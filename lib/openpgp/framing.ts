/**
 * How the first packet of an OpenPGP message is framed. A server of the C program puts `hQ` in front of what it receives,
 * which is right where that packet has an old header with two bytes of length (facts/wire 8). That header may be written
 * for every length, so messages for elliptic curves, and those of other libraries, are written that way. Pure.
 */
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { concat } from "../bytes.ts";
import { PREFIXES } from "../wire/envelope.ts";

/** What can follow a session key: another one, or the encrypted data, with which the message ends. */
const SESSION_KEYS: readonly number[] = [1, 3];
const ENCRYPTED_DATA: readonly number[] = [9, 18, 20];

/** Public-key encrypted session key: what every message to a key starts with. */
const SESSION_KEY = 1;
/** Of the session keys that gpg makes. */
const VERSION = 3;
/** A longer one changes the second character of the text, which is not sent. */
const MAX_LENGTH = 0x0fff;
const OLD_ONE_BYTE = 0x80 | SESSION_KEY << 2;
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

/**
 * What may have been cut off the text of a message, the usual first. The C client cuts two characters whatever they are: of
 * a message to an elliptic curve they hold half of its one byte of length, and the other half and the packet that follows
 * tell which. Mostly there is one besides the usual.
 */
export function cutPrefixes(body: string): readonly string[] {
  const bytes = decodeBase64(PREFIXES.gpg + body) ?? new Uint8Array(0);
  // The version stands behind one byte of length, or behind two.
  if (bytes[2] !== VERSION) return [PREFIXES.gpg];
  const low = (bytes[1] ?? 0) & 0x0f;
  const others = Array.from({ length: 16 }, (_, high) => high << 4 | low)
    .filter((length) => length > 0 && followsSessionKey(bytes.subarray(2 + length)))
    .map((length) => encodeBase64(Uint8Array.of(OLD_ONE_BYTE, length)).slice(0, 2));
  return [PREFIXES.gpg, ...others];
}

/** Encrypted data that shows when it was changed. */
const PROTECTED_DATA: readonly number[] = [18, 20];
/** Digits of a key id that is not told. */
export const HIDDEN_RECIPIENT = "0".repeat(16);

/**
 * The ids of the keys that a message is for, as 16 digits in capitals. Null where it is anything else than session keys for
 * keys, and behind them data that shows when it was changed, with which it ends: nothing that a password opens, nothing that
 * is not encrypted, nothing behind it.
 */
export function recipientsOf(message: Uint8Array): readonly string[] | null {
  const ids: string[] = [];
  for (let rest = message;;) {
    const header = readHeader(rest);
    if (header?.tag !== SESSION_KEY) return ids.length > 0 && isProtectedData(rest) ? ids : null;
    const end = header.size + header.length;
    const body = rest.subarray(header.size, end);
    if (end > rest.length || body.length < 10 || body[0] !== VERSION) return null;
    ids.push(body.subarray(1, 9).toHex().toUpperCase());
    rest = rest.subarray(end);
  }
}

/** One packet, in one piece or in several, and nothing behind it. */
function isProtectedData(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  if (!PROTECTED_DATA.some((tag) => first === (0xc0 | tag))) return false;
  let at = 1;
  for (let one = bytes[at]; one !== undefined && one >= 224 && one < 255; one = bytes[at]) at += 1 + 2 ** (one & 0x1f);
  const last = newHeader(first, [...bytes.subarray(at, at + 5)]);
  return last !== null && at - 1 + last.size + last.length === bytes.length;
}

function followsSessionKey(rest: Uint8Array): boolean {
  const header = readHeader(rest);
  // Data in pieces, the first of which has 2^0 to 2^30 bytes.
  if (header === null) return (rest[1] ?? 0) >= 224 && ENCRYPTED_DATA.some((tag) => rest[0] === (0xc0 | tag));
  const { tag, size, length } = header;
  return ENCRYPTED_DATA.includes(tag)
    ? size + length === rest.length
    : SESSION_KEYS.includes(tag) && size + length < rest.length;
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
