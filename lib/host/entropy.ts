/** Randomness of the machine, from its cryptographic generator. Passed as a parameter to whatever needs it. */

/** Fresh random bytes. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Bytes up to here map to digits evenly. */
const EVEN = 250;

/** `length` decimal digits, each equally likely. `bytes` is a parameter for tests. */
export function randomDigits(length: number, bytes: (length: number) => Uint8Array = randomBytes): string {
  let digits = "";
  while (digits.length < length) {
    for (const byte of bytes(length - digits.length)) {
      if (byte < EVEN) digits += String(byte % 10);
    }
  }
  return digits;
}
