/**
 * From a packet to a message one may believe, in the only right order: length, alphabet, HMAC, canonical base64,
 * decryption, inner digest, fields. Nothing is decrypted before its HMAC is right, nothing is parsed before its digest is
 * right, and outside legacy mode no packet has two spellings. What this does not do: it knows neither the time nor which
 * packets it has seen, so a replay opens here; and without an HMAC key anybody can make the receiver decrypt.
 */
import { decodeBase64, decodedLength, encodeBase64, foreignCharacter } from "../base64.ts";
import { concat, equalConstantTime, textBytes, wipe } from "../bytes.ts";
import { DIGESTS } from "../crypto/digest.ts";
import type { CryptoEngine, KeySet } from "../crypto/engine.ts";
import { deriveKey } from "../crypto/kdf.ts";
import { encryptionKeyFault, hmacKeyFault } from "../crypto/keys.ts";
import { type Fault, fault, type FaultCode } from "../faults.ts";
import { BLOCK_LENGTH, MAX_SPA_LENGTH, MIN_SPA_LENGTH, SALT_HEADER_LENGTH, SALT_LENGTH } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";
import { decodeMessage } from "../wire/decode.ts";
import {
  encryptionByLength,
  hasPrefix,
  PREFIXES,
  RIJNDAEL_FIRST_CHARACTERS,
  splitTag,
  stripPrefix,
} from "../wire/envelope.ts";
import type { SpaMessage } from "../wire/message.ts";
import { authenticationTag, measuredLength } from "./tag.ts";

/**
 * Opens a Rijndael packet with one set of keys. `wire`: exactly what came, without prefix. Never throws on any text.
 * Faults: wire-and-client A.9 to A.11; 75 is the one to expect where several keys are tried.
 */
export async function open(engine: CryptoEngine, wire: string, keys: KeySet): Promise<Result<SpaMessage, Fault>> {
  const body = await authenticate(engine, wire, keys.hmac);
  if (!body.ok) return body;
  if (encryptionByLength(measuredLength(body.value, keys.hmac)) !== "rijndael") {
    return refuse("encryption-type-unknown");
  }
  const plaintext = await decryptBody(engine, body.value, keys);
  // Old clients leave `=` in their fields. Without an HMAC only legacy mode, which they need, takes that.
  const equalSigns = keys.hmac !== null || keys.mode === "legacy";
  return plaintext.ok ? await decodeMessage(engine, plaintext.value, { equalSigns }) : plaintext;
}

/**
 * Checks length, alphabet and HMAC, and gives the body without its tag. Where there is no HMAC key there is no tag, and all
 * of the text is body. `prefix`: what the sender cut off, covered by the HMAC.
 */
export async function authenticate(
  engine: Pick<CryptoEngine, "hmac">,
  wire: string,
  hmac: KeySet["hmac"],
  prefix: string = PREFIXES.rijndael,
): Promise<Result<string, Fault>> {
  if (wire.length < MIN_SPA_LENGTH || wire.length > MAX_SPA_LENGTH) return refuse("packet-length");
  if (hasPrefix(wire)) return refuse("prefix-attached");
  const unusable = hmacKeyFault(hmac);
  if (unusable !== null) return fail(unusable);
  const split = splitTag(wire, hmac === null ? 0 : DIGESTS[hmac.name].characters);
  if (split === null) return refuse("hmac-remainder-length");
  if (foreignCharacter(split.body) < split.body.length) return refuse("not-base64");
  if (hmac === null) return ok(split.body);
  const expected = await authenticationTag(engine, prefix + split.body, hmac);
  return equalConstantTime(textBytes(expected), textBytes(split.tag)) ? ok(split.body) : refuse("hmac-mismatch");
}

/**
 * Puts the prefix back, decodes, derives the key from the salt, decrypts. Blocks without padding are refused, also where
 * the message fills its last block: one packet has one spelling. Not so in legacy mode: before version 2.5 the C library,
 * which is also that of the Android and iPhone clients, wrote no padding then.
 */
