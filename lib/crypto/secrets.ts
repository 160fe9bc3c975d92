/**
 * What the two ends share, and whether it can be used at all. The texts of configuration errors are elsewhere: these are the
 * faults of the format.
 */
import { type Fault, fault } from "../faults.ts";
import { MAX_HMAC_KEY_LENGTH, MAX_KEY_LENGTH } from "../limits.ts";
import { isDigestName, isRijndaelMode } from "./digest.ts";
import type { DigestName, RijndaelMode } from "./engine.ts";

/** One way to encrypt, with what it needs, and the HMAC over the packet. A stanza with two ways holds two of these. */
export interface Secrets {
  /** Null: no HMAC on the packet. */
  readonly hmac: HmacKey | null;
  readonly cipher: RijndaelSecret | GpgSecret;
}

/** The key of the HMAC and its digest. */
export interface HmacKey {
  readonly name: DigestName;
  /** 1 to 136 bytes. */
  readonly key: Uint8Array;
}

/** The key that both ends of a stanza know. */
export interface RijndaelSecret {
  readonly kind: "rijndael";
  /** 1 to 32 bytes as configured (decoded if given as base64), natural length. */
  readonly key: Uint8Array;
  readonly mode: RijndaelMode;
}

/** {@link Secrets} of which it is known that they are for Rijndael. */
export interface RijndaelSecrets extends Secrets {
  readonly cipher: RijndaelSecret;
}

/** GnuPG: its keys are not in this process, and what finds them is not part of the format. */
export interface GpgSecret {
  readonly kind: "gpg";
}

/**
 * The first thing that is wrong with the Rijndael key: its mode (64) or its length (95). Keys over 32 bytes are never
 * cut; an empty one is refused although the C library takes it (facts/wire 4, COMPATIBILITY F11).
 */
export function rijndaelFault({ mode, key }: Pick<RijndaelSecret, "key" | "mode">): Fault | null {
  if (!isRijndaelMode(mode)) return fault("encryption-mode-invalid");
  return key.length >= 1 && key.length <= MAX_KEY_LENGTH ? null : fault("key-length");
}

/** The first thing that is wrong with the HMAC key: its type (76) or its length (109). None at all is not wrong here. */
export function hmacKeyFault(hmac: HmacKey | null): Fault | null {
  if (hmac === null) return null;
  if (!isDigestName(hmac.name)) return fault("hmac-type-invalid");
  const { length } = hmac.key;
  return length >= 1 && length <= MAX_HMAC_KEY_LENGTH ? null : fault("hmac-key-length");
}
