/** From a request to the text of one packet: encode, digest, encrypt, strip, sign (facts/wire 1). Pure: time and randomness come in. */
import { encodeBase64 } from "../base64.ts";
import { concat, wipe } from "../bytes.ts";
import type { CryptoEngine, DigestName } from "../crypto/engine.ts";
import { randomDigits } from "../crypto/digits.ts";
import { deriveKey } from "../crypto/kdf.ts";
import { hmacKeyFault, rijndaelFault, type RijndaelSecret, type Secrets } from "../crypto/secrets.ts";
import { type Fault, fault } from "../faults.ts";
import { MAX_SPA_LENGTH, RANDOM_DIGITS, SALT_LENGTH } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";
import { encodeMessage } from "../wire/encode.ts";
import { isForCipher, stripPrefix } from "../wire/envelope.ts";
import type { SpaFields } from "../wire/message.ts";
import { hintedSalt, mayHint } from "./key_hint.ts";
import { fieldsOf, type SealRequest } from "./request.ts";
import { authenticationTag } from "./tag.ts";

/** ASCII `Salted__`, as OpenSSL starts a message whose key is derived with a salt. */
const SALT_HEADER = Uint8Array.of(0x53, 0x61, 0x6c, 0x74, 0x65, 0x64, 0x5f, 0x5f);

/** A packet and what a dump shows of it. */
export interface SealedPacket {
  /** What is sent, exactly: no line end, no padding. */
  readonly wire: string;
  /** The fields as they were encoded. */
  readonly fields: SpaFields;
  readonly digestName: DigestName;
  /** The colon text without its digest. */
  readonly encoded: string;
  /** b64n of the digest over `encoded`. */
  readonly digest: string;
  /** The tag at the end of `wire`, or null. */
  readonly hmac: string | null;
}

/** What makes two packets of one request differ. */
export interface SealMoment {
  /** Unix seconds of the time stamp. */
  readonly now: number;
  /** Fresh bytes of a cryptographic generator: first those of the random value are asked for, then those of the salt. */
  random(length: number): Uint8Array;
  /** Whether the salt may carry the hint by which a daemon finds the keys to try first (`key_hint.ts`). Default false. */
  readonly hint?: boolean;
  /** Makes the OpenPGP message of a packet for GnuPG (`openpgp/openpgp.ts`). What it throws is thrown. */
  encrypt?: PgpEncrypt | undefined;
}

/** From the text of a message to an OpenPGP message that starts as receivers restore it (`openpgp/framing.ts`). */
export type PgpEncrypt = (plaintext: Uint8Array) => Promise<Uint8Array>;

/** Makes a packet that never was before. Faults are those of {@link sealFields}. */
export async function seal(
  engine: CryptoEngine,
  request: SealRequest,
  secrets: Secrets,
  { now, random, hint, encrypt }: SealMoment,
): Promise<Result<SealedPacket, Fault>> {
  const fields = fieldsOf(request, { random: randomDigits(RANDOM_DIGITS, random), now });
  const fresh = random(SALT_LENGTH);
  const hmacKey = secrets.hmac?.key;
  const salt = hint === true && hmacKey !== undefined && mayHint(secrets) && hmacKeyFault(secrets.hmac) === null
    ? await hintedSalt(engine, fresh, { hmacKey, now })
    : fresh;
  return await sealFields(engine, fields, request.digest, { secrets, salt, encrypt });
}

/** How the text of a message becomes the bytes of a packet, beside the keys. */
interface Sealing {
  readonly secrets: Secrets;
  /** 8 bytes, random ones or with a hint in front. */
  readonly salt: Uint8Array;
  /** Needed for GnuPG, and for nothing else. */
  readonly encrypt?: PgpEncrypt | undefined;
}

/**
 * The packet of any fields, those of other clients too. Faults are those of `encodeFields`, of the keys, 105 for GnuPG
 * where nothing encrypts, 59 when that makes too much, and 65 when the packet has a length by which its receiver would
 * take it for another cipher (facts/wire 9).
 *
 * @throws RangeError when the salt has another length.
 */
export async function sealFields(
  engine: CryptoEngine,
  fields: SpaFields,
  digest: DigestName,
  { secrets, salt, encrypt }: Sealing,
): Promise<Result<SealedPacket, Fault>> {
  const { cipher, hmac } = secrets;
  if (cipher.kind === "gpg" && encrypt === undefined) return fail(fault("wrong-encryption-type"));
  const unusable = (cipher.kind === "rijndael" ? rijndaelFault(cipher) : null) ?? hmacKeyFault(hmac);
  if (unusable !== null) return fail(unusable);
  const message = await encodeMessage(engine, fields, digest);
  if (!message.ok) return message;
  const { plaintext } = message.value;
  const full = encodeBase64(
    cipher.kind === "gpg" ? await encrypt!(plaintext) : await encryptMessage(engine, cipher, salt, plaintext),
  );
  const body = stripPrefix(full, cipher.kind);
  const tag = hmac === null ? null : await authenticationTag(engine, full, hmac);
  const longest = Math.max(full.length, body.length + (tag ?? "").length);
  if (cipher.kind === "gpg" && longest > MAX_SPA_LENGTH) return fail(fault("gpg-result-length"));
  if (!isForCipher(body.length, secrets)) return fail(fault("encryption-type-unknown"));
  const { encoded, digest: inner } = message.value;
  return ok({ wire: body + (tag ?? ""), fields, digestName: digest, encoded, digest: inner, hmac: tag });
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
