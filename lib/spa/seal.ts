/** From a request to the text of one packet: encode, digest, encrypt, strip, sign (facts/wire 1). Pure. */
import { encodeBase64 } from "../base64.ts";
import { concat, wipe } from "../bytes.ts";
import type { CryptoEngine, DigestName } from "../crypto/engine.ts";
import { deriveKey } from "../crypto/kdf.ts";
import { hmacKeyFault, rijndaelFault, type RijndaelSecret, type Secrets } from "../crypto/secrets.ts";
import { type Fault, fault } from "../faults.ts";
import { fail, ok, type Result } from "../result.ts";
import { coupleTypeAndTimeout, encodeMessage } from "../wire/encode.ts";
import { isForCipher, PREFIXES, stripPrefix } from "../wire/envelope.ts";
import type { SpaFields } from "../wire/message.ts";
import { authenticationTag } from "./tag.ts";

/** ASCII `Salted__`, as OpenSSL starts a message whose key is derived with a salt. */
const SALT_HEADER = Uint8Array.of(0x53, 0x61, 0x6c, 0x74, 0x65, 0x64, 0x5f, 0x5f);

/** A packet and what a dump shows of it. */
export interface SealedPacket {
  /** What is sent, exactly: no line end, no padding. */
  readonly wire: string;
  /** The fields as they were encoded: type and timeout coupled. */
  readonly fields: SpaFields;
  readonly digestName: DigestName;
  /** The colon text without its digest. */
  readonly encoded: string;
  /** b64n of the digest over `encoded`. */
  readonly digest: string;
  /** The tag at the end of `wire`, or null. */
  readonly hmac: string | null;
}

/**
 * Makes the packet. Type and timeout are coupled here (facts/wire 3). `salt`: 8 random bytes, never used twice. Faults
 * are those of `encodeFields`, of the keys, 105 for GnuPG, which needs more than an engine, and 65 when the packet
 * would be too long to be taken for Rijndael by its receiver (facts/wire 9).
 *
 * @throws RangeError when the salt has another length.
 */
export async function seal(
  engine: CryptoEngine,
  fields: SpaFields,
  digest: DigestName,
  secrets: Secrets,
  salt: Uint8Array,
): Promise<Result<SealedPacket, Fault>> {
  const { cipher, hmac } = secrets;
  if (cipher.kind !== "rijndael") return fail(fault("wrong-encryption-type"));
  const unusable = rijndaelFault(cipher) ?? hmacKeyFault(hmac);
  if (unusable !== null) return fail(unusable);
  const coupled = { ...fields, ...coupleTypeAndTimeout(fields.type, fields.clientTimeout) };
  const message = await encodeMessage(engine, coupled, digest);
  if (!message.ok) return message;
  const full = encodeBase64(await encryptMessage(engine, cipher, salt, message.value.plaintext));
  const body = stripPrefix(full, "rijndael");
  if (!isForCipher(body.length, secrets)) return fail(fault("encryption-type-unknown"));
  const tag = hmac === null ? null : await authenticationTag(engine, PREFIXES.rijndael + body, hmac);
  const { encoded, digest: inner } = message.value;
  return ok({ wire: body + (tag ?? ""), fields: coupled, digestName: digest, encoded, digest: inner, hmac: tag });
}

/** `Salted__`, the salt, and the blocks. */
async function encryptMessage(
  engine: CryptoEngine,
  { mode, key }: RijndaelSecret,
  salt: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const derived = await deriveKey(engine, mode, key, salt);
  const cipher = await engine.encrypt(mode, derived.key, derived.iv, plaintext);
  wipe(derived.key, derived.iv);
  return concat(SALT_HEADER, salt, cipher);
}