async function decryptBody(engine: CryptoEngine, body: string, keys: KeySet): Promise<Result<Uint8Array, Fault>> {
  const unusable = encryptionKeyFault(keys);
  if (unusable !== null) return fail(unusable);
  const full = PREFIXES.rijndael + body;
  if (decodedLength(full.length) % BLOCK_LENGTH !== 0) return refuse("ciphertext-length");
  const raw = decodeBase64(full);
  if (raw === null) return refuse("ciphertext-base64");
  if (!RIJNDAEL_FIRST_CHARACTERS.includes(body.charAt(0))) return refuse("not-decryptable");
  const salt = raw.subarray(SALT_HEADER_LENGTH, SALT_HEADER_LENGTH + SALT_LENGTH);
  const cipher = raw.subarray(SALT_HEADER_LENGTH + SALT_LENGTH);
  const derived = await deriveKey(engine, keys.mode, keys.encryption, salt);
  const plaintext = await engine.decrypt(keys.mode, derived.key, derived.iv, cipher);
  wipe(derived.key, derived.iv);
  if (plaintext.length === cipher.length && keys.mode !== "legacy") return refuse("not-decryptable");
  if (plaintext.length < MIN_SPA_LENGTH || plaintext.length > MAX_SPA_LENGTH) return refuse("plaintext-length");
  return startsLikeMessage(plaintext) ? ok(plaintext) : refuse("not-decryptable");
}

/** Sixteen digits and a colon: the sign of the right key (A.9 step 4). */
function startsLikeMessage(plaintext: Uint8Array): boolean {
  return plaintext[16] === 0x3a && plaintext.subarray(0, 16).every((byte) => byte >= 0x30 && byte <= 0x39);
}

/** What a replay store remembers of a packet: b64n of SHA-256 over its text as it came, tag included (A.9). */
export async function replayDigest(engine: Pick<CryptoEngine, "digest">, wire: string): Promise<string> {
  return encodeBase64(await engine.digest("sha256", textBytes(wire)));
}

/**
 * The other thing to remember: b64n of SHA-256 over the decrypted text, which is the same whatever a packet is wrapped in
 * (with an HMAC or without, in another mode, with or without its last block). It is never the digest of a packet's text,
 * where there are no colons.
 */
export async function contentDigest(
  engine: Pick<CryptoEngine, "digest">,
  { digest, encoded }: Pick<SpaMessage, "digest" | "encoded">,
): Promise<string> {
  return encodeBase64(await engine.digest("sha256", textBytes(`${encoded}:${digest}`)));
}

/**
 * A legacy packet whose message fills its last block, as it is with the block of padding behind it; null for every other
 * packet, and where an HMAC covers the length. Whoever saw that one can cut the block off: a store has to know both, because a
 * C daemon knows a packet by its text alone.
 */
export async function withPaddingBlock(
  engine: CryptoEngine,
  wire: string,
  keys: KeySet,
  { digest, encoded }: Pick<SpaMessage, "digest" | "encoded">,
): Promise<string | null> {
  if (keys.mode !== "legacy" || keys.hmac !== null) return null;
  const raw = decodeBase64(PREFIXES.rijndael + wire);
  const start = SALT_HEADER_LENGTH + SALT_LENGTH;
  if (raw === null || raw.length - start !== encoded.length + 1 + digest.length) return null;
  const derived = await deriveKey(engine, keys.mode, keys.encryption, raw.subarray(SALT_HEADER_LENGTH, start));
  // Nothing, padded, is that block; CBC goes on from the block before.
  const block = await engine.encrypt(keys.mode, derived.key, raw.subarray(-BLOCK_LENGTH), new Uint8Array(0));
  wipe(derived.key, derived.iv);
  return stripPrefix(encodeBase64(concat(raw, block)), "rijndael");
}

function refuse(code: FaultCode): { readonly ok: false; readonly fault: Fault } {
  return fail(fault(code));
}
