/**
 * What is told to iptables-restore, worked out from what is there. Pure: a listing and wishes in, lines out. All lines of
 * a table are one transaction: either all of them happen or none.
 */
import type { ChainSpec } from "../chain_text.ts";
import type { Grant, Slot } from "../firewall.ts";
import { SLOTS } from "../slots.ts";
import type { ChainSpecs } from "./chains.ts";
import { chainRules, hasJump, hasOtherReferences, type ListedGrant, type RuleListing } from "./listing.ts";
import { accessChain, formatWords, jumpWords, ruleWords } from "./rules.ts";

/** Lines by table, in the order in which the tables are committed. */
export type Batch = ReadonlyMap<string, readonly string[]>;

/** How rules are written. */
export interface RuleStyle {
  readonly chains: ChainSpecs;
  /** The slots in use. */
  readonly active: readonly Slot[];
  /** ENABLE_RULE_PREPEND: new rules go to the head of their chain. */
  readonly prepend: boolean;
}

/** A rule to add: its grant, and the rules of the same grant that it replaces. */
export interface NewRule {
  readonly grant: Grant;
  readonly replaces: readonly ListedGrant[];
}

/** The text for `iptables-restore --noflush`. A chain is never declared with `:`, because that would flush it. */
export function formatBatch(batch: Batch): string {
  return [...batch].map(([table, lines]) => [`*${table}`, ...lines, "COMMIT", ""].join("\n")).join("");
}

/** A line of a batch as the command that does the same. */
export function asCommand(iptables: string, table: string, line: string): string {
  return `Same as: ${iptables} -t ${table} ${line}`;
}

/** The line that opens or closes a grant. */
export function accessLine(grant: Grant, style: RuleStyle, verb: "add" | "delete"): { table: string; line: string } {
  const { access } = grant;
  const { table, to } = accessChain(access, style.chains);
  const rule = access.slot === "foreign" ? access.rule : ruleText(grant, style.chains);
  const flag = verb === "delete" ? "-D" : style.prepend ? "-I" : "-A";
  return { table, line: `${flag} ${to} ${rule}` };
}

/** The rule of a grant as it is added, deleted and checked. */
export function ruleText(grant: Grant, chains: ChainSpecs): string {
  return formatWords(ruleWords(grant, chains));
}

/**
 * Chains and jumps at start. With `flush`, what earlier runs left in any of the six chains goes first, the chains of
 * slots that are not in use included (facts/firewall 1), in the same transaction.
 */
export function prepareBatch(listing: RuleListing, style: RuleStyle, flush: boolean): Batch {
  const lines = new Lines();
  const counts = new RuleCounts(listing);
  const kept = new Set(style.active.map((slot) => chainKey(style.chains[slot])));
  const gone = flush ? removeLines(lines, listing, { chains: style.chains, kept }) : new Set<string>();
  if (flush) { for (const spec of distinctChains(style.chains)) counts.add(spec, -jumpCount(listing, spec)); }
  for (const spec of activeChains(style)) {
    const exists = chainRules(listing, spec.table, spec.to) !== null && !gone.has(chainKey(spec));
    if (!exists) lines.add(spec.table, `-N ${spec.to}`);
    if (flush || !hasJump(listing, spec)) jumpLine(lines, counts, spec);
  }
  return lines.batch;
}

/** Puts back missing chains and jumps, adds `newRules`, and deletes `overdue`. Empty when all is as it should be. */
export function repairBatch(
  listing: RuleListing,
  style: RuleStyle,
  { newRules, overdue }: { readonly newRules: readonly NewRule[]; readonly overdue: readonly ListedGrant[] },
): Batch {
  const lines = new Lines();
  const counts = new RuleCounts(listing);
  for (const spec of activeChains(style)) {
    if (chainRules(listing, spec.table, spec.to) === null) lines.add(spec.table, `-N ${spec.to}`);
    if (!hasJump(listing, spec)) jumpLine(lines, counts, spec);
  }
  for (const newRule of newRules) addLines(lines, newRule, style);
  const replaced = new Set(newRules.flatMap(({ replaces }) => replaces));
  for (const rule of overdue) if (!replaced.has(rule)) lines.addAgain(rule.table, `-D ${rule.chain} ${rule.rule}`);
  return lines.batch;
}

/**
 * Opens grants where everything is believed to be in place, and proves it in the same transaction: `-C` lines for each jump
 * in use and for `present`, rules that must still be there. One that is missing fails the transaction.
 */
export function grantBatch(
  { newRules, present, slots }: {
    readonly newRules: readonly NewRule[];
    readonly present: readonly ListedGrant[];
    readonly slots: readonly Slot[];
  },
  style: RuleStyle,
): Batch {
  const lines = new Lines();
  for (const slot of slots) {
    const spec = style.chains[slot];
    lines.add(spec.table, `-C ${spec.from} ${formatWords(jumpWords(spec))}`);
  }
  for (const { table, chain, rule } of present) lines.add(table, `-C ${chain} ${rule}`);
  for (const newRule of newRules) addLines(lines, newRule, style);
  return lines.batch;
}

