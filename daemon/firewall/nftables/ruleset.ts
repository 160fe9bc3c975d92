/** The JSON listing of nft (libnftables-json(5)) as far as this backend looks at it. Pure. */
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";

export interface Table {
  readonly family: TableFamily;
  readonly name: string;
}

export interface Chain {
  readonly family: TableFamily;
  readonly table: string;
  readonly name: string;
  /** Null where it is no base chain. */
  readonly base: {
    readonly type: string;
    readonly hook: string;
    readonly priority: number;
    readonly policy: string;
  } | null;
}

/** One statement: an object with the statement's name as its only member. */
export type Statement = Readonly<Record<string, unknown>>;

export interface Rule {
  readonly family: TableFamily;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly statements: readonly Statement[];
}

export interface NamedSet {
  readonly family: TableFamily;
  readonly table: string;
  readonly name: string;
  readonly kind: "set" | "map";
  /** As the listing says it; only present when elements were asked for. */
  readonly elements: readonly unknown[];
}

export interface Ruleset {
  readonly tables: readonly Table[];
  readonly chains: readonly Chain[];
  /** By {@link chainKey}, each chain's in order. */
  readonly rules: ReadonlyMap<string, readonly Rule[]>;
  readonly sets: readonly NamedSet[];
}

/** A chain by its names. */
export type ChainKey = Pick<Chain, "family" | "table" | "name">;

/** Reads a listing. Members that are not known are passed over. Throws `SyntaxError` when it is no JSON. */
export function parseRuleset(listing: string): Ruleset {
  const entries: unknown = listing.trim() === "" ? [] : record(JSON.parse(listing)).nftables;
  const ruleset = {
    tables: [] as Table[],
    chains: [] as Chain[],
    rules: new Map<string, Rule[]>(),
    sets: [] as NamedSet[],
  };
  for (const entry of list(entries)) {
    const { table, chain, rule, set, map } = record(entry);
    if (table) {
      ruleset.tables.push({ family: text(record(table).family) as TableFamily, name: text(record(table).name) });
    }
    if (chain) ruleset.chains.push(readChain(record(chain)));
    if (rule) {
      const read = readRule(record(rule));
      const key = chainKey({ ...read, name: read.chain });
      const known = ruleset.rules.get(key);
      if (known) known.push(read);
      else ruleset.rules.set(key, [read]);
    }
    if (set) ruleset.sets.push(readSet(record(set), "set"));
    if (map) ruleset.sets.push(readSet(record(map), "map"));
  }
  return ruleset;
}

/** Rules of one chain, in order. */
export function rulesOf(ruleset: Ruleset, chain: ChainKey): readonly Rule[] {
  return ruleset.rules.get(chainKey(chain)) ?? [];
}

function chainKey({ family, table, name }: ChainKey): string {
  return `${family} ${table} ${name}`;
}

/** The chain that the rule jumps to as its only statement; null when it is another rule. */
export function plainJump(rule: Rule): string | null {
  const [statement, ...more] = rule.statements;
  return more.length === 0 && statement ? text(record(statement.jump).target) || null : null;
}

/** The named sets and maps that a rule refers to, in order. */
export function setReferences(rule: Rule): readonly string[] {
  const names: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === "string" && value.startsWith("@")) names.push(value.slice(1));
    else if (typeof value === "object" && value !== null) { for (const inner of Object.values(value)) walk(inner); }
  };
  walk(rule.statements);
  return names;
}

/** A member that should be an object; `{}` when it is not. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Readonly<Record<string, unknown>>
    : {};
}

/** A member that is one or many; none when it is not there. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function readChain(chain: Readonly<Record<string, unknown>>): Chain {
  return {
    family: text(chain.family) as TableFamily,
    table: text(chain.table),
    name: text(chain.name),
    base: chain.hook === undefined ? null : {
      type: text(chain.type),
      hook: text(chain.hook),
      priority: Number(chain.prio),
      policy: text(chain.policy) || "accept",
    },
  };
}

function readRule(rule: Readonly<Record<string, unknown>>): Rule {
  return {
    family: text(rule.family) as TableFamily,
    table: text(rule.table),
    chain: text(rule.chain),
    handle: Number(rule.handle),
    statements: list(rule.expr).map(record),
  };
}

function readSet(set: Readonly<Record<string, unknown>>, kind: "set" | "map"): NamedSet {
  return {
    family: text(set.family) as TableFamily,
    table: text(set.table),
    name: text(set.name),
    kind,
    elements: list(set.elem),
  };
}
