/** Which stanzas are to be tried for a packet. Pure. */
import type { Ip } from "../../lib/net/address.ts";
import { type AddressRange, matchesList } from "../../lib/net/cidr.ts";
import type { Stanza } from "../config/stanza.ts";

/** The stanzas of access.conf in load order, to be looked up by the addresses of a packet. */
export interface StanzaIndex {
  readonly stanzas: readonly Stanza[];
  /** `destination`: null where the capture does not tell; then no stanza with a DESTINATION speaks for the packet. */
  lookUp(source: Ip, destination: Ip | null): StanzaChoice;
  /** Those turns, as an array that only the caller has. */
  ownTurns(turns: Uint8Array): Uint8Array;
  /** The same for a packet whose salt names nobody: stanzas that only a hint leads to are {@link NOT_NAMED}. */
  ownUnnamed(turns: Uint8Array): Uint8Array;
}

/**
 * What becomes of a stanza in the trial of a packet: its addresses are others, it is tried, its HMAC key is another, or it waits
 * for packets whose salt names it and this one does not.
 */
export const OTHER_ADDRESSES = 0, TRIED = 1, OTHER_KEY = 2, NOT_NAMED = 3;

/** What the addresses of a packet choose. */
export interface StanzaChoice {
  /**
   * For each stanza, by its place in the index: {@link OTHER_ADDRESSES} or {@link TRIED}. It may be that of other packets too: who
   * changes it asks for {@link StanzaIndex.ownTurns} before.
   */
  readonly turns: Uint8Array;
  /** The first whose SOURCE and DESTINATION are the packet's. */
  readonly first: Stanza | null;
  /** Whether the SOURCE of any stanza, at least, is the packet's. */
  readonly sourceIsKnown: boolean;
}

/**
 * Stanzas for any source are chosen beforehand; of the others only those are looked at whose SOURCE has a range around the
 * packet's: a look-up costs as much as there are different masks, and not as there are stanzas.
 */
export function stanzaIndex(stanzas: readonly Stanza[]): StanzaIndex {
  const fromAnywhere = Uint8Array.from(
    stanzas,
    ({ source, destination }) => source.any && destination === null ? TRIED : OTHER_ADDRESSES,
  );
  const aimed = stanzas.flatMap(({ source, destination }, place) =>
    source.any && destination !== null ? [{ place }] : []
  );
  const everySourceIsKnown = stanzas.some(({ source }) => source.any);
  const groups = groupByMask(stanzas);
  // A copy for each packet of a flood would be more garbage than everything else that is made for it.
  const ownTurns = (turns: Uint8Array) => turns === fromAnywhere ? turns.slice() : turns;
  const onlyHinted = stanzas.flatMap(({ keyHint, secrets }, place) =>
    // Without an HMAC key nothing can name it: there the directive says nothing.
    keyHint === "only" && secrets.some(({ hmac }) => hmac !== null) ? [place] : []
  );
  const unnamedFromAnywhere = unname(fromAnywhere.slice(), onlyHinted);
  return {
    stanzas,
    ownTurns,
    ownUnnamed: (turns) => turns === fromAnywhere ? unnamedFromAnywhere.slice() : unname(turns, onlyHinted),
    lookUp(source, destination) {
      let turns: Uint8Array = fromAnywhere;
      let sourceIsKnown = everySourceIsKnown;
      const tryAll = (of: readonly { readonly place: number }[]) => {
        for (const { place } of of) {
          if (destinationFits(stanzas[place]!, destination)) (turns = ownTurns(turns))[place] = TRIED;
        }
      };
      tryAll(aimed);
      for (const { family, mask, byNetwork } of groups) {
        const around = family === source.family ? byNetwork.get(networkOf(source.bytes, mask)) : undefined;
        if (around === undefined) continue;
        sourceIsKnown = true;
        tryAll(around);
      }
      return { turns, first: stanzas[turns.indexOf(TRIED)] ?? null, sourceIsKnown };
    },
  };
}

function unname(turns: Uint8Array, places: readonly number[]): Uint8Array {
  for (const place of places) if (turns[place] === TRIED) turns[place] = NOT_NAMED;
  return turns;
}

/** The ranges of one mask in the SOURCE of stanzas, with the places of these. */
interface MaskGroup extends Pick<AddressRange, "family" | "mask"> {
  readonly byNetwork: ReadonlyMap<string, readonly { readonly place: number }[]>;
}

function groupByMask(stanzas: readonly Stanza[]): readonly MaskGroup[] {
  const ranges = stanzas.flatMap(({ source }, place) =>
    source.any ? [] : source.ranges.map((range) => ({ ...range, place, network: networkOf(range.address, range.mask) }))
  );
  return [...Map.groupBy(ranges, ({ family, mask }) => `${family} ${mask}`).values()].map((of) => ({
    family: of[0]!.family,
    mask: of[0]!.mask,
    byNetwork: Map.groupBy(of, ({ network }) => network),
  }));
}

/** An address under a mask, as a key. */
function networkOf(address: Uint8Array, mask: Uint8Array): string {
  let key = "";
  for (let i = 0; i < address.length; i++) key += String.fromCharCode(address[i]! & mask[i]!);
  return key;
}

function destinationFits({ destination: wanted }: Stanza, destination: Ip | null): boolean {
  return wanted === null || (destination !== null && matchesList(wanted, destination));
}
