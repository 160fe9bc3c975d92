/**
 * Opens packets: from their text to a message that may be believed, in this order: length, alphabet, HMAC, canonical
 * base64, decryption, inner digest, fields. Nothing is decrypted before its HMAC is right, nothing is parsed before its
 * digest is right, and outside legacy mode no packet has two spellings. What this does not do: it knows neither the
 * time nor which packets it has seen, so a replay opens here; and without an HMAC key anybody can make the receiver
 * decrypt.
 */
import { decodeBase64, decodedLength, encodeBase64, foreignCharacter } from "../base64.ts";
import { concat, equalConstantTime, textBytes, wipe } from "../bytes.ts";
import type { Awaitable, CryptoEngine } from "../crypto/engine.ts";
import { deriveKey } from "../crypto/kdf.ts";
import { hmacKeyFault, rijndaelFault, type RijndaelSecret, type Secrets } from "../crypto/secrets.ts";
import { type Fault, fault, type FaultCode } from "../faults.ts";
import { BLOCK_LENGTH, MAX_SPA_LENGTH, MIN_SPA_LENGTH, SALT_HEADER_LENGTH, SALT_LENGTH } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";
import { cutPrefixes } from "../openpgp/framing.ts";
import { decodeMessage } from "../wire/decode.ts";
import {
  hasPrefix,
  isForCipher,
  PREFIXES,
  RIJNDAEL_FIRST_CHARACTERS,
  splitTag,
  stripPrefix,
} from "../wire/envelope.ts";
import type { SpaMessage } from "../wire/message.ts";
import { authenticationTag } from "./tag.ts";

/**
 * Opens a packet with the secrets that it is for; of several sets `chooseSecrets` gives that one. `wire`: exactly what
 * came, without prefix. Never throws on any text. Faults: facts/wire 9 to facts/wire 11; 75 is the one to expect where
 * several keys are tried, 105 for GnuPG, which is not opened in memory.
 */
export async function open(engine: CryptoEngine, wire: string, secrets: Secrets): Promise<Result<SpaMessage, Fault>> {
  const { cipher, hmac } = secrets;
  const body = await authenticate(engine, wire, secrets);
  if (!body.ok) return body;
  if (!isForCipher(body.value.length, secrets)) return refuse("encryption-type-unknown");
  if (cipher.kind !== "rijndael") return refuse("wrong-encryption-type");
  const plaintext = await decryptBody(engine, body.value, cipher);
  // Old clients leave `=` in their fields. Without an HMAC only legacy mode, which they need, takes that.
  const equalSigns = hmac !== null || cipher.mode === "legacy";
  return plaintext.ok ? await decodeMessage(engine, plaintext.value, { equalSigns }) : plaintext;
}

/** From an OpenPGP message to what it holds. Who may sign it is judged there. */
export type PgpDecrypt = (message: Uint8Array) => Promise<Result<Uint8Array, Fault>>;

/** Opens a packet for GnuPG. Faults are those of {@link open}, and what `decrypt` says. */
export async function openPgp(
  engine: CryptoEngine,
  wire: string,
  { secrets, decrypt }: { readonly secrets: Secrets; readonly decrypt: PgpDecrypt },
): Promise<Result<SpaMessage, Fault>> {
  const body = await authenticate(engine, wire, secrets);
  if (!body.ok) return body;
  if (!isForCipher(body.value.length, secrets)) return refuse("encryption-type-unknown");
  let refused = fault("ciphertext-base64");
  for (const message of pgpMessages(body.value)) {
    const plaintext = await decrypt(message);
    if (plaintext.ok) return await readPgpText(engine, plaintext.value, secrets);
    refused = plaintext.fault;
  }
  return fail(refused);
}

/**
 * The OpenPGP messages that a body may be, by what may have been cut off: mostly there is one way, and a second for elliptic
 * curves, which is then the first.
 */
export function pgpMessages(body: string): readonly Uint8Array[] {
  return cutPrefixes(body).toReversed().map((prefix) => decodeBase64(prefix + body)).filter((bytes) => bytes !== null);
}

/** What the text of such a message says. */
export async function readPgpText(
  engine: Pick<CryptoEngine, "digest">,
  plaintext: Uint8Array,
  { hmac }: Pick<Secrets, "hmac">,
): Promise<Result<SpaMessage, Fault>> {
  const { length } = plaintext;
  if (length < MIN_SPA_LENGTH || length > MAX_SPA_LENGTH) return refuse("plaintext-length");
  return await decodeMessage(engine, plaintext, { equalSigns: hmac !== null });
}

/**
 * Checks length, alphabet and HMAC, and gives the body without its tag. Where there is no HMAC key there is no tag, and all
 * of the text is body. The HMAC covers the prefix too, which the sender cut off.
 */
