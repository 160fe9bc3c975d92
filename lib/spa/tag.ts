/** The HMAC of a packet: over its base64 text with the prefix that is not sent (facts/wire 7). */
import { encodeBase64 } from "../base64.ts";
import { textBytes } from "../bytes.ts";
import type { CryptoEngine } from "../crypto/engine.ts";
import type { HmacKey } from "../crypto/secrets.ts";

/** b64n of the HMAC over `full`, which carries its prefix and no tag. */
export async function authenticationTag(
  engine: Pick<CryptoEngine, "hmac">,
  full: string,
  hmac: HmacKey,
): Promise<string> {
  return encodeBase64(await engine.hmac(hmac.name, hmac.key, textBytes(full)));
}
