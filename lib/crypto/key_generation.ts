/** `--key-gen`: an encryption key and an HMAC key in base64 (facts/client 10, COMPATIBILITY F18, COMPATIBILITY F19). */
import { encodePaddedBase64 } from "../base64.ts";
import type { DigestName } from "./engine.ts";

/** HMAC key bytes by digest. The C client has no length for SHA-3 and fails; any of 1 to 128 interoperates. */
const HMAC_KEY_LENGTH: Readonly<Record<DigestName, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 64,
  sha384: 128,
  sha512: 128,
  sha3_256: 64,
  sha3_512: 64,
};

/** New keys, padded standard base64. */
export interface GeneratedKeys {
  readonly keyBase64: string;
  readonly hmacKeyBase64: string;
}

/** Makes keys of the given lengths in bytes. `randomBytes` must be cryptographic. */
export function generateKeys(
  options: { readonly keyLen: number; readonly hmacKeyLen: number | undefined; readonly hmacDigest: DigestName },
  randomBytes: (length: number) => Uint8Array,
): GeneratedKeys {
  const hmacLength = options.hmacKeyLen ?? HMAC_KEY_LENGTH[options.hmacDigest];
  return {
    keyBase64: encodePaddedBase64(randomBytes(options.keyLen)),
    hmacKeyBase64: encodePaddedBase64(randomBytes(hmacLength)),
  };
}

/** The two lines that scripts read. */
export function formatKeys(keys: GeneratedKeys): string {
  return `KEY_BASE64: ${keys.keyBase64}\nHMAC_KEY_BASE64: ${keys.hmacKeyBase64}`;
}
