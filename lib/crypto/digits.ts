/** Decimal digits from random bytes. Pure: the bytes are a parameter. */

/** Bytes up to here map to digits evenly. */
const EVEN = 250;

/** `length` decimal digits, each equally likely where the bytes are. */
export function randomDigits(length: number, bytes: (length: number) => Uint8Array): string {
  let digits = "";
  while (digits.length < length) {
    for (const byte of bytes(length - digits.length)) {
      if (byte < EVEN) digits += String(byte % 10);
    }
  }
  return digits;
}
