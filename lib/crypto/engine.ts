/**
 * The primitives that the SPA format needs, as a parameter of `seal` and `open`.
 *
 * Three engines exist because the two ends want different things (docs/ARCHITECTURE.md): the daemon checks many keys
 * against one packet and must not wait (`daemon/crypto/libcrypto_engine.ts`: OpenSSL's libcrypto; `noble_engine.ts` where
 * that is missing, in JavaScript; both synchronous, HMAC key state kept); the client makes one packet and must start fast
 * (`web_engine.ts`: WebCrypto, the rest from the compatibility shim). All pass the same vectors.
 */

/** Digests and HMACs of fwknop 2.6, by their lower-case names. Ids and lengths: `digest.ts`. */
export type DigestName = "md5" | "sha1" | "sha256" | "sha384" | "sha512" | "sha3_256" | "sha3_512";

/** Cipher modes that can be used. PCBC is known by name only and refused. */
export type RijndaelMode = "cbc" | "ecb" | "cfb" | "ofb" | "ctr" | "legacy";

/**
 * A value now, or a promise of it. Awaiting a plain value costs a microtask, so one async function serves both engines.
 */
export type Awaitable<Value> = Value | Promise<Value>;

/** HMAC keys of one digest that are tried on one text after another, by number. */
export interface KeyRing {
  /** From now on it is about this text, and this tag of the length of the digest, which {@link KeyRing.fits} needs. Both are copied. */
  take(text: Uint8Array, tag?: Uint8Array): void;
  /** Whether the HMAC of the text by that key is the tag. Takes as long whatever the answer is, and allocates nothing. */
  fits(key: number): boolean;
  /** The HMAC of the text by that key. It is overwritten by the next call. */
  hmac(key: number): Uint8Array;
  /** Overwrites and gives back what is kept of the keys. The ring is not to be used afterwards. */
  wipe(): void;
}

export interface CryptoEngine {
  /** Digest of `data`. */
  digest(name: DigestName, data: Uint8Array): Awaitable<Uint8Array>;
  /** RFC 2104 HMAC, never truncated. `key`: 1 to 136 bytes (facts/wire 4). */
  hmac(name: DigestName, key: Uint8Array, data: Uint8Array): Awaitable<Uint8Array>;
  /** AES-256 over PKCS#7-padded whole blocks in every mode. `key` 32 bytes, `iv` 16 bytes; `plain` is not padded yet. */
  encrypt(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Awaitable<Uint8Array>;
  /**
   * The reverse. `cipher` is a positive multiple of 16 bytes. Consistent PKCS#7 padding is removed; if it is not
   * consistent the blocks come back as they are (facts/wire 9 step 4), so nothing distinguishes bad padding from bad
   * content.
   */
  decrypt(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Awaitable<Uint8Array>;
  /** Holds keys of 1 to 136 bytes. Absent in an engine whose answers have to be awaited. */
  keyRing?(name: DigestName, keys: readonly Uint8Array[]): KeyRing;
}
