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

/** What the addresses of a packet choose, in load order. */
export interface StanzaChoice {
  /** SOURCE and DESTINATION are those of the packet. */
  readonly matching: readonly Stanza[];
  readonly others: readonly Stanza[];
  /** Whether the SOURCE of any stanza, at least, is that of the packet. */
  readonly sourceIsKnown: boolean;
}

/** Looks at one stanza after the other: their sources are lists of ranges. */
export function stanzaIndex(stanzas: readonly Stanza[]): StanzaIndex {
  return {
    stanzas,
    lookUp(source, destination) {
      const matching: Stanza[] = [];
      const others: Stanza[] = [];
      let sourceIsKnown = false;
      for (const stanza of stanzas) {
        const sourceFits = matchesList(stanza.source, source);
        sourceIsKnown ||= sourceFits;
        (sourceFits && destinationFits(stanza, destination) ? matching : others).push(stanza);
      }
      return { matching, others, sourceIsKnown };
    },
  };
}

function destinationFits({ destination: wanted }: Stanza, destination: Ip | null): boolean {
  return wanted === null || (destination !== null && matchesList(wanted, destination));
}
