/** What is around the encrypted message: the prefix that is not sent, the HMAC at the end, and the lengths that tell encryption types apart. Facts: wire-and-client A.6 to A.9. */
import { MAX_SPA_LENGTH, MIN_GPG_LENGTH, MIN_SPA_LENGTH } from "../limits.ts";

/** Two ways to encrypt a message. */
export type EncryptionType = "rijndael" | "gpg";

/** What the sender cuts off and the receiver puts back. The HMAC covers it. */
export const PREFIXES: Readonly<Record<EncryptionType, string>> = {
  /** b64 of `Salted__`, as far as it does not depend on the salt. */
  rijndael: "U2FsdGVkX1",
  /** Start of an OpenPGP message to an RSA or ElGamal key: all that upstream servers can restore. */
  gpg: "hQ",
};

/**
 * Every start of an OpenPGP message that two base64 characters can show, the usual one first: an old-format session-key
 * packet with a one-byte length (`hA` to `hP`, elliptic curves) or a two-byte length (`hQ` to `hf`). The sender cuts two
 * characters whatever they are, so a receiver that wants such messages tries them (wire-and-client C.2 F3).
 */
export const GPG_PREFIXES: readonly string[] = [
  PREFIXES.gpg,
  ..."ABCDEFGHIJKLMNOPRSTUVWXYZabcdef".split("").map((second) => `h${second}`),
];

/**
 * The first character of a Rijndael packet: four bits of `Salted__` and two of the salt. The four bits are
 * checked, because one packet has one spelling.
 */
export const RIJNDAEL_FIRST_CHARACTERS = "89+/";

/** Which decryption a text of that length is for (A.9 step 3), or null when it is none. */
export function encryptionByLength(length: number): EncryptionType | null {
  if (length < MIN_SPA_LENGTH || length > MAX_SPA_LENGTH) return null;
  return length < MIN_GPG_LENGTH ? "rijndael" : "gpg";
}

/** Cuts the prefix off. GPG loses its first two characters whatever they are (A.8). */
export function stripPrefix(full: string, type: EncryptionType): string {
  return full.slice(PREFIXES[type].length);
}

/** Whether the text still carries the prefix of its type: nobody sends that, so it is a packet in another spelling. */
export function hasPrefix(wire: string): boolean {
  if (wire.startsWith(PREFIXES.rijndael)) return true;
  return wire.length > MIN_GPG_LENGTH && wire.startsWith(PREFIXES.gpg);
}

/** Cuts `tagLength` characters off the end; null when fewer than 36 remain before them (A.7). */
export function splitTag(wire: string, tagLength: number): { readonly body: string; readonly tag: string } | null {
  const end = wire.length - tagLength;
  return end < MIN_SPA_LENGTH ? null : { body: wire.slice(0, end), tag: wire.slice(end) };
}
