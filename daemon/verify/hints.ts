/**
 * The HMAC keys of a configuration by the hints that salts carry (PROTOCOL.md, "The salt"). A hint names every key that is the
 * same, so that stanzas with one key have the verdict that they have without hints. Pure.
 */
import { wipe } from "../../lib/bytes.ts";
import type { CryptoEngine, KeyRing } from "../../lib/crypto/engine.ts";
import { HINT_LABEL, hintNumber, hintOfWire, mayHint, slotBytes } from "../../lib/spa/key_hint.ts";
import type { Stanza } from "../config/stanza.ts";
import { type HintSearch, hintTable } from "./hint_table.ts";

/** A stanza with an HMAC key that can be used. */
interface KeyedStanza {
  readonly stanza: Stanza;
  readonly key: Uint8Array;
}

/** The keys that packets may name. */
export interface Hints {
  /**
   * Offers the stanzas that the salt of the packet names, as their numbers in the list that was given, until they are taken.
   *
   * @param now Unix seconds
   */
  search(wire: string, now: number, take: (named: readonly number[]) => boolean): HintSearch;
  /** Forgets the keys. From then on no stanza is named. */
  wipe(): void;
}

/** How much the salt of a packet may say, besides the engine and the stanzas. */
export interface HintLimits {
  /** MAX_SPA_PACKET_AGE: seconds; null: packets of any age are taken. */
  readonly maxAge: number | null;
}

/** Holds the hint keys of the stanzas for which hints are looked for. */
export function createHints(
  makeRing: NonNullable<CryptoEngine["keyRing"]>,
  keyed: readonly KeyedStanza[],
  { maxAge }: HintLimits,
): Hints {
  const hintKeys = hintKeysOf(makeRing, keyed);
  const asked = new Set(keyed.flatMap(({ stanza }, i) => isLookedFor(stanza) ? [roughly(hintKeys[i]!)] : []));
  const named = hintKeys.flatMap((key, i) => asked.has(roughly(key)) ? [i] : []);
  let ring: KeyRing | null = makeRing("sha256", named.map((i) => hintKeys[i]!));
  wipe(...hintKeys);
  const table = hintTable({
    keys: named.length,
    maxAge,
    hintsIn(slot) {
      ring?.take(slotBytes(slot));
      return (position) => hintNumber(ring!.hmac(position));
    },
  });
  return {
    search(wire, now, take) {
      const hint = ring === null ? null : hintOfWire(wire);
      return hint === null
        ? "none"
        : table.search(hint, now, (found) => take(found.map((position) => named[position]!)));
    },
    wipe() {
      ring?.wipe();
      ring = null;
    },
  };
}

function hintKeysOf(
  makeRing: NonNullable<CryptoEngine["keyRing"]>,
  keyed: readonly KeyedStanza[],
): readonly Uint8Array[] {
  const ring = makeRing("sha256", keyed.map(({ key }) => key));
  ring.take(HINT_LABEL);
  const keys = keyed.map((_, i) => ring.hmac(i).slice());
  ring.wipe();
  return keys;
}

function isLookedFor({ keyHint, secrets }: Stanza): boolean {
  return keyHint !== "none" && secrets.some(mayHint);
}

/** The same number for the same key. Another key that has it as well is named once in a while, and tried. */
function roughly(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(0);
}
