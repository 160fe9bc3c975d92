/**
 * From a configured key and the salt of a packet to the AES key and IV: OpenSSL's `EVP_BytesToKey` with MD5 and one
 * iteration (facts/wire 6). It is what the format demands, not what one would choose today: a weak pass phrase
 * stays weak, which is why generated keys are random bytes and packets carry an HMAC.
 */
import { concat, wipe } from "../bytes.ts";
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
  const secret = concat(padded, salt);
  const first = await engine.digest("md5", secret);
  const again = concat(first, secret);
  const second = await engine.digest("md5", again);
  const onceMore = concat(second, secret);
  const third = await engine.digest("md5", onceMore);
  const derived = { key: concat(first, second), iv: concat(third) };
  // Every packet that is tried comes by here: what is left behind would fill the memory with keys.
  wipe(secret, again, onceMore, first, second, third);
  if (padded !== passphrase) wipe(padded);
  return derived;
}

/** Keys below 16 bytes are filled up with the character `0`; longer ones stay as they are. */
export function padLegacyKey(key: Uint8Array): Uint8Array {
  if (key.length >= LEGACY_LENGTH) return key;
  const padded = new Uint8Array(LEGACY_LENGTH).fill(ASCII_ZERO);
  padded.set(key);
  return padded;
}
