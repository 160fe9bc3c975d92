/** Whether a set of keys can be used at all. The texts of configuration errors are elsewhere: these are the faults of the format. */
import { type Fault, fault } from "../faults.ts";
import { MAX_HMAC_KEY_LENGTH, MAX_KEY_LENGTH } from "../limits.ts";
import { isDigestName, isRijndaelMode } from "./digest.ts";
import type { KeySet } from "./engine.ts";

/**
 * The first thing that is wrong with the Rijndael key: its mode (64) or its length (95). Keys over 32 bytes are never cut;
 * an empty one is refused although the C library takes it (wire-and-client A.4, C.2 F11).
 */
export function encryptionKeyFault(keys: Pick<KeySet, "encryption" | "mode">): Fault | null {
  if (!isRijndaelMode(keys.mode)) return fault("encryption-mode-invalid");
  const { length } = keys.encryption;
  return length >= 1 && length <= MAX_KEY_LENGTH ? null : fault("key-length");
}

/** The first thing that is wrong with the HMAC key: its type (76) or its length (109). None at all is not wrong here. */
export function hmacKeyFault(hmac: KeySet["hmac"]): Fault | null {
  if (hmac === null) return null;
  if (!isDigestName(hmac.name)) return fault("hmac-type-invalid");
  const { length } = hmac.key;
  return length >= 1 && length <= MAX_HMAC_KEY_LENGTH ? null : fault("hmac-key-length");
}
