/** Where in the ruleset our chains, sets and jumps belong, whether they are there, and the script that puts them there. Pure. */
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import type { Log } from "../../../lib/log.ts";
import { type Access, FirewallError, type Slot } from "../firewall.ts";
import { type Chain, plainJump, type Rule, type Ruleset, rulesOf, setReferences } from "./ruleset.ts";
import {
  chainOf,
  declarationOf,
  FILTER_SLOTS,
  type FilterSlot,
  layoutOf,
  NAT_CHAINS,
  NAT_TABLE,
  PREFIX,
  ruleOf,
  seesFamily,
  SET_LAYOUTS,
  type SetLayout,
} from "./set_layout.ts";
import { type BaseChain, baseChains, type ChainName, formatChain } from "./hook_survey.ts";

/** One table that holds chains and sets of ours. */
export interface OurTable {
  readonly family: TableFamily;
  readonly table: string;
  /** Whether the table itself is ours. */
  readonly own: boolean;
  readonly slots: readonly Slot[];
  readonly layouts: readonly SetLayout[];
  /** Base chains of the table that jump to our chain of the slot. */
  readonly jumps: readonly { readonly from: string; readonly slot: FilterSlot }[];
}

/** What is wanted. */
export interface Wanted {
  readonly slots: readonly Slot[];
  /** By hook (NFT_INPUT_CHAINS); a hook that is not named gets every native base chain that can drop. */
  readonly chains: Partial<Readonly<Record<FilterSlot, readonly ChainName[]>>>;
}

/** The native chains to go into. Throws `FirewallError` where iptables-nft is in the way or a named chain is not there. */
export function chooseChains(ruleset: Ruleset, wanted: Wanted, log: Log): readonly BaseChain[] {
  return FILTER_SLOTS.filter((slot) => wanted.slots.includes(slot)).flatMap((hook) => {
    const all = baseChains(ruleset, hook);
    const named = wanted.chains[hook];
    const chosen = named === undefined
      ? all.filter(({ drops, iptables }) => drops !== "nothing" && !iptables)
      : named.map((name) => findNamed(all, name, hook));
    refuseIptables(all, chosen, log);
    return chosen;
  });
}

function findNamed(all: readonly BaseChain[], name: ChainName, hook: FilterSlot): BaseChain {
  const found = all.find((chain) => formatChain(chain) === formatChain(name));
  if (found === undefined) {
    const others = all.filter(({ iptables }) => !iptables).map(formatChain);
    throw new FirewallError(
      `Cannot use the base chain "${formatChain(name)}": it is not on the ${hook} hook`,
      others.length === 0
        ? "create it, or set FIREWALL to iptables"
        : `correct NFT_${hook.toUpperCase()}_CHAINS; there are: ${others.join(", ")}`,
    );
  }
  if (found.iptables) {
    throw new FirewallError(
      `Cannot use the chain "${
        formatChain(name)
      }": it is managed by iptables, which would lose our sets at the next save and restore`,
      "set FIREWALL to iptables",
    );
  }
  return found;
}

/** A grant in our chains is no use while a chain of iptables shuts it again. */
function refuseIptables(all: readonly BaseChain[], chosen: readonly BaseChain[], log: Log): void {
  for (const chain of all.filter(({ iptables, drops }) => iptables && drops !== "nothing")) {
    if (chain.drops === "default" || chosen.length === 0) {
      throw new FirewallError(
        `Cannot open grants behind the chain "${
          formatChain(chain)
        }": it drops packets of the ${chain.hook} hook and is managed by iptables`,
        chosen.length === 0
          ? "set FIREWALL to iptables"
          : `set FIREWALL to iptables and let ${chosen.map(formatChain).join(", ")} accept what iptables decides about`,
      );
    }
    log("notice", `${formatChain(chain)} is managed by iptables and drops some packets: grants do not change that`);
  }
}

/**
 * Why a grant cannot be opened whatever happens; null when it can. Where nothing drops, grants are open by themselves; but of
 * chains that the administrator named it is not known what else drops.
 */
export function objectionTo(access: Access, wanted: Wanted): string | null {
  const layout = layoutOf(access);
  if (layout === null) return "nftables cannot hold such a door";
  if (!wanted.slots.includes(layout.slot)) return `doors of the kind ${layout.slot} are not switched on`;
  const hook = FILTER_SLOTS.find((slot) => slot === layout.slot);
  const named = hook === undefined ? undefined : wanted.chains[hook];
  if (named === undefined || named.some(({ family }) => seesFamily(family, layout.family))) return null;
  return `NFT_${layout.slot.toUpperCase()}_CHAINS names no chain that IPv${layout.family} packets pass`;
}

/** Tables and what goes into them. */
export function planTables(chains: readonly BaseChain[], slots: readonly Slot[]): readonly OurTable[] {
  const tables = new Map<string, OurTable>();
  for (const { family, table, chain, hook } of chains) {
    const key = `${family} ${table}`;
    const known = tables.get(key);
    const own = [...new Set([...(known?.slots ?? []), hook])];
    const jumps = [...(known?.jumps ?? []), { from: chain, slot: hook }];
    tables.set(key, { family, table, own: false, slots: own, layouts: layoutsOf(own, family), jumps });
  }
  const nat = (Object.keys(NAT_CHAINS) as (keyof typeof NAT_CHAINS)[]).filter((slot) => slots.includes(slot));
  if (nat.length > 0) {
    tables.set("nat", { ...NAT_TABLE, own: true, slots: nat, layouts: layoutsOf(nat, "inet"), jumps: [] });
  }
  return [...tables.values()];
}

function layoutsOf(slots: readonly Slot[], family: TableFamily): readonly SetLayout[] {
  return SET_LAYOUTS.filter((layout) => slots.includes(layout.slot) && seesFamily(family, layout.family));
}

