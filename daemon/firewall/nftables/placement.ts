/** Where in the ruleset our chains, sets and jumps belong, and what has to change to have them there. Pure. */
import type {
  ChainInfo,
  ChainName,
  RuleInfo,
  SetInfo,
  StructureChange,
  TableName,
} from "../../../ffi/nfnetlink/ruleset.ts";
import type { Slot } from "../firewall.ts";
import { jumpTo, rulesFor, sameRules } from "./rules.ts";
import {
  chainOf,
  fieldSize,
  fieldType,
  type FilterSlot,
  type Home,
  homeOf,
  NAT_CHAINS,
  NAT_TABLE,
  PREFIX,
  seesFamily,
  SET_LAYOUTS,
  type SetLayout,
} from "./set_layout.ts";

/** One table that holds chains and sets of ours. */
export interface OurTable extends TableName {
  /** Whether the table itself is ours. */
  readonly own: boolean;
  /** Our chains in it. */
  readonly homes: readonly Home[];
  readonly layouts: readonly SetLayout[];
  /** Base chains of the table that jump to our chain of the slot. */
  readonly jumps: readonly { readonly from: string; readonly slot: FilterSlot }[];
}

/** A base chain that gets a jump. */
export interface ChosenChain extends ChainName {
  readonly hook: FilterSlot;
}

/** A chain of ours that is there. */
export interface FoundChain {
  readonly chain: string;
  /** Whether it has the place in the way of packets that it should have. */
  readonly fits: boolean;
  readonly rules: readonly Pick<RuleInfo, "expressions">[];
}

/** A set or map of ours that is there. */
export interface FoundSet {
  readonly set: string;
  /** Whether it can hold what it should. */
  readonly fits: boolean;
}

/** A jump to a chain of ours that is there. */
export interface FoundJump {
  readonly from: string;
  readonly handle: bigint;
  readonly to: string;
  /** Whether it is the first rule of its chain. */
  readonly first: boolean;
}

/** What is ours in a table. */
export interface FoundTable extends TableName {
  readonly chains: readonly FoundChain[];
  readonly sets: readonly FoundSet[];
  readonly jumps: readonly FoundJump[];
}

/** Tables and what goes into them. */
export function planTables(chains: readonly ChosenChain[], slots: readonly Slot[]): readonly OurTable[] {
  const tables = new Map<string, OurTable>();
  for (const { family, table, chain, hook } of chains) {
    const key = `${family} ${table}`;
    const known = tables.get(key);
    const homes = [...new Set([...(known?.homes ?? []), hook])];
    const jumps = [...(known?.jumps ?? []), { from: chain, slot: hook }];
    tables.set(key, { family, table, own: false, homes, layouts: layoutsOf(homes, slots, family), jumps });
  }
  const nat = (Object.keys(NAT_CHAINS) as (keyof typeof NAT_CHAINS)[]).filter((slot) => slots.includes(slot));
  if (nat.length > 0) {
    tables.set("nat", { ...NAT_TABLE, own: true, homes: nat, layouts: layoutsOf(nat, slots, "inet"), jumps: [] });
  }
  return [...tables.values()];
}

/** What should be in a table in which somebody else put chains of our names. Who jumps to them is not known. */
export function adopted({ family, table, chains }: FoundTable, wanted: readonly Slot[]): OurTable {
  const own = sameTable({ family, table }, NAT_TABLE);
  const homes = [...new Set(wanted.map(homeOf))].filter((home) => chains.some(({ chain }) => chain === chainOf(home)));
  return { family, table, own, homes, layouts: layoutsOf(homes, wanted, family), jumps: [] };
}

/** What the chains hold of the kinds of grant that are in use. */
function layoutsOf(
  homes: readonly Home[],
  slots: readonly Slot[],
  family: TableName["family"],
): readonly SetLayout[] {
  return SET_LAYOUTS.filter((layout) =>
    homes.includes(layout.home) && slots.includes(layout.slot) && seesFamily(family, layout.family)
  );
}

/** Whether both name the same table. */
export function sameTable(a: TableName, b: TableName): boolean {
  return a.family === b.family && a.table === b.table;
}

/** Whether a chain of that name is ours. */
export function isOurChain(name: string): boolean {
  return SET_LAYOUTS.some(({ home }) => chainOf(home) === name);
}

/** Whether a set of that name is ours. */
export function isOurSet(name: string): boolean {
  return SET_LAYOUTS.some((layout) => layout.name === name);
}

/** The rules that a chain of ours must have, in order. */
function rulesOf({ family, layouts }: OurTable, home: Home) {
  return layouts.filter((layout) => layout.home === home).flatMap((layout) => rulesFor(layout, family));
}

/** Nothing of ours is there. */
export function nothingIn({ family, table }: TableName): FoundTable {
  return { family, table, chains: [], sets: [], jumps: [] };
}

/** Whether a chain of ours has the rules that it should have. */
export function hasItsRules(ours: OurTable, home: Home, rules: FoundChain["rules"]): boolean {
  return sameRules(rules.map(({ expressions }) => expressions), rulesOf(ours, home));
}

/**
 * What makes of what is found what should be; `ours` null: nothing of ours. Empty: it is so already. What has another form,
 * from another version, is taken away and made anew; elements of sets that are as they should be stay.
 */
