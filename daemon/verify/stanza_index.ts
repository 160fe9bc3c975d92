/** Which stanzas are to be tried for a packet. Pure. */
import type { Ip } from "../../lib/net/address.ts";
import { matchesList } from "../../lib/net/cidr.ts";
import type { Stanza } from "../config/stanza.ts";

/** The stanzas of access.conf in load order, to be looked up by the addresses of a packet. */
export interface StanzaIndex {
  readonly stanzas: readonly Stanza[];
  /** `destination`: null where the capture does not tell; then no stanza with a DESTINATION speaks for the packet. */
  lookUp(source: Ip, destination: Ip | null): StanzaChoice;
}

/**
 * What becomes of a stanza in the trial of a packet: its addresses are others, it is tried, its HMAC key is another, or it waits
 * for packets whose salt names it and this one does not.
 */
export const OTHER_ADDRESSES = 0, TRIED = 1, OTHER_KEY = 2, NOT_NAMED = 3;

/** What the addresses of a packet choose. */
export interface StanzaChoice {
  /** For each stanza, by its place in the index: {@link OTHER_ADDRESSES} or {@link TRIED}. Whoever asked may change it. */
  readonly turns: Uint8Array;
  /** The first whose SOURCE and DESTINATION are the packet's. */
  readonly first: Stanza | null;
  /** Whether the SOURCE of any stanza, at least, is the packet's. */
  readonly sourceIsKnown: boolean;
}

/** Looks at one stanza after the other: their sources are lists of ranges. */
export function stanzaIndex(stanzas: readonly Stanza[]): StanzaIndex {
  return {
    stanzas,
    lookUp(source, destination) {
      const turns = new Uint8Array(stanzas.length);
      let sourceIsKnown = false;
      for (let at = 0; at < stanzas.length; at++) {
        const stanza = stanzas[at]!;
        if (!matchesList(stanza.source, source)) continue;
        sourceIsKnown = true;
        if (destinationFits(stanza, destination)) turns[at] = TRIED;
      }
      return { turns, first: stanzas[turns.indexOf(TRIED)] ?? null, sourceIsKnown };
    },
  };
}

function destinationFits({ destination: wanted }: Stanza, destination: Ip | null): boolean {
  return wanted === null || (destination !== null && matchesList(wanted, destination));
}
