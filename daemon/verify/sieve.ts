/**
 * Before anything is decrypted or promised: which stanzas cannot have made a packet, because its HMAC is by another key. First
 * the keys that the hint in its salt names, in a time that does not grow with the keys (`hints.ts`). Where that finds none, one
 * pass over all keys, in which nothing is allocated for a key, nothing is said, and nothing ends it early: how long it takes
 * tells how many keys there are, and nothing about them. Both take stanzas away and admit none: those that are left are tried
 * as if there were no sieve, their HMAC included. Pure.
 */
import { decodeBase64, foreignCharacter, writeBase64 } from "../../lib/base64.ts";
import { textBytes } from "../../lib/bytes.ts";
import { DIGESTS } from "../../lib/crypto/digest.ts";
import type { CryptoEngine, DigestName, KeyRing } from "../../lib/crypto/engine.ts";
import { type HmacKey, hmacKeyFault } from "../../lib/crypto/secrets.ts";
import { MAX_SPA_LENGTH } from "../../lib/limits.ts";
import { cutPrefixes } from "../../lib/openpgp/framing.ts";
import { encryptionOfSigned, type EncryptionType, PREFIXES, splitTag } from "../../lib/wire/envelope.ts";
import type { Stanza } from "../config/stanza.ts";
import type { HintSearch } from "./hint_table.ts";
import { createHints, type HintLimits } from "./hints.ts";
import { OTHER_KEY, TRIED } from "./stanza_index.ts";

/** The HMAC keys of a configuration. A packet is first looked up by its hint, and goes through the linear pass if that finds no key. */
export interface Sieve {
  /**
   * Tries the keys that the hint in the salt of the packet names, however many there are beside them. Where one fits it gives the
   * places, in ascending order, of the stanzas that are left: those that it fits, and those without an HMAC key.
   *
   * @param now Unix seconds
   */
  hinted(wire: string, turns: Uint8Array, now: number): readonly number[] | Unnamed;
  /**
   * The linear pass. Notes in `turns`, for stanzas that would be tried, that the HMAC of the packet is by another key. Left as
   * they are: stanzas without an HMAC key, those whose key cannot be used, which is told of them, and, where the salt names
   * none, those that only a hint leads to.
   */
  sift(wire: string, turns: Uint8Array, hint: Unnamed): void;
  /** Forgets the keys. From then on it takes no stanza away. */
  wipe(): void;
}

/** The salt of a packet names no key that fits, or that cannot be told as long as not all hints are made. */
export type Unnamed = Exclude<HintSearch, "taken">;

/** The keys of one digest. */
interface KeysOfDigest {
  readonly name: DigestName;
  readonly ring: KeyRing;
  /** By number of the key: the place of its stanza, in ascending order. */
  readonly places: readonly number[];
  /** The numbers of the keys that are tried for a packet whose salt names none, or may name one of which is not known yet. */
  readonly tried: Readonly<Record<Unnamed, readonly number[]>>;
  /** By number of the key: 1 where its stanza takes that encryption. */
  readonly takes: Readonly<Record<EncryptionType, Uint8Array>>;
}

/** A key in the ring of its digest. */
interface KeyInRing {
  readonly digest: KeysOfDigest;
  readonly key: number;
}

/** Null where the engine has to be awaited: then every stanza is tried as it always is. */
export function createSieve(
  engine: Pick<CryptoEngine, "keyRing">,
  stanzas: readonly Stanza[],
  limits: HintLimits,
): Sieve | null {
  const makeRing = engine.keyRing;
  if (makeRing === undefined) return null;
  const keyed = stanzas.flatMap((stanza, place) => {
    const hmac = usableKey(stanza);
    return hmac === null ? [] : [{ place, stanza, ...hmac }];
  });
  const byDigest = [...Map.groupBy(keyed, ({ name }) => name)];
  const digests = byDigest.map(([name, of]): KeysOfDigest => ({
    name,
    ring: makeRing(name, of.map(({ key }) => key)),
    places: of.map(({ place }) => place),
    tried: {
      none: of.flatMap(({ stanza }, key) => stanza.keyHint === "only" ? [] : [key]),
      unknown: of.map((_, key) => key),
    },
    takes: { rijndael: takers(of, "rijndael"), gpg: takers(of, "gpg") },
  }));
  const keys = digests.flatMap((digest) => digest.places.map((_, key): KeyInRing => ({ digest, key })));
  const hints = createHints(makeRing, byDigest.flatMap(([, of]) => of), limits);
  const withKey = new Set(keyed.map(({ place }) => place));
  const keyless = stanzas.flatMap((_, place) => withKey.has(place) ? [] : [place]);
  return {
    hinted(wire, turns, now) {
      let fitting: readonly number[] = [];
      const search = hints.search(wire, now, (named) => {
        fitting = fittingOf(named.map((at) => keys[at]!), wire, turns);
        return fitting.length > 0;
      });
      if (search !== "taken") return search;
      return [...fitting, ...keyless.filter((place) => turns[place] === TRIED)].sort((a, b) => a - b);
    },
    sift(wire, turns, hint) {
      const packet = { wire, hint };
      for (const keys of digests) siftDigest(keys, packet, turns);
    },
    wipe() {
      for (const { ring } of digests.splice(0)) ring.wipe();
      hints.wipe();
    },
  };
}

