/** Randomness of the machine, from its cryptographic generator. Passed as a parameter to whatever needs it. */

/** Fresh random bytes. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
