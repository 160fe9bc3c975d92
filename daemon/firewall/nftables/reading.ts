/** What is ours in the ruleset, by netlink. */
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { ChainInfo, TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import {
  chainFits,
  type FoundChain,
  type FoundJump,
  type FoundSet,
  type FoundTable,
  hasItsRules,
  isOurChain,
  isOurSet,
  type OurTable,
  sameTable,
  setFits,
} from "./placement.ts";
import { plainJump } from "./rules.ts";
import { chainOf, type Home, SET_LAYOUTS } from "./set_layout.ts";
import type { ElementSet } from "./timed_elements.ts";

/** A table in which our objects stand, with the jumps by their handles. */
export interface PlacedTable {
  readonly ours: OurTable;
  readonly jumps: readonly FoundJump[];
}

/** Whether there is such a table, and nothing in it is in force. */
export function isDormant(netlink: Pick<Nfnetlink, "tables">, at: TableName): boolean {
  return netlink.tables().some((table) => table.dormant && sameTable(table, at));
}

/** The tables that hold a chain or set of ours, whoever put it there. */
export function tablesWithOurs(netlink: Pick<Nfnetlink, "chains" | "sets">): readonly TableName[] {
  return distinct([...tablesWithOurChains(netlink), ...netlink.sets().filter(({ set }) => isOurSet(set))]);
}

/** The tables that hold a chain of ours. Sets are not asked about, of which a ruleset may have one for each rule. */
export function tablesWithOurChains(netlink: Pick<Nfnetlink, "chains">): readonly TableName[] {
  return distinct(netlink.chains().filter(({ chain }) => isOurChain(chain)));
}

function distinct(names: readonly TableName[]): readonly TableName[] {
  return names.filter((name, index) => names.findIndex((one) => sameTable(one, name)) === index)
    .map(({ family, table }) => ({ family, table }));
}

/** All sets and maps of ours, whoever put them there. */
export function ourSets(netlink: Pick<Nfnetlink, "sets">): readonly ElementSet[] {
  return netlink.sets().flatMap(({ family, table, set }) =>
    SET_LAYOUTS.filter(({ name }) => name === set).map((layout) => ({ family, table, layout }))
  );
}

/** Our sets and maps of the tables, as far as they can hold what they should. */
export function setsIn(tables: readonly FoundTable[]): readonly ElementSet[] {
  return tables.flatMap(({ family, table, sets }) =>
    sets.filter(({ fits }) => fits).flatMap(({ set }) =>
      SET_LAYOUTS.filter(({ name }) => name === set).map((layout) => ({ family, table, layout }))
    )
  );
}

/**
 * All that is ours in a table. Jumps are looked for in all of its rules, in slices: other work goes on between them. Without
 * a chain of ours nothing can jump to one.
 */
export async function searchTable(netlink: Nfnetlink, at: TableName): Promise<FoundTable> {
  const chains = netlink.chains().filter((chain) => sameTable(chain, at));
  const jumps: FoundJump[] = [];
  if (chains.some(({ chain }) => isOurChain(chain))) {
    for (const chain of chains) if (!isOurChain(chain.chain)) jumps.push(...await searchChain(netlink, chain));
  }
  return { ...foundIn(netlink, at), jumps };
}

/** The same without the jumps, and without reading other rules. */
export function foundIn(netlink: Nfnetlink, { family, table }: TableName): FoundTable {
  const ours = netlink.chains().filter((chain) => sameTable(chain, { family, table }) && isOurChain(chain.chain));
  const chains = ours.map((chain) => chainFound(netlink, chain));
  return { family, table, chains, sets: readSets(netlink, { family, table }), jumps: [] };
}

async function searchChain(netlink: Nfnetlink, { family, table, chain }: ChainInfo): Promise<readonly FoundJump[]> {
  const jumps: FoundJump[] = [];
  let first = true;
  for (const slice of netlink.readRules({ family, table, chain })) {
    for (const { handle, expressions } of slice) {
      const to = plainJump(expressions);
      if (to !== null && isOurChain(to)) jumps.push({ from: chain, handle, to, first });
      first = false;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return jumps;
}

/** What is left of our objects in a table: looks at nothing else, so it costs the same whatever else there is. */
export function lookAtTable(netlink: Nfnetlink, { ours, jumps }: PlacedTable): FoundTable {
  const at: TableName = { family: ours.family, table: ours.table };
  const chains = ours.homes.flatMap((home): readonly FoundChain[] => {
    const rules = netlink.rules({ ...at, chain: chainOf(home) });
    return rules === null ? [] : [{ chain: chainOf(home), fits: true, rules }];
  });
  const right = (home: Home) =>
    chains.some(({ chain, rules }) => chain === chainOf(home) && hasItsRules(ours, home, rules));
  return {
    ...at,
    chains,
    // No set can be taken away while a rule looks into it.
    sets: ours.homes.every(right) ? ours.layouts.map(({ name }) => ({ set: name, fits: true })) : readSets(netlink, at),
    jumps: jumps.filter((jump) => stands(netlink, at, jump)),
  };
}

/** The number alone does not say it: a table that was made anew gives the same numbers to other rules. */
function stands(netlink: Nfnetlink, at: TableName, { from, handle, to }: FoundJump): boolean {
  const rule = netlink.rule({ ...at, chain: from, handle });
  return rule !== null && plainJump(rule.expressions) === to;
}

/** Each set by its name: the list of a table may be long, because every rule can have sets of its own. */
function readSets(netlink: Nfnetlink, { family, table }: TableName): readonly FoundSet[] {
  return SET_LAYOUTS.flatMap(({ name }): readonly FoundSet[] => {
    const info = netlink.set({ family, table, set: name });
    return info === null ? [] : [{ set: name, fits: setFits(info) }];
  });
}

function chainFound(netlink: Nfnetlink, info: ChainInfo): FoundChain {
  const { family, table, chain } = info;
  return { chain, fits: chainFits(info), rules: netlink.rules({ family, table, chain }) ?? [] };
}
