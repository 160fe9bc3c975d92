/**
 * Rules of iptables-nft by the numbers that the kernel gave them. One that is known so is deleted by netlink, at once; to
 * delete it by what it says iptables reads every rule of the table. No other rule can be meant: the number of a table is never
 * given to another table, nor that of a rule to another rule of its table, and a rule is only deleted from the generation of
 * the ruleset in which its table was seen to be the same.
 */
import { FfiError } from "../../../ffi/errors.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Expression } from "../../../ffi/nfnetlink/ruleset.ts";
import { createPause } from "../../../lib/host/pause.ts";
import type { ListedGrant } from "./listing.ts";

/** A rule as the kernel told of it when it was added. */
export type AddedRule = Pick<RulesetChange, "table" | "chain" | "handle" | "expressions">;

/** How often a deletion is tried again because others change the ruleset just then. */
const ATTEMPTS = 3;
/** Rules of one transaction: the kernel goes through a chain for each of them. */
const MOST = 256;

/** A rule and its number. */
interface Numbered {
  readonly rule: ListedGrant;
  readonly handle: bigint;
}

/** Those of a family. Nothing here throws for a failure of the packet filter: then iptables does it. */
export class RuleHandles {
  readonly #family: "ip" | "ip6";
  readonly #open: () => Pick<Nfnetlink, "generation" | "tables" | "transact"> | null;
  /** Of the tables in which the rules were added, by name. */
  #tables: ReadonlyMap<string, bigint> = new Map();
  readonly #rules = new Map<string, bigint>();

  /** `open`: null where there is no netlink. */
  constructor(family: 4 | 6, open: () => Pick<Nfnetlink, "generation" | "tables" | "transact"> | null) {
    this.#family = family === 4 ? "ip" : "ip6";
    this.#open = open;
  }

  /** Of all rules these are left; and looks which tables there are. */
  retain(rules: readonly ListedGrant[]): void {
    const left = new Set(rules.map(keyOf));
    for (const key of this.#rules.keys()) if (!left.has(key)) this.#rules.delete(key);
    const before = this.#tables;
    this.#tables = this.#look();
    for (const [name, handle] of before) {
      if (this.#tables.get(name) === handle) continue;
      for (const key of this.#rules.keys()) if (key.startsWith(`${name} `)) this.#rules.delete(key);
    }
  }

  /** Rules that were added, and what the kernel told of that: in each chain as many, in the same order. */
  learn(rules: readonly ListedGrant[], added: readonly AddedRule[]): void {
    if (added.length === 0) return;
    for (const [chain, mine] of Map.groupBy(rules, chainOf)) {
      const told = added.filter((one) => chainOf(one) === chain);
      if (told.length !== mine.length) continue;
      for (const [index, rule] of mine.entries()) {
        const handle = told[index]?.handle ?? null;
        if (handle !== null && isAbout(rule, told[index]?.expressions() ?? [])) this.#rules.set(keyOf(rule), handle);
      }
    }
  }

  forget(rule: ListedGrant): void {
    this.#rules.delete(keyOf(rule));
  }

  /** Those of the rules whose numbers are known. */
  known(rules: readonly ListedGrant[]): readonly ListedGrant[] {
    return this.#numbered(rules).map(({ rule }) => rule);
  }

  /**
   * Deletes those that are known of the rules that `present` tells at each look, some at a time, and says `gone` of them. What is
   * left is for iptables.
   */
  async delete(present: () => readonly ListedGrant[], gone: (rules: readonly ListedGrant[]) => void): Promise<void> {
    const pause = createPause();
    for (;;) {
      const some = this.#numbered(present()).slice(0, MOST);
      if (some.length === 0) return;
      const outcome = this.#deleteAll(some);
      if (outcome === null) return;
      const rules = (outcome === "done" ? some : outcome).map(({ rule }) => rule);
      for (const rule of rules) this.forget(rule);
      if (outcome === "done") gone(rules);
      await pause();
    }
  }

  /** Of two that are equal it is not known which is which. */
  #numbered(rules: readonly ListedGrant[]): readonly Numbered[] {
    return [...Map.groupBy(rules, keyOf)].flatMap(([key, equal]) => {
      const handle = equal.length === 1 ? this.#rules.get(key) : undefined;
      return handle === undefined ? [] : equal.map((rule) => ({ rule, handle }));
    });
  }

  /** Returns those that are not there under their numbers, where there are such: then none is deleted. Null: nor is any. */
  #deleteAll(known: readonly Numbered[]): "done" | readonly Numbered[] | null {
    const netlink = this.#open();
    if (netlink === null) return null;
    const family = this.#family;
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const generation = netlink.generation();
        const tables = tablesOf(netlink, family);
        if (known.some(({ rule: { table } }) => !tables.has(table) || tables.get(table) !== this.#tables.get(table))) {
          return null;
        }
        const outcome = netlink.transact(
          known.map(({ rule: { table, chain }, handle }) => ({ verb: "delete rule", family, table, chain, handle })),
          generation,
        );
        if (outcome.ok) return "done";
        if (outcome.stale) continue;
        const refused = new Set(outcome.refusals.map(({ index }) => index));
        return refused.has(null) ? null : known.filter((_, index) => refused.has(index));
      }
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
    }
    return null;
  }

  #look(): ReadonlyMap<string, bigint> {
    const netlink = this.#open();
    try {
      return netlink === null ? new Map() : tablesOf(netlink, this.#family);
    } catch (error) {
      if (!(error instanceof FfiError)) throw error;
      return new Map();
    }
  }
}

/** The numbers of the tables. Kernels that tell none have 0, which is no number. */
function tablesOf(netlink: Pick<Nfnetlink, "tables">, family: "ip" | "ip6"): ReadonlyMap<string, bigint> {
  const own = netlink.tables().filter((table) => table.family === family && table.handle !== 0n);
  return new Map(own.map(({ table, handle }) => [table, handle]));
}

function chainOf({ table, chain }: Pick<ListedGrant, "table" | "chain">): string {
  return `${table} ${chain}`;
}

function keyOf({ table, chain, key, expiresAt }: ListedGrant): string {
  return `${table} ${chain} ${expiresAt} ${key}`;
}

/** Whether the rule compares something with the source of the grant: the order alone would say too little. */
function isAbout({ access }: ListedGrant, rule: readonly Expression[]): boolean {
  if (!("source" in access)) return false;
  const source = access.source.bytes;
  return rule.some((step) =>
    step.kind === "compare" && step.value.length === source.length &&
    step.value.every((byte, at) => byte === source[at])
  );
}
