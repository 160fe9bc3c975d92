/**
 * Before anything is decrypted or promised: which stanzas cannot have made a packet, because its HMAC is by another key. One
 * pass over the keys, in which nothing is allocated for a key, nothing is said, and nothing ends it early: how long it takes
 * tells how many keys there are, and nothing about them. It takes stanzas away and admits none: those that are left are tried
 * as if there were no sieve, their HMAC included. Pure.
 */
import { decodeBase64, foreignCharacter } from "../../lib/base64.ts";
import { textBytes } from "../../lib/bytes.ts";
import type { CryptoEngine, DigestName, KeyRing } from "../../lib/crypto/engine.ts";
import { type HmacKey, hmacKeyFault } from "../../lib/crypto/secrets.ts";
import { cutPrefixes } from "../../lib/openpgp/framing.ts";
import { encryptionOfSigned, type EncryptionType, PREFIXES, splitTag } from "../../lib/wire/envelope.ts";
import type { Stanza } from "../config/stanza.ts";
import { OTHER_ADDRESSES, OTHER_KEY, TRIED } from "./stanza_index.ts";

/** The HMAC keys of a configuration. */
export interface Sieve {
  /**
   * Notes in `turns`, for stanzas that would be tried, that the HMAC of the packet is by another key. Left as they are: stanzas
   * without an HMAC key, and those whose key cannot be used, which is told of them.
   */
  sift(wire: string, turns: Uint8Array): void;
  /** Forgets the keys. From then on it takes no stanza away. */
  wipe(): void;
}

/** The keys of one digest. */
interface KeysOfDigest {
  readonly name: DigestName;
  readonly ring: KeyRing;
  /** By number of the key: the place of its stanza. */
  readonly places: readonly number[];
  /** By number of the key: 1 where its stanza takes that encryption. */
  readonly takes: Readonly<Record<EncryptionType, Uint8Array>>;
}

/** Null where the engine has to be awaited: then every stanza is tried as it always is. */
export function createSieve(engine: Pick<CryptoEngine, "keyRing">, stanzas: readonly Stanza[]): Sieve | null {
  if (engine.keyRing === undefined) return null;
  const digests: KeysOfDigest[] = [];
  const keyed = stanzas.map((stanza, place) => ({ place, stanza, hmac: usableKey(stanza) }));
  for (const name of new Set(keyed.flatMap(({ hmac }) => hmac === null ? [] : [hmac.name]))) {
    const of = keyed.flatMap(({ place, stanza, hmac }) =>
      hmac?.name === name ? [{ place, stanza, key: hmac.key }] : []
    );
    digests.push({
      name,
      ring: engine.keyRing(name, of.map(({ key }) => key)),
      places: of.map(({ place }) => place),
      takes: { rijndael: takers(of, "rijndael"), gpg: takers(of, "gpg") },
    });
  }
  return {
    sift(wire, turns) {
      for (const keys of digests) siftDigest(keys, wire, turns);
    },
    wipe() {
      for (const { ring } of digests.splice(0)) ring.wipe();
    },
  };
}

function takers(of: readonly { readonly stanza: Stanza }[], type: EncryptionType): Uint8Array {
  return Uint8Array.from(of, ({ stanza }) => stanza.secrets.some(({ cipher }) => cipher.kind === type) ? 1 : 0);
}

/** The HMAC key that all its ways to encrypt share; null where there is none, or it says something else than yes or no. */
function usableKey({ secrets }: Stanza): HmacKey | null {
  const hmac = secrets[0]?.hmac ?? null;
  return hmac === null || hmacKeyFault(hmac) !== null || secrets.some((each) => each.hmac !== hmac) ? null : hmac;
}

function siftDigest({ name, ring, places, takes }: KeysOfDigest, wire: string, turns: Uint8Array): void {
  for (let key = 0; key < places.length; key++) {
    const place = places[key]!;
    if (turns[place] !== OTHER_ADDRESSES) turns[place] = OTHER_KEY;
  }
  const signed = readSigned(wire, name);
  if (signed === null) return;
  const taken = takes[signed.type];
  for (const text of signed.texts) {
    ring.take(text, signed.tag);
    for (let key = 0; key < places.length; key++) {
      const place = places[key]!;
      if (turns[place] !== OTHER_ADDRESSES && taken[key] === 1 && ring.fits(key)) turns[place] = TRIED;
    }
  }
}

/** What an HMAC of that digest covers in a packet, and what it is. */
interface Signed {
  readonly type: EncryptionType;
  /** One, but for OpenPGP messages to some elliptic curves, whose first characters may have been one of several. */
  readonly texts: readonly Uint8Array[];
  readonly tag: Uint8Array;
}

/** Null where no packet with such an HMAC has that length, or no encoder writes that tag: then no key fits. */
function readSigned(wire: string, name: DigestName): Signed | null {
  const split = splitTag(wire, { name });
  const type = split === null ? null : encryptionOfSigned(split.body.length);
  if (split === null || type === null || foreignCharacter(split.body) < split.body.length) return null;
  const tag = decodeBase64(split.tag);
  if (tag === null) return null;
  const prefixes = type === "gpg" ? cutPrefixes(split.body) : [PREFIXES.rijndael];
  return { type, texts: prefixes.map((prefix) => textBytes(prefix + split.body)), tag };
}
