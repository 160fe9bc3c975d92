/** The digests, HMACs and cipher modes of fwknop 2.6 by name, number and length. See facts/wire 2, facts/wire 5. */
import type { DigestName, RijndaelMode } from "./engine.ts";

/** One row of {@link DIGESTS}. */
export interface DigestRow {
  /** Number in dumps, the same for digest and HMAC. Never on the wire. */
  readonly id: number;
  /** As dumps and saved stanzas print it. */
  readonly printed: string;
  /** Raw length. */
  readonly bytes: number;
  /** Length in unpadded base64: what tells digests apart in a message. */
  readonly characters: number;
}

/** Every digest, in the order of its number. */
export const DIGESTS: Readonly<Record<DigestName, DigestRow>> = {
  md5: { id: 1, printed: "MD5", bytes: 16, characters: 22 },
  sha1: { id: 2, printed: "SHA1", bytes: 20, characters: 27 },
  sha256: { id: 3, printed: "SHA256", bytes: 32, characters: 43 },
  sha384: { id: 4, printed: "SHA384", bytes: 48, characters: 64 },
  sha512: { id: 5, printed: "SHA512", bytes: 64, characters: 86 },
  sha3_256: { id: 6, printed: "SHA3_256", bytes: 32, characters: 43 },
  sha3_512: { id: 7, printed: "SHA3_512", bytes: 64, characters: 86 },
};

/** The names of {@link DIGESTS}. */
export const DIGEST_NAMES = Object.keys(DIGESTS) as readonly DigestName[];

/** What `ENCRYPTION_MODE` and `-M` can name: the Rijndael modes, the marker of GPG, and PCBC, which nothing implements. */
export type ModeName = RijndaelMode | "asymmetric" | "pcbc";

/** One row of {@link MODES}. */
export interface ModeRow {
  readonly id: number;
  /** As dumps and saved stanzas print it. */
  readonly printed: string;
}

/**
 * Every mode, in the order of its number. `pcbc` is here so that it can be named in a refusal: the C library sends blocks
 * of zeros with it, which nobody can ever decode.
 */
export const MODES: Readonly<Record<ModeName, ModeRow>> = {
  ecb: { id: 1, printed: "ECB" },
  cbc: { id: 2, printed: "CBC" },
  cfb: { id: 3, printed: "CFB" },
  pcbc: { id: 4, printed: "PCBC" },
  ofb: { id: 5, printed: "OFB" },
  ctr: { id: 6, printed: "CTR" },
  asymmetric: { id: 7, printed: "Asymmetric" },
  legacy: { id: 8, printed: "legacy" },
};

/** The modes that can encrypt. */
export const RIJNDAEL_MODES: readonly RijndaelMode[] = ["cbc", "ecb", "cfb", "ofb", "ctr", "legacy"];

/** Reads a digest or HMAC name in any case; null when there is none of that name. */
export function parseDigestName(text: string): DigestName | null {
  const name = text.toLowerCase();
  return isDigestName(name) ? name : null;
}

/** Reads a mode name in any case; null when there is none of that name. */
export function parseModeName(text: string): ModeName | null {
  const name = text.toLowerCase();
  return Object.hasOwn(MODES, name) ? name as ModeName : null;
}

/** Whether the value names a digest. For input that the type checker has not seen. */
export function isDigestName(name: string): name is DigestName {
  return Object.hasOwn(DIGESTS, name);
}

/** Whether the value names a mode that can encrypt. */
export function isRijndaelMode(name: string): name is RijndaelMode {
  return (RIJNDAEL_MODES as readonly string[]).includes(name);
}

/** The digests whose base64 has that many characters, in the order in which a receiver tries them (facts/wire 5). */
export function digestsOfLength(characters: number): readonly DigestName[] {
  return DIGEST_NAMES.filter((name) => DIGESTS[name].characters === characters);
}
