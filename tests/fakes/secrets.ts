/** Secrets of a stanza, in one line. */
import type { HmacKey, RijndaelSecret, RijndaelSecrets } from "../../lib/crypto/secrets.ts";

/** Those of a Rijndael key: CBC and no HMAC unless it is said. */
export function rijndael(
  key: Uint8Array,
  { mode = "cbc", hmac = null }: { readonly mode?: RijndaelSecret["mode"]; readonly hmac?: HmacKey | null } = {},
): RijndaelSecrets {
  return { cipher: { kind: "rijndael", key, mode }, hmac };
}

/** The same with another key or mode. */
export function withCipher(secrets: RijndaelSecrets, changes: Partial<RijndaelSecret>): RijndaelSecrets {
  return { ...secrets, cipher: { ...secrets.cipher, ...changes } };
}
