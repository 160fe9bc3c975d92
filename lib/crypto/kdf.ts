/**
 * From a configured key and the salt of a packet to the AES key and IV: OpenSSL's `EVP_BytesToKey` with MD5 and one
 * iteration (facts/wire 6). It is what the format demands, not what one would choose today: a weak pass phrase
 * stays weak, which is why generated keys are random bytes and packets carry an HMAC.
 */
import { wipe } from "../bytes.ts";
import { SALT_LENGTH } from "../limits.ts";
import type { CryptoEngine, RijndaelMode } from "./engine.ts";

/** What one packet is encrypted with. */
export interface DerivedKey {
  /** 32 bytes: AES-256. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** 16 bytes. */
  readonly iv: Uint8Array<ArrayBuffer>;
}

/** Legacy mode fills shorter keys with ASCII zeros up to this length. */
const LEGACY_LENGTH = 16;
const ASCII_ZERO = 0x30;
const MD5_LENGTH = 16;

/**
 * Derives key and IV. `passphrase`: the key bytes at their natural length, NUL bytes included; `salt`: 8 bytes.
 *
 * @throws RangeError when the salt has another length.
 */
export async function deriveKey(
  engine: Pick<CryptoEngine, "digest">,
  mode: RijndaelMode,
  passphrase: Uint8Array,
  salt: Uint8Array,
): Promise<DerivedKey> {
  if (salt.length !== SALT_LENGTH) throw new RangeError(`"salt" expected 8 bytes, got ${salt.length}`);
  const padded = mode === "legacy" ? padLegacyKey(passphrase) : passphrase;
  /** Behind the digest before, which the first has not. */
  const secret = new Uint8Array(MD5_LENGTH + padded.length + SALT_LENGTH);
  secret.set(padded, MD5_LENGTH);
  secret.set(salt, MD5_LENGTH + padded.length);
  const derived = new Uint8Array(3 * MD5_LENGTH);
  for (let at = 0; at < derived.length; at += MD5_LENGTH) {
    const digest = await engine.digest("md5", at === 0 ? secret.subarray(MD5_LENGTH) : secret);
    secret.set(digest);
    derived.set(digest, at);
    wipe(digest);
  }
  // Every packet that is tried comes by here: what is left behind would fill the memory with keys.
  wipe(secret);
  if (padded !== passphrase) wipe(padded);
  return { key: derived.subarray(0, 2 * MD5_LENGTH), iv: derived.subarray(2 * MD5_LENGTH) };
}

/** Keys below 16 bytes are filled up with the character `0`; longer ones stay as they are. */
export function padLegacyKey(key: Uint8Array): Uint8Array {
  if (key.length >= LEGACY_LENGTH) return key;
  const padded = new Uint8Array(LEGACY_LENGTH).fill(ASCII_ZERO);
  padded.set(key);
  return padded;
}
