/** Conversion between bytes and text: what the target form cannot express gives null, never a replacement character. */

/** All parts in one fresh array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One character a byte (ISO 8859-1): loses nothing and never fails. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  // Not spread, which asks an iterator for each byte: that takes twelve times as long.
  for (let at = 0; at < bytes.length; at += 4096) text += textOf(bytes.subarray(at, at + 4096));
  return text;
}

function textOf(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, null, bytes);
}

const encoder = new TextEncoder();
/** Made at its first use: a knock encodes only. */
let strictDecoder: TextDecoder | undefined;

/** UTF-8; null for a string with a lone surrogate, which no bytes stand for. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> | null {
  return text.isWellFormed() ? encoder.encode(text) : null;
}

/** UTF-8 of text that is known to be ASCII, or whose bytes are only hashed or compared: a lone surrogate becomes U+FFFD. */
export function textBytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Text of valid UTF-8 (a byte order mark is a character like any other); null for anything else. */
export function utf8Text(bytes: Uint8Array): string | null {
  // Nearly every text that is read here. A decoder costs a knock half a millisecond.
  if (isAscii(bytes)) return latin1Text(bytes);
  try {
    strictDecoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return strictDecoder.decode(bytes);
  } catch {
    // The only failure of a fatal decoder is bytes that are not UTF-8.
    return null;
  }
}

/** Whether no byte is above 127. */
function isAscii(bytes: Uint8Array): boolean {
  // Indexed: an iterator makes an object for each byte before the code is warm.
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}

/** Sequences of UTF-8 as a text of one character a byte, or one byte that belongs to none. */
const PIECES =
  /(?:[^\x80-\xff]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}){1,4096}|[^]/g;

/** The lone surrogate that stands for the byte 0 in {@link escapedText}; those of the bytes 0x80 to 0xff follow it. */
const ESCAPE = 0xdc00;

/**
 * Text of any bytes, from which {@link escapedBytes} makes the same bytes again: UTF-8 where they are UTF-8; each other byte
 * is the lone surrogate 0xdc00 plus its value, which no UTF-8 stands for. Files that may hold keys are read so: a pass phrase
 * is bytes, whatever the rest of the file is written in.
 */
export function escapedText(bytes: Uint8Array): string {
  return utf8Text(bytes) ?? latin1Text(bytes).replace(PIECES, (piece) => {
    const [first = 0] = latin1Bytes(piece);
    return piece.length === 1 && first >= 0x80
      ? String.fromCharCode(ESCAPE + first)
      : utf8Text(latin1Bytes(piece)) ?? piece;
  });
}

/** The bytes of {@link escapedText}, and of every well-formed text its UTF-8. */
export function escapedBytes(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts = text.split(/([\udc80-\udcff])/u).map((part, index) =>
    index % 2 === 0 ? encoder.encode(part) : Uint8Array.of(part.charCodeAt(0) - ESCAPE)
  );
  return concat(...parts);
}

/** The bytes of a text of one character a byte. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Whether every byte is printable ASCII: what C `isprint` takes in the POSIX locale. */
export function isPrintable(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! < 0x20 || bytes[at]! > 0x7e) return false;
  return true;
}

/** Whether both are the same, in a time that tells nothing about where they differ. Lengths are not secret. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/**
 * Overwrites secrets with zeros. It does what can be done: the runtime may have copied the bytes elsewhere before, and
 * strings cannot be wiped at all.
 */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
