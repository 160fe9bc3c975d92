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

/** What the addresses of a packet choose. */
export interface StanzaChoice {
  /** Those whose SOURCE and DESTINATION are the packet's, in load order. */
  readonly matching: ReadonlySet<Stanza>;
  /** Whether the SOURCE of any stanza, at least, is the packet's. */
  readonly sourceIsKnown: boolean;
}

/** Looks at one stanza after the other: their sources are lists of ranges. */
export function stanzaIndex(stanzas: readonly Stanza[]): StanzaIndex {
  return {
    stanzas,
    lookUp(source, destination) {
      const matching = new Set<Stanza>();
      let sourceIsKnown = false;
      for (const stanza of stanzas) {
        if (!matchesList(stanza.source, source)) continue;
        sourceIsKnown = true;
        if (destinationFits(stanza, destination)) matching.add(stanza);
      }
      return { matching, sourceIsKnown };
    },
  };
}

function destinationFits({ destination: wanted }: Stanza, destination: Ip | null): boolean {
  return wanted === null || (destination !== null && matchesList(wanted, destination));
}
