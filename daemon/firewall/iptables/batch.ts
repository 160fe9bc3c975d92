/** The grants' rules as lines for iptables-restore, worked out from what is there. Pure: a listing and wishes in, lines out. */
import type { ChainSpec } from "../chain_text.ts";
import type { Grant, Slot } from "../firewall.ts";
import type { ChainSpecs, RuleStyle } from "./chain_specs.ts";
import { addMissingChains } from "./chains.ts";
import type { RuleListing } from "../save_text.ts";
import type { ListedGrant } from "./listing.ts";
import { type Batch, Lines } from "./restore_lines.ts";
import { accessChain, formatWords, jumpWords, ruleWords } from "./rules.ts";

/** A rule to add: its grant, and the rules of the same grant that it replaces. */
export interface NewRule {
  readonly grant: Grant;
  readonly replaces: readonly ListedGrant[];
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

/** Puts back missing chains and jumps, adds `newRules`, and deletes `overdue`. Empty when all is as it should be. */
export function repairBatch(
  listing: RuleListing,
  style: RuleStyle,
  { newRules, overdue }: { readonly newRules: readonly NewRule[]; readonly overdue: readonly ListedGrant[] },
): Batch {
  const lines = new Lines();
  addMissingChains(lines, listing, style);
  for (const newRule of newRules) addLines(lines, newRule, style);
  const replaced = new Set(newRules.flatMap(({ replaces }) => replaces));
  for (const rule of overdue) if (!replaced.has(rule)) lines.addAgain(rule.table, `-D ${rule.chain} ${rule.rule}`);
  return lines.batch;
}

/**
 * Opens grants where everything is believed to be in place, and proves it in the same transaction: `-C` lines for the jumps of
 * `slots` and for `present`, rules that must still be there. One that is missing fails the transaction.
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

/** The same, without the deletion of these rules: it is done otherwise. */
export function sparing(newRules: readonly NewRule[], spared: ReadonlySet<ListedGrant>): readonly NewRule[] {
  if (spared.size === 0) return newRules;
  return newRules.map(({ grant, replaces }) => ({ grant, replaces: replaces.filter((rule) => !spared.has(rule)) }));
}

/** Deletes rules by their exact text. */
export function revokeBatch(rules: readonly ListedGrant[]): Batch {
  const lines = new Lines();
  for (const { table, chain, rule } of rules) lines.addAgain(table, `-D ${chain} ${rule}`);
  return lines.batch;
}

/** Proves that the comment match works, in a chain of ours; nothing of it is ever in force (facts/firewall 1). */
export function commentCheckBatch(spec: ChainSpec, family: 4 | 6): Batch {
  const source = family === 4 ? "127.0.0.2" : "::1";
  const rule = `${spec.to} -s ${source} -m comment --comment __TMPCOMMENT__ -j ${spec.target}`;
  return new Map([[spec.table, [`-A ${rule}`, `-D ${rule}`]]]);
}

function addLines(lines: Lines, { grant, replaces }: NewRule, style: RuleStyle): void {
  if (grant.access.slot === "foreign") return;
  const { table, line } = accessLine(grant, style, "add");
  lines.addAgain(table, line);
  for (const { table, chain, rule } of replaces) lines.addAgain(table, `-D ${chain} ${rule}`);
}
