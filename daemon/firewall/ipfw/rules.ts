/** The rules of ipfw as `ipfw -S list` prints them, and what in them keeps shut what is opened. Pure. */
import { doorOf } from "./tables.ts";

/** A rule. */
export interface Rule {
  readonly number: number;
  readonly set: number;
  /** Its set is switched off. */
  readonly disabled: boolean;
  /** After number and set: `allow tcp from table(fwknop_tcp_22) to me dst-port 22 setup keep-state`. */
  readonly text: string;
  /** The table of ours that it lets in; null where it has none. */
  readonly table: string | null;
  /** Its end, in the word of the C daemon (facts/firewall 4); null where it has none. */
  readonly expiresAt: number | null;
}

/** Reads the listing. */
export function parseRules(listing: string): readonly Rule[] {
  return listing.split("\n").flatMap((line) => {
    const [, disabled, number, set, text = ""] = /^(# DISABLED )?([0-9]{5}) set ([0-9]{1,2}) (.*\S)\s*$/.exec(line) ??
      [];
    if (number === undefined) return [];
    const [, name] = /^(?:allow|pass) .*\bfrom table\(([^)\s]+)\) /.exec(text) ?? [];
    const [, end] = /\/\/ _exp_([0-9]{1,11})$/.exec(text) ?? [];
    return [{
      number: Number(number),
      set: Number(set),
      disabled: disabled !== undefined,
      text,
      table: name !== undefined && doorOf(name) !== null ? name : null,
      expiresAt: end === undefined ? null : Number(end),
    }];
  });
}

/** Numbers of the rules by which connections are open, from `ipfw -d list`. */
export function parseDynamic(listing: string): ReadonlySet<number> {
  const [, dynamic = ""] = /^## Dynamic rules\b[^\n]*\n([^]*)$/m.exec(listing) ?? [];
  return new Set([...dynamic.matchAll(/^([0-9]{5}) /gm)].map(([, number]) => Number(number)));
}

/** The rule before number `start` that lets nothing come as far; null where there is none for certain. */
export function denyingBefore(rules: readonly Rule[], start: number): Rule | null {
  const earlier = rules.filter(({ number, disabled }) => number < start && !disabled);
  const at = earlier.findIndex(({ text }) => DENIES_ALL.test(text));
  // What is skipped denies nothing.
  if (at < 0 || earlier.slice(0, at).some(({ text }) => /^(?:skipto|call) /.test(text))) return null;
  return earlier[at] ?? null;
}

const DENIES_ALL =
  /^(?:deny|reset6?|reject|unreach6? \S+)(?: log(?: logamount [0-9]+)?)? (?:ip|all) from any to any(?: in)?(?: \/\/.*)?$/;
