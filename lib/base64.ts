/**
 * Base64 as SPA packets use it: standard alphabet, no padding, and exactly one text for every byte string, so that one
 * packet has one spelling (COMPATIBILITY F1).
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const FOREIGN = 0xff;

/** Value of each byte, and so of each character code below 256. */
const VALUES = buildValues();

function buildValues(): Uint8Array {
  const values = new Uint8Array(256).fill(FOREIGN);
  for (let i = 0; i < ALPHABET.length; i++) values[ALPHABET.charCodeAt(i)] = i;
  return values;
}

/** Encodes without padding: the C programs encode with it and cut at the first `=`. */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}

/**
 * Decodes the one spelling that {@link encodeBase64} writes. Null for a foreign character (`=` and white space are
 * foreign), a lone last character, or unused low bits that are not zero.
 *
 * @param room where to write, of that length or longer, for who decodes so often that a new array each time costs too much
 */
export function decodeBase64(text: string, room?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const length = decodedLength(text.length);
  const bytes = room === undefined ? new Uint8Array(length) : room.subarray(0, length);
  return text.length % 4 !== 1 && decodeGroups(text, bytes) === 0 ? bytes : null;
}

/** Gives the bits that fill no byte; null when there is a foreign character. */
function decodeGroups(text: string, bytes: Uint8Array): number | null {
  let at = 0;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? FOREIGN;
    if (value === FOREIGN) return null;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held;
}

/** Bytes that so many characters stand for; a lone last character stands for none. */
export function decodedLength(characters: number): number {
  return (characters * 3) >> 2;
}

/** Copies text of the alphabet as bytes, to where there is room for it. False where a character is outside. */
export function writeBase64(text: string, target: Uint8Array, at: number): boolean {
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    all |= VALUES[code] ?? FOREIGN;
    target[at + i] = code;
  }
  return all < 64;
}

/** Index of the first character outside the alphabet, or the length of the text. */
export function foreignCharacter(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if ((VALUES[text.charCodeAt(i)] ?? FOREIGN) === FOREIGN) return i;
  }
  return text.length;
}

/** Whether all bytes are characters of the alphabet. Every byte is looked at: of a packet mostly all are. */
export function isBase64(bytes: Uint8Array): boolean {
  let all = 0;
  for (let i = 0; i < bytes.length; i++) all |= VALUES[bytes[i]!]!;
  return all < 64;
}

/** The six bits of a character code; null for one outside the alphabet. */
export function base64Value(code: number): number | null {
  const value = VALUES[code] ?? FOREIGN;
  return value === FOREIGN ? null : value;
}

/** Standard base64 with padding, as key files and stanzas carry it. */
export function encodePaddedBase64(bytes: Uint8Array): string {
  const text = encodeBase64(bytes);
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

/**
 * Decodes a key as configured. Keys are not packets: here the same bytes must come out as in the C programs, so missing
 * padding and loose low bits are taken. Null for a foreign character, and for anything after the padding.
 */
export function decodePaddedBase64(text: string): Uint8Array<ArrayBuffer> | null {
  const body = text.replace(/=+$/, "");
  const bytes = new Uint8Array(decodedLength(body.length));
  return decodeGroups(body, bytes) === null ? null : bytes;
}

/** Bytes of the encryption key and of the HMAC key that `--key-gen` makes when nothing else is asked for. */
export const GENERATED_KEY_BYTES = { encryption: 32, hmac: 64 } as const;

/**
 * Whether a configured key looks like the beginning of one of `whole` bytes: its text stops in the middle of a group of
 * four, and not as an encoder without padding would leave it. Keys of other lengths that were made so are left alone.
 */
export function looksCut(text: string, whole: number): boolean {
  const body = text.replace(/=+$/, "");
  const bytes = decodedLength(body.length);
  if (bytes >= whole || text.length % 4 === 0) return false;
  return bytes % 4 !== 0 || decodeBase64(body) === null;
}

/** SPA over HTTP: the path of the request carries `-` for `+` and `_` for `/` (facts/client 8). */
export function toUrlForm(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

/** The reverse of {@link toUrlForm}. */
export function fromUrlForm(text: string): string {
  return text.replaceAll("-", "+").replaceAll("_", "/");
}
