/**
 * The rules of our chains in their order, kept up with what iptables-restore is told: where a rule stands is asked for when
 * it goes, and listing all rules then would cost more than the rest.
 */
import { Ranking } from "../../grants/ranking.ts";
import { type Batch } from "./restore_lines.ts";
import { SLOTS } from "../slots.ts";
import type { ChainSpecs } from "./chain_specs.ts";
import { chainRules, type RuleListing } from "../save_text.ts";
import { type ListedGrant } from "./listing.ts";

/** The order as it was listed last, and what was done since. */
export class ChainOrder {
  readonly #rules = new Map<string, Ranking<string>>();

  /** Takes a listing as the truth for the tables that are in it. */
  see(listing: RuleListing, chains: ChainSpecs): void {
    for (const { table, to } of SLOTS.map((slot) => chains[slot])) {
      const rules = chainRules(listing, table, to);
      if (rules !== null) this.#rules.set(`${table} ${to}`, rankingOf(rules));
      else if (listing.tables.has(table)) this.#rules.delete(`${table} ${to}`);
    }
  }

  /** Notes what a batch that was applied did to rules. */
  follow(batch: Batch): void {
    for (const [table, lines] of batch) {
      for (const line of lines) {
        const [, verb, chain, rule = ""] = /^-([AID]) (\S+) (.*)$/.exec(line) ?? [];
        const rules = this.#rules.get(`${table} ${chain}`);
        if (rules === undefined) continue;
        if (verb === "A") rules.append(rule);
        else if (verb === "I") rules.prepend(rule);
        else rules.delete(rule);
      }
    }
  }

  /** The number of a rule in its chain, from 1; null when it is not known to be there. */
  numberOf({ table, chain, rule }: Pick<ListedGrant, "table" | "chain" | "rule">): number | null {
    return this.#rules.get(`${table} ${chain}`)?.numberOf(rule) ?? null;
  }
}

function rankingOf(rules: readonly string[]): Ranking<string> {
  const ranking = new Ranking<string>();
  for (const rule of rules) ranking.append(rule);
  return ranking;
}
