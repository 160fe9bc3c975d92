/** PKCS#7 padding to AES blocks (RFC 5652 section 6.3), as fwknop applies it in every mode. */
import { BLOCK_LENGTH } from "../limits.ts";

/** Appends 1 to 16 bytes, each holding their number. */
export function addPadding(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = BLOCK_LENGTH - (plain.length % BLOCK_LENGTH);
  const padded = new Uint8Array(plain.length + length).fill(length, plain.length);
  padded.set(plain);
  return padded;
}

/** Takes consistent padding off; anything else comes back as it is (facts/wire 9 step 4). */
export function removePadding(blocks: Uint8Array): Uint8Array {
  const length = blocks.at(-1) ?? 0;
  if (length < 1 || length > BLOCK_LENGTH || length > blocks.length) return blocks;
  const kept = blocks.length - length;
  return blocks.subarray(kept).every((byte) => byte === length) ? blocks.subarray(0, kept) : blocks;
}