/** Deletes rules by their exact text. */
export function revokeBatch(rules: readonly ListedGrant[]): Batch {
  const lines = new Lines();
  for (const { table, chain, rule } of rules) lines.addAgain(table, `-D ${chain} ${rule}`);
  return lines.batch;
}

/** Removes jumps, rules and chains of all six slots. A chain that the site's own rules lead to is emptied and stays. */
export function cleanupBatch(listing: RuleListing, chains: ChainSpecs): Batch {
  const lines = new Lines();
  removeLines(lines, listing, { chains, kept: new Set() });
  return lines.batch;
}

/** Proves that the comment match works, in a chain of ours; nothing of it is ever in force (facts/firewall 1). */
export function commentCheckBatch(spec: ChainSpec, family: 4 | 6): Batch {
  const source = family === 4 ? "127.0.0.2" : "::1";
  const rule = `${spec.to} -s ${source} -m comment --comment __TMPCOMMENT__ -j ${spec.target}`;
  return new Map([[spec.table, [`-A ${rule}`, `-D ${rule}`]]]);
}

/** Lines in order. Two slots may share a chain, so a line that is there already is not said twice. */
class Lines {
  readonly batch = new Map<string, string[]>();
  add(table: string, line: string): void {
    if (!this.batch.get(table)?.includes(line)) this.addAgain(table, line);
  }
  addAgain(table: string, line: string): void {
    const lines = this.batch.get(table);
    if (lines === undefined) this.batch.set(table, [line]);
    else lines.push(line);
  }
}

/** How many rules the from-chains have while lines are being written: a position beyond the end is refused by iptables. */
class RuleCounts {
  readonly #extra = new Map<string, number>();
  constructor(readonly listing: RuleListing) {}
  add(spec: ChainSpec, n: number): void {
    const key = `${spec.table} ${spec.from}`;
    this.#extra.set(key, (this.#extra.get(key) ?? 0) + n);
  }
  of(spec: ChainSpec): number {
    const listed = chainRules(this.listing, spec.table, spec.from)?.length ?? 0;
    return listed + (this.#extra.get(`${spec.table} ${spec.from}`) ?? 0);
  }
}

function jumpLine(lines: Lines, counts: RuleCounts, spec: ChainSpec): void {
  const position = Math.max(1, Math.min(spec.jumpPosition, counts.of(spec) + 1));
  lines.addAgain(spec.table, `-I ${spec.from} ${position} ${formatWords(jumpWords(spec))}`);
  counts.add(spec, 1);
}

function addLines(lines: Lines, { grant, replaces }: NewRule, style: RuleStyle): void {
  if (grant.access.slot === "foreign") return;
  const { table, line } = accessLine(grant, style, "add");
  lines.addAgain(table, line);
  for (const { table, chain, rule } of replaces) lines.addAgain(table, `-D ${chain} ${rule}`);
}

/** Jumps go first: a chain that is jumped to cannot be removed. Returns the keys of the chains that are removed. */
function removeLines(
  lines: Lines,
  listing: RuleListing,
  { chains, kept }: { readonly chains: ChainSpecs; readonly kept: ReadonlySet<string> },
): Set<string> {
  const specs = distinctChains(chains);
  for (const spec of specs) {
    for (let i = jumpCount(listing, spec); i > 0; i--) {
      lines.addAgain(spec.table, `-D ${spec.from} ${formatWords(jumpWords(spec))}`);
    }
  }
  const gone = new Set<string>();
  for (const spec of specs) {
    if (chainRules(listing, spec.table, spec.to) === null) continue;
    lines.add(spec.table, `-F ${spec.to}`);
    if (kept.has(chainKey(spec)) || hasOtherReferences(listing, spec, specs)) continue;
    lines.add(spec.table, `-X ${spec.to}`);
    gone.add(chainKey(spec));
  }
  return gone;
}

function jumpCount(listing: RuleListing, spec: ChainSpec): number {
  return chainRules(listing, spec.table, spec.from)?.filter((rule) => rule === `-j ${spec.to}`).length ?? 0;
}

/** The chains in use, each once. */
export function activeChains(style: RuleStyle): readonly ChainSpec[] {
  return distinct(style.active.map((slot) => style.chains[slot]));
}

function distinctChains(chains: ChainSpecs): readonly ChainSpec[] {
  return distinct(SLOTS.map((slot) => chains[slot]));
}

function distinct(specs: readonly ChainSpec[]): readonly ChainSpec[] {
  return specs.filter((spec, index) =>
    specs.findIndex((other) => chainKey(other) === chainKey(spec) && other.from === spec.from) === index
  );
}

function chainKey(spec: ChainSpec): string {
  return `${spec.table} ${spec.to}`;
}