/** The sets that the rules of our chain must look into, in order. */
export function expectedSets(ours: OurTable, slot: Slot): readonly string[] {
  return ours.layouts.filter((layout) => layout.slot === slot).map(({ name }) => name);
}

/** What was put in the way of packets, in the words of the C daemon. */
export function sayJumps(tables: readonly OurTable[], log: Log): void {
  for (const { family, table, jumps } of tables) {
    for (const { from, slot } of jumps) {
      log("info", `Added jump rule from chain: ${family} ${table} ${from} to chain: ${chainOf(slot)}`);
    }
  }
}

/** Chains of ours that an earlier run left, in the words of the C daemon. */
export function sayWhatExists(ruleset: Ruleset, log: Log): void {
  for (const { family, table, name } of ourChains(ruleset)) {
    log("info", `'${family} ${table}' table '${name}' chain exists`);
  }
}

/** Whether chains, rules, sets and jumps of the table are all there. */
export function isIntact(ruleset: Ruleset, ours: OurTable): boolean {
  const chain = (name: string) => ({ family: ours.family, table: ours.table, name });
  const chainsStand = ours.slots.every((slot) => {
    const found = rulesOf(ruleset, chain(chainOf(slot))).map(setReferences);
    const expected = expectedSets(ours, slot);
    return found.length === expected.length && found.every((names, index) => names.join() === expected[index]);
  });
  const jumpsStand = ours.jumps.every(({ from, slot }) =>
    rulesOf(ruleset, chain(from)).some((rule) => plainJump(rule) === chainOf(slot))
  );
  // A set cannot be deleted while a rule refers to it.
  return chainsStand && jumpsStand;
}

/** The script that makes the table what it should be, whatever is left of it. Elements stay. */
export function buildScript(ruleset: Ruleset, ours: OurTable): string {
  const name = `${ours.family} ${ours.table}`;
  const lines: string[] = [];
  if (ours.own) lines.push(`add table ${name}`);
  lines.push(...ours.layouts.map((layout) => declarationOf(layout, name)));
  for (const slot of ours.slots) {
    const kind = slot in NAT_CHAINS ? ` { ${NAT_CHAINS[slot as keyof typeof NAT_CHAINS]} }` : "";
    lines.push(`add chain ${name} ${chainOf(slot)}${kind}`, `flush chain ${name} ${chainOf(slot)}`);
    for (const layout of ours.layouts.filter((one) => one.slot === slot)) {
      lines.push(`add rule ${name} ${chainOf(slot)} ${ruleOf(layout)}`);
    }
  }
  const jumps = ourJumps(ruleset).filter(({ family, table }) => family === ours.family && table === ours.table);
  lines.push(...jumps.map(deleteRule));
  for (const { from, slot } of ours.jumps) lines.push(`insert rule ${name} ${from} jump ${chainOf(slot)}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** The script that takes away all that is ours; with `keep`, only what these tables do not need. Empty: nothing to do. */
export function teardownScript(ruleset: Ruleset, keep: readonly OurTable[] = []): string {
  const lines: string[] = [];
  const kept = (family: string, table: string) => keep.find((ours) => ours.family === family && ours.table === table);
  for (const rule of ourJumps(ruleset)) {
    const slot = kept(rule.family, rule.table)?.slots.find((one) => chainOf(one) === plainJump(rule));
    if (slot === undefined) lines.push(deleteRule(rule));
  }
  const natIsOurs = ruleset.tables.some(({ family, name }) => family === NAT_TABLE.family && name === NAT_TABLE.table);
  const chains = ruleset.chains.filter((chain) =>
    isOurChain(chain) && !kept(chain.family, chain.table)?.slots.some((slot) => chainOf(slot) === chain.name)
  );
  // Rules first: a set that is referred to cannot be deleted.
  lines.push(...chains.map(({ family, table, name }) => `flush chain ${family} ${table} ${name}`));
  lines.push(...chains.map(({ family, table, name }) => `delete chain ${family} ${table} ${name}`));
  for (const set of ourSets(ruleset)) {
    if (kept(set.family, set.table)?.layouts.some(({ name }) => name === set.name)) continue;
    lines.push(`delete ${set.kind} ${set.family} ${set.table} ${set.name}`);
  }
  if (natIsOurs && !kept(NAT_TABLE.family, NAT_TABLE.table)) {
    lines.push(`delete table ${NAT_TABLE.family} ${NAT_TABLE.table}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Our sets and maps, wherever they are. */
export function ourSets(ruleset: Ruleset) {
  return ruleset.sets.filter(({ name }) => SET_LAYOUTS.some((layout) => layout.name === name));
}

/** The tables with sets of ours, one for each set: enough to read what they hold. */
export function tablesOfSets(ruleset: Ruleset): readonly OurTable[] {
  return ourSets(ruleset).map(({ family, table, name }) => {
    const layouts = SET_LAYOUTS.filter((layout) => layout.name === name);
    return { family, table, own: false, slots: [], layouts, jumps: [] };
  });
}

/** Our chains, wherever they are. */
export function ourChains(ruleset: Ruleset): readonly Chain[] {
  return ruleset.chains.filter(isOurChain);
}

function isOurChain({ name }: Chain): boolean {
  return SET_LAYOUTS.some(({ slot }) => chainOf(slot) === name);
}

/** Plain jumps to our chains from chains that are not ours. */
function ourJumps(ruleset: Ruleset): readonly Rule[] {
  return [...ruleset.rules.values()].flat().filter((rule) => plainJump(rule)?.startsWith(PREFIX));
}

function deleteRule({ family, table, chain, handle }: Rule): string {
  return `delete rule ${family} ${table} ${chain} handle ${handle}`;
}
