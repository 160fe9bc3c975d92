/** The HMAC of a packet: over its base64 text with the prefix that is not sent (wire-and-client A.7). */
import { encodeBase64 } from "../base64.ts";
import { textBytes } from "../bytes.ts";
import type { CryptoEngine, KeySet } from "../crypto/engine.ts";
import { PREFIXES } from "../wire/envelope.ts";

/** b64n of the HMAC over `full`, which carries its prefix and no tag. */
export async function authenticationTag(
  engine: Pick<CryptoEngine, "hmac">,
  full: string,
  hmac: NonNullable<KeySet["hmac"]>,
): Promise<string> {
  return encodeBase64(await engine.hmac(hmac.name, hmac.key, textBytes(full)));
}

/**
 * The length by which a receiver tells Rijndael from GPG: checking an HMAC puts the prefix back first, so the same body
 * counts for ten characters more (A.9 step 3).
 */
export function measuredLength(body: string, hmac: KeySet["hmac"]): number {
  return hmac === null ? body.length : body.length + PREFIXES.rijndael.length;
}