export async function authenticate(
  engine: Pick<CryptoEngine, "hmac">,
  wire: string,
  { cipher, hmac }: Secrets,
): Promise<Result<string, Fault>> {
  if (wire.length < MIN_SPA_LENGTH || wire.length > MAX_SPA_LENGTH) return refuse("packet-length");
  if (hasPrefix(wire)) return refuse("prefix-attached");
  const unusable = hmacKeyFault(hmac);
  if (unusable !== null) return fail(unusable);
  const split = splitTag(wire, hmac);
  if (split === null) return refuse("hmac-remainder-length");
  if (foreignCharacter(split.body) < split.body.length) return refuse("not-base64");
  if (hmac === null) return ok(split.body);
  const tag = textBytes(split.tag);
  for (const prefix of cipher.kind === "gpg" ? cutPrefixes(split.body) : [PREFIXES.rijndael]) {
    const expected = await authenticationTag(engine, prefix + split.body, hmac);
    if (equalConstantTime(textBytes(expected), tag)) return ok(split.body);
  }
  return refuse("hmac-mismatch");
}

/**
 * Puts the prefix back, decodes, derives the key from the salt, decrypts. Blocks without padding are refused, also where
 * the message fills its last block: one packet has one spelling. Not so in legacy mode: before version 2.5 the C library,
 * which is also that of the Android and iPhone clients, wrote no padding then.
 */
async function decryptBody(
  engine: CryptoEngine,
  body: string,
  secret: RijndaelSecret,
): Promise<Result<Uint8Array, Fault>> {
  const unusable = rijndaelFault(secret);
  if (unusable !== null) return fail(unusable);
  const full = PREFIXES.rijndael + body;
  if (decodedLength(full.length) % BLOCK_LENGTH !== 0) return refuse("ciphertext-length");
  const raw = decodeBase64(full);
  if (raw === null) return refuse("ciphertext-base64");
  if (!RIJNDAEL_FIRST_CHARACTERS.includes(body.charAt(0))) return refuse("not-decryptable");
  const salt = raw.subarray(SALT_HEADER_LENGTH, SALT_HEADER_LENGTH + SALT_LENGTH);
  const cipher = raw.subarray(SALT_HEADER_LENGTH + SALT_LENGTH);
  const derived = await deriveKey(engine, secret.mode, secret.key, salt);
  const plaintext = await engine.decrypt(secret.mode, derived.key, derived.iv, cipher);
  wipe(derived.key, derived.iv);
  if (plaintext.length === cipher.length && secret.mode !== "legacy") return refuse("not-decryptable");
  if (plaintext.length < MIN_SPA_LENGTH || plaintext.length > MAX_SPA_LENGTH) return refuse("plaintext-length");
  return startsLikeMessage(plaintext) ? ok(plaintext) : refuse("not-decryptable");
}

/** Sixteen digits and a colon: the sign of the right key (facts/wire 9 step 4). */
function startsLikeMessage(plaintext: Uint8Array): boolean {
  return plaintext[16] === 0x3a && plaintext.subarray(0, 16).every((byte) => byte >= 0x30 && byte <= 0x39);
}

/**
 * What a replay store remembers of a packet: b64n of SHA-256 over its text as it came, tag included (facts/wire 9).
 *
 * @param wire the text, or its bytes
 */
export function replayDigest(engine: Pick<CryptoEngine, "digest">, wire: string | Uint8Array): Awaitable<string> {
  const digest = engine.digest("sha256", typeof wire === "string" ? textBytes(wire) : wire);
  return digest instanceof Promise ? digest.then(encodeBase64) : encodeBase64(digest);
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
 * A legacy packet whose message fills its last block, as it is with the block of padding behind it; null for every
 * other packet, and where an HMAC covers the length. A store remembers both texts, because a C daemon knows a packet by
 * its text alone.
 */
export async function withPaddingBlock(
  engine: CryptoEngine,
  wire: string,
  { cipher, hmac }: Secrets,
  { digest, encoded }: Pick<SpaMessage, "digest" | "encoded">,
): Promise<string | null> {
  if (cipher.kind !== "rijndael" || cipher.mode !== "legacy" || hmac !== null) return null;
  const raw = decodeBase64(PREFIXES.rijndael + wire);
  const start = SALT_HEADER_LENGTH + SALT_LENGTH;
  if (raw === null || raw.length - start !== encoded.length + 1 + digest.length) return null;
  const derived = await deriveKey(engine, cipher.mode, cipher.key, raw.subarray(SALT_HEADER_LENGTH, start));
  // Nothing, padded, is that block; CBC goes on from the block before.
  const block = await engine.encrypt(cipher.mode, derived.key, raw.subarray(-BLOCK_LENGTH), new Uint8Array(0));
  wipe(derived.key, derived.iv);
  return stripPrefix(encodeBase64(concat(raw, block)), "rijndael");
}

function refuse(code: FaultCode): { readonly ok: false; readonly fault: Fault } {
  return fail(fault(code));
}
