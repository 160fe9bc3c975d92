/** What a told change makes of the ruleset that is known, and whether it can shut a door. Pure. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Compiler } from "./compile.ts";
import { ordinaryPacket, type Packet } from "./packet.ts";
import { leadsTo, targetsOf } from "./reach.ts";
import { matches, type Rule, type Sets } from "./rule.ts";
import { RuleList } from "./rule_list.ts";
import type { Due } from "./watch.ts";
import { type Chain, isOnTheWay, newChain, newTable, type Table, tableKey, type Tables } from "./ruleset.ts";

/** What a change is judged with. */
export interface ChangeContext {
  readonly tables: Tables;
  readonly compiler: Compiler;
  sets(table: TableName): Sets;
  isOurs(chain: string): boolean;
  /** Whether the rule may be for the packets of a grant that was judged. */
  isForGrants(rule: Rule, sets: Sets): boolean;
}

/** More changes than these of a chain that is being read are not kept: it is read again. */
const MOST_PENDING = 10_000;

/** Takes note of the change. */
export function applyChange(context: ChangeContext, change: RulesetChange): Due {
  const { family } = change;
  if (family === null || !isOnTheWay({ family })) return "nothing";
  const key = tableKey({ family, table: change.table });
  const table = context.tables.get(key);
  const surveyIf = (isDue: boolean): Due => isDue ? "survey" : "nothing";
  switch (change.message) {
    case NFT_MSG.newTable:
      return surveyIf(applyTable(context.tables, change));
    case NFT_MSG.delTable:
      return surveyIf(table !== undefined && context.tables.delete(key) && hasBaseChain(table));
    case NFT_MSG.newChain:
      return surveyIf(applyChain(table, change));
    case NFT_MSG.delChain:
      return surveyIf(table !== undefined && deleteChain(table, change.chain));
    case NFT_MSG.newRule:
    case NFT_MSG.delRule:
      return table === undefined ? "nothing" : hearRule(context, table, change);
    default:
      return "nothing";
  }
}

function hasBaseChain({ chains, dormant }: Table): boolean {
  return !dormant && [...chains.values()].some(({ base }) => base !== null);
}

/** Of a new table nothing is in force yet; of a known one, what is in force may have changed. */
function applyTable(tables: Tables, change: RulesetChange): boolean {
  const info = change.tableInfo();
  if (info === null) return true;
  const known = tables.get(tableKey(info));
  if (known === undefined) {
    tables.set(tableKey(info), newTable(info));
    return false;
  }
  const locked = info.owner !== null;
  const same = known.dormant === info.dormant && known.locked === locked;
  Object.assign(known, { dormant: info.dormant, locked });
  return !same;
}

function applyChain(table: Table | undefined, change: RulesetChange): boolean {
  const info = change.chainInfo();
  if (info === null || table === undefined) return true;
  const known = table.chains.get(info.chain);
  // The rules of a new one will be told one by one.
  if (known === undefined) table.chains.set(info.chain, newChain(info, new RuleList()));
  else known.base = info.base;
  return info.base !== null;
}

function deleteChain(table: Table, name: string): boolean {
  const known = table.chains.get(name);
  table.chains.delete(name);
  return known !== undefined && known.base !== null && !table.dormant;
}

function hearRule(context: ChangeContext, table: Table, change: RulesetChange): Due {
  const chain = table.chains.get(change.chain);
  if (chain === undefined) return "nothing";
  if (chain.pending !== null) {
    if (chain.pending === "unknown" || chain.pending.length === MOST_PENDING) chain.pending = "unknown";
    else chain.pending.push(change);
    return "judging";
  }
  if (chain.rules === null) return "nothing";
  return applyRule({ ...context, table, chain, rules: chain.rules }, change);
}

/** Where a rule comes or goes. */
interface RulePlace extends ChangeContext {
  readonly table: Table;
  readonly chain: Chain;
  readonly rules: RuleList;
}

/** Puts the rule in or takes it out. A survey is due where packets that nothing was made for may fare otherwise now. */
function applyRule(place: RulePlace, change: RulesetChange): Due {
  const { table, chain, rules, compiler } = place;
  const handle = Number(change.handle ?? 0n);
  table.version++;
  if (change.message === NFT_MSG.delRule) {
    const gone = takeOut(chain, rules, handle);
    return gone === null ? "judging" : dueFor(place, gone);
  }
  // Kernels that tell no places tell a rule that replaces one before that one goes, with its handle.
  if (rules.get(handle) !== null && change.placed) return "judging";
  const rule = compiler.compile(handle, change.expressions());
  if (putIn(chain, rules, { rule, change })) return dueFor(place, rule);
  // Where it stands is not known: unless that is told yet, the chain is read anew.
  return "survey";
}

function dueFor(place: RulePlace, rule: Rule): Due {
  if (!place.chain.reached || (rule.outcome.kind === "continue" && rule.effect === null)) return "nothing";
  if (decides(place, rule)) return "survey";
  return place.isForGrants(rule, place.sets(place.table)) ? "judging" : "nothing";
}

/** Takes a rule out, one that has not found its place yet included; null where it was at none. */
export function takeOut({ orphans }: Pick<Chain, "orphans">, rules: RuleList, handle: number): Rule | null {
  for (const [before, rule] of orphans) if (rule.handle === handle) orphans.delete(before);
  return rules.remove(handle);
}

/** Whether all that is to be known of the chain's rules is known. */
export function isKnown({ rules, orphans }: Pick<Chain, "rules" | "orphans">): boolean {
  return rules !== null && orphans.size === 0;
}

/** Puts a told rule at its place, and those that waited for it behind it; false where its place is not known. */
export function putIn(
  { orphans }: Pick<Chain, "orphans">,
  rules: RuleList,
  { rule, change: { position, append, placed: isTold } }: {
    readonly rule: Rule;
    readonly change: Pick<RulesetChange, "position" | "append" | "placed">;
  },
): boolean {
  const known = isTold || rules.size === 0;
  const placed = isTold && rules.putBack(rule) || known &&
      (position !== null
        ? rules.insertAfter(Number(position), rule)
        : append
        ? rules.append(rule)
        : rules.prepend(rule));
  if (!placed) {
    // No rule has the handle 0.
    orphans.set(Number(position ?? 0n), rule);
    return false;
  }
  let before = rule.handle;
  for (let next = orphans.get(before); next !== undefined; next = orphans.get(before)) {
    if (!rules.insertAfter(before, next)) return false;
    orphans.delete(before);
    before = next.handle;
  }
  return true;
}

const ORDINARY: readonly Packet[] = ([4, 6] as const).flatMap((family) =>
  (["tcp", "udp"] as const).map((proto) => ordinaryPacket(family, true, proto))
);

/** Whether the rule has a say about packets that nothing was made for, or leads to where nobody has looked yet. */
function decides({ table, sets, isOurs }: RulePlace, rule: Rule): boolean {
  const look = sets(table);
  const targets = targetsOf(rule, look);
  if (targets.some(isOurs)) return false;
  let unknown = false;
  for (const name of targets) unknown = reach(table, name, look) || unknown;
  return unknown || ORDINARY.some((packet) => matches(rule, packet, look) !== false);
}

/** Takes note that packets come to the chain now, and to those it leads to. True: the rules of one are not known. */
function reach(table: Table, name: string, sets: Sets): boolean {
  const chain = table.chains.get(name);
  if (chain === undefined) return false;
  let unknown = !isKnown(chain);
  if (chain.reached) return unknown;
  chain.reached = true;
  for (const target of leadsTo(chain.rules, sets)) unknown = reach(table, target, sets) || unknown;
  return unknown;
}
