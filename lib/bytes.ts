/** Bytes and text, strictly: what cannot be said in the target form is null, never a replacement character. */

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
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
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
  try {
    strictDecoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return strictDecoder.decode(bytes);
  } catch {
    // The only failure of a fatal decoder is bytes that are not UTF-8.
    return null;
  }
}

/** Whether every byte is printable ASCII: what C `isprint` takes in the POSIX locale. */
export function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
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
