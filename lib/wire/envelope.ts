/**
 * What is around the encrypted message: the prefix that is not sent, the HMAC at the end, and the lengths that tell
 * encryption types apart. See facts/wire 6 to facts/wire 9.
 */
import { DIGESTS } from "../crypto/digest.ts";
import type { HmacKey, Secrets } from "../crypto/secrets.ts";
import { MAX_SPA_LENGTH, MIN_GPG_LENGTH, MIN_SPA_LENGTH } from "../limits.ts";

/** Two ways to encrypt a message. */
export type EncryptionType = Secrets["cipher"]["kind"];

/** Their numbers and names in dumps and log lines (facts/client 12). */
export const ENCRYPTIONS: Readonly<Record<EncryptionType, { readonly id: number; readonly printed: string }>> = {
  rijndael: { id: 1, printed: "Rijndael" },
  gpg: { id: 2, printed: "GPG" },
};

/** What the sender cuts off and the receiver puts back. The HMAC covers it. */
export const PREFIXES: Readonly<Record<EncryptionType, string>> = {
  /** b64 of `Salted__`, as far as it does not depend on the salt. */
  rijndael: "U2FsdGVkX1",
  /** Start of an OpenPGP message to an RSA or ElGamal key: all that upstream servers can restore. */
  gpg: "hQ",
};

/**
 * The first character of a Rijndael packet: four bits of `Salted__` and two of the salt. The four bits are
 * checked, because one packet has one spelling.
 */
export const RIJNDAEL_FIRST_CHARACTERS = "89+/";

/** Which decryption a text of that length is for (facts/wire 9 step 3), or null when it is none. */
export function encryptionByLength(length: number): EncryptionType | null {
  if (length < MIN_SPA_LENGTH || length > MAX_SPA_LENGTH) return null;
  return length < MIN_GPG_LENGTH ? "rijndael" : "gpg";
}

/**
 * The length by which a receiver tells Rijndael from GPG: checking an HMAC puts the prefix back first, so the same body
 * counts for so many characters more (facts/wire 9 step 3).
 */
function measuredLength(bodyLength: number, type: EncryptionType, hmac: HmacKey | null): number {
  return hmac === null ? bodyLength : bodyLength + PREFIXES[type].length;
}

/** Whether a body of that length, its tag not counted, is for this cipher and no other. */
export function isForCipher(bodyLength: number, { cipher: { kind }, hmac }: Secrets): boolean {
  return encryptionByLength(measuredLength(bodyLength, kind, hmac)) === kind;
}

/** Which encryption a body of that length is of, behind which an HMAC stands; null when it is of none. */
export function encryptionOfSigned(bodyLength: number): EncryptionType | null {
  if (encryptionByLength(bodyLength + PREFIXES.rijndael.length) === "rijndael") return "rijndael";
  return encryptionByLength(bodyLength + PREFIXES.gpg.length) === "gpg" ? "gpg" : null;
}

/** Those of the secrets that a receiver holds which a packet is for, by its length alone; null when it is for none of them. */
export function chooseSecrets(wire: string, held: readonly Secrets[]): Secrets | null {
  for (const secrets of held) {
    if (isForCipher(wire.length - tagLength(secrets.hmac), secrets)) return secrets;
  }
  return null;
}

/** Characters of the tag at the end of a packet. */
function tagLength(hmac: Pick<HmacKey, "name"> | null): number {
  return hmac === null ? 0 : DIGESTS[hmac.name].characters;
}

/** Cuts the prefix off. GPG loses its first two characters whatever they are (facts/wire 8). */
export function stripPrefix(full: string, type: EncryptionType): string {
  return full.slice(PREFIXES[type].length);
}

/** Whether the text still carries the prefix of its type: nobody sends that, so it is a packet in another spelling. */
export function hasPrefix(wire: string): boolean {
  if (wire.startsWith(PREFIXES.rijndael)) return true;
  return wire.length > MIN_GPG_LENGTH && wire.startsWith(PREFIXES.gpg);
}

/** Cuts the tag off the end; null when fewer than 36 characters remain before it (facts/wire 7). */
export function splitTag(
  wire: string,
  hmac: Pick<HmacKey, "name"> | null,
): { readonly body: string; readonly tag: string } | null {
  const end = wire.length - tagLength(hmac);
  return end < MIN_SPA_LENGTH ? null : { body: wire.slice(0, end), tag: wire.slice(end) };
}