export function changesFor(found: FoundTable, ours: OurTable | null): readonly StructureChange[] {
  if (ours === null && sameTable(found, NAT_TABLE)) return [{ ...NAT_TABLE, verb: "delete table" }];
  const at: TableName = { family: found.family, table: found.table };
  const chains = sortChains(found, ours);
  const sets = sortSets(found, ours);
  const jumps = sortJumps(found, ours, chains.doomed);
  const changes: StructureChange[] = [
    ...jumps.doomed.map(({ from, handle }): StructureChange => ({ ...at, verb: "delete rule", chain: from, handle })),
    // Rules before the sets that they refer to.
    ...[...chains.doomed, ...chains.stale].map((chain): StructureChange => ({ ...at, verb: "flush chain", chain })),
    ...chains.doomed.map((chain): StructureChange => ({ ...at, verb: "delete chain", chain })),
    ...sets.doomed.map((set): StructureChange => ({ ...at, verb: "delete set", set })),
    ...sets.missing.map((layout) => declarationOf(layout, at)),
    ...chains.missing.flatMap((home) => ours === null ? [] : chainChanges(ours, home)),
    ...jumps.missing.map(({ from, slot }): StructureChange => jumpChange(at, from, slot)),
  ];
  return ours?.own && changes.length > 0 ? [{ ...NAT_TABLE, verb: "add table" }, ...changes] : changes;
}

/** The same where what is found has a form that the kernel does not change into another. */
export function changesAnew(found: FoundTable, ours: OurTable): readonly StructureChange[] {
  return [...changesFor(found, null), ...changesFor(nothingIn(found), ours)];
}

/** `stale`: it is there, with other rules; `missing`: those that have to be filled. */
function sortChains(found: FoundTable, ours: OurTable | null) {
  const homes = ours?.homes ?? [];
  const wanted = (name: string) => homes.some((home) => chainOf(home) === name);
  const missingSets = sortSets(found, ours).missing;
  const isRight = (home: Home) => {
    const chain = found.chains.find((one) => one.chain === chainOf(home));
    return ours !== null && chain?.fits === true && hasItsRules(ours, home, chain.rules) &&
      !missingSets.some((layout) => layout.home === home);
  };
  const missing = homes.filter((home) => !isRight(home));
  const doomed = found.chains.filter(({ chain, fits }) => !fits || !wanted(chain)).map(({ chain }) => chain);
  const stale = found.chains.map(({ chain }) => chain).filter((chain) =>
    !doomed.includes(chain) && missing.some((home) => chainOf(home) === chain)
  );
  return { doomed, stale, missing };
}

function sortSets(found: FoundTable, ours: OurTable | null) {
  const layouts = ours?.layouts ?? [];
  const right = found.sets.filter(({ set, fits }) => fits && layouts.some(({ name }) => name === set));
  return {
    doomed: found.sets.filter((set) => !right.includes(set)).map(({ set }) => set),
    missing: layouts.filter(({ name }) => !right.some(({ set }) => set === name)),
  };
}

/** A jump that stands where it should stays there, unless its chain is taken away. */
function sortJumps(found: FoundTable, ours: OurTable | null, doomedChains: readonly string[]) {
  const wanted = ours?.jumps ?? [];
  const kept = found.jumps.filter((jump) =>
    jump.first && !doomedChains.includes(jump.to) &&
    wanted.some(({ from, slot }) => from === jump.from && chainOf(slot) === jump.to)
  );
  return {
    doomed: found.jumps.filter((jump) => !kept.includes(jump)),
    missing: wanted.filter(({ from, slot }) => !kept.some((jump) => jump.from === from && jump.to === chainOf(slot))),
  };
}

function jumpChange(at: TableName, from: string, slot: FilterSlot): StructureChange {
  return { ...at, verb: "add rule", chain: from, at: "head", expressions: jumpTo(slot) };
}

function chainChanges(ours: OurTable, home: Home): readonly StructureChange[] {
  const at = { family: ours.family, table: ours.table, chain: chainOf(home) };
  const base = home in NAT_CHAINS ? NAT_CHAINS[home as keyof typeof NAT_CHAINS] : null;
  return [
    { ...at, verb: "add chain", base },
    ...rulesOf(ours, home).map((expressions): StructureChange => ({
      ...at,
      verb: "add rule",
      at: "tail",
      expressions,
    })),
  ];
}

function declarationOf({ name, family, key, value }: SetLayout, at: TableName): StructureChange {
  const types = (fields: SetLayout["key"]) => fields.map((field) => fieldType(field, family));
  return { ...at, verb: "add set", set: name, key: types(key), value: types(value) };
}

/** Whether the set can hold what a set of ours of that name should. */
export function setFits({ set, map, interval, keyLength }: SetInfo): boolean {
  return SET_LAYOUTS.some(({ name, family, key, value }) => {
    const size = key.reduce((sum, field) => sum + Math.ceil(fieldSize(field, family) / 4) * 4, 0);
    return name === set && map === value.length > 0 && !interval && keyLength === size;
  });
}

/** Whether a chain of ours of that name stands where it should. */
export function chainFits({ chain, base }: Pick<ChainInfo, "chain" | "base">): boolean {
  const place = Object.entries(NAT_CHAINS).find(([slot]) => `${PREFIX}${slot}` === chain)?.[1];
  if (place === undefined) return base === null;
  return base?.type === place.type && base.hook === place.hook && base.priority === place.priority;
}
