/** What is open for a stanza, or about to be, as far as a plan asks: whether this is, and how many there are. */
import { accessKey } from "../firewall/firewall.ts";
import type { Held, HeldGrant, Ledger } from "./ledger.ts";

/** Who knows what is open: the ledger, and the commands that will close something, where there are any. */
export interface Holders {
  readonly ledger: Pick<Ledger, "heldBy">;
  readonly commands?: { heldBy(stanza: number): Held } | undefined;
}

/** What is open, and what the packets of one turn are about to open besides. Times in Unix seconds. */
export interface TurnAccount {
  /** Of a stanza. True until the next call of `note`. */
  heldBy(stanza: number, now: number): Held;
  /** These are about to be opened. */
  note(grants: readonly Required<HeldGrant>[], now: number): void;
}

/** At the beginning of a turn. */
export function accountOfTurn({ ledger, commands }: Holders): TurnAccount {
  /** By stanza the keys of what was noted and is not open yet. */
  const noted = new Map<number, Set<string>>();
  return {
    heldBy(stanza, now) {
      const parts = [ledger.heldBy(stanza, now), noted.get(stanza), commands?.heldBy(stanza)];
      const held = parts.filter((part) => part !== undefined);
      return {
        size: held.reduce((sum, { size }) => sum + size, 0),
        has: (key) => held.some((part) => part.has(key)),
      };
    },
    note(grants, now) {
      for (const { access, stanza } of grants) {
        const key = accessKey(access);
        if (ledger.heldBy(stanza, now).has(key)) continue;
        const keys = noted.get(stanza);
        if (keys === undefined) noted.set(stanza, new Set([key]));
        else keys.add(key);
      }
    },
  };
}