/** The places of the stanzas, among those whose addresses are the packet's, whose HMAC it has: all keys are tried. */
function fittingOf(keys: readonly KeyInRing[], wire: string, turns: Uint8Array): readonly number[] {
  const fitting: number[] = [];
  for (const [{ name, ring, places, takes }, of] of Map.groupBy(keys, ({ digest }) => digest)) {
    const signed = readSigned(wire, name);
    if (signed?.type !== "rijndael") continue;
    for (const text of signed.texts) {
      ring.take(text, signed.tag);
      for (const { key } of of) {
        const place = places[key]!;
        if (turns[place] === TRIED && takes.rijndael[key] === 1 && ring.fits(key)) fitting.push(place);
      }
    }
  }
  return fitting;
}

function takers(of: readonly { readonly stanza: Stanza }[], type: EncryptionType): Uint8Array {
  return Uint8Array.from(of, ({ stanza }) => stanza.secrets.some(({ cipher }) => cipher.kind === type) ? 1 : 0);
}

/** The HMAC key that all its ways to encrypt share; null where there is none, or it says something else than yes or no. */
function usableKey({ secrets }: Stanza): HmacKey | null {
  const hmac = secrets[0]?.hmac ?? null;
  return hmac === null || hmacKeyFault(hmac) !== null || secrets.some((each) => each.hmac !== hmac) ? null : hmac;
}

/** A packet, as far as a pass over keys is about it. */
interface SiftedPacket {
  readonly wire: string;
  readonly hint: Unnamed;
}

function siftDigest(keys: KeysOfDigest, { wire, hint }: SiftedPacket, turns: Uint8Array): void {
  const { name, ring, places, takes } = keys, tried = keys.tried[hint];
  for (let i = 0; i < tried.length; i++) {
    const place = places[tried[i]!]!;
    if (turns[place] === TRIED) turns[place] = OTHER_KEY;
  }
  const signed = readSigned(wire, name);
  if (signed === null) return;
  const taken = takes[signed.type];
  for (const text of signed.texts) {
    ring.take(text, signed.tag);
    for (let i = 0; i < tried.length; i++) {
      const key = tried[i]!, place = places[key]!;
      const wanted = turns[place] === OTHER_KEY || turns[place] === TRIED;
      if (wanted && taken[key] === 1 && ring.fits(key)) turns[place] = TRIED;
    }
  }
}

/** What an HMAC of that digest covers in a packet, and what it is. Used before the next one is read. */
interface Signed {
  readonly type: EncryptionType;
  /** One, but for OpenPGP messages to some elliptic curves, whose first characters may have been one of several. */
  readonly texts: readonly Uint8Array[];
  readonly tag: Uint8Array;
}

/** Where the text of a Rijndael packet is written behind its prefix, and its tag: new arrays cost as much as the HMAC of a key. */
const ROOM = new Uint8Array(PREFIXES.rijndael.length + MAX_SPA_LENGTH);
ROOM.set(textBytes(PREFIXES.rijndael));
const TAG_ROOM = new Uint8Array(Math.max(...Object.values(DIGESTS).map(({ bytes }) => bytes)));

/** Null where no packet with such an HMAC has that length, or no encoder writes that tag: then no key fits. */
function readSigned(wire: string, name: DigestName): Signed | null {
  const split = splitTag(wire, { name });
  const type = split === null ? null : encryptionOfSigned(split.body.length);
  if (split === null || type === null) return null;
  const { body } = split;
  const tag = decodeBase64(split.tag, TAG_ROOM);
  if (tag === null) return null;
  if (type === "rijndael") {
    const start = PREFIXES.rijndael.length;
    return writeBase64(body, ROOM, start) ? { type, texts: [ROOM.subarray(0, start + body.length)], tag } : null;
  }
  if (foreignCharacter(body) < body.length) return null;
  return { type, texts: cutPrefixes(body).map((prefix) => textBytes(prefix + body)), tag };
}
