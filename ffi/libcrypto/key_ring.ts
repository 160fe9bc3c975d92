/** HMAC keys that are tried on one text after another (RFC 2104): what the hash functions of libcrypto have in common. */

/** The bytes that a key is combined with. */
export const INNER = 0x36, OUTER = 0x5c;

/** Keys of one hash function, by number. */
export interface KeyRing {
  /** From now on it is about this text, and this tag of the length of the digest, which {@link KeyRing.fits} needs. */
  take(text: Uint8Array, tag?: Uint8Array): void;
  /** Whether the HMAC of the text by that key is the tag. Takes as long whatever the answer is. */
  fits(key: number): boolean;
  /** The HMAC of the text by that key. It is overwritten by the next call. */
  hmac(key: number): Uint8Array;
  /** Overwrites and gives back what is kept of the keys. The ring is not to be used afterwards. */
  wipe(): void;
}

/** The block that a key begins with: the key, or its digest where it is longer than a block, each byte combined with `byte`. */
export function padKey(
  key: Uint8Array,
  { byte, block }: { readonly byte: number; readonly block: number },
  digest: (key: Uint8Array<ArrayBuffer>) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(block);
  const own = Uint8Array.from(key);
  const short = key.length > block ? digest(own) : own;
  padded.set(short);
  for (let i = 0; i < block; i++) padded[i]! ^= byte;
  own.fill(0);
  short.fill(0);
  return padded;
}
