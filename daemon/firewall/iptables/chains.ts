/** Our chains and the jumps to them: made at start, put back where one is missing, removed at the end. Pure: a listing in, lines out. */
import type { ChainSpec } from "../chain_text.ts";
import { FirewallError, type Slot } from "../firewall.ts";
import { SLOTS } from "../slots.ts";
import type { ChainSpecs, RuleStyle } from "./chain_specs.ts";
import { chainRules, type RuleListing } from "../save_text.ts";
import { hasJump, hasOtherReferences } from "./listing.ts";
import { type Batch, Lines } from "./restore_lines.ts";
import { formatWords, jumpWords } from "./rules.ts";

/** Whether a chain of that name is one of those that Docker makes: `DOCKER-USER`, `DOCKER-FORWARD`. */
export function isDockerChain(name: string): boolean {
  return /^DOCKER[A-Z0-9-]*$/.test(name);
}

/** Chains that the kernel has. */
const BUILT_IN: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** Throws `FirewallError` where a chain that is to get our jump is not there. */
export function requireChains(listing: RuleListing, chains: ChainSpecs, active: readonly Slot[]): void {
  for (const slot of active) {
    const { from, table } = chains[slot];
    if (BUILT_IN.has(from) || chainRules(listing, table, from) !== null) continue;
    throw new FirewallError(
      `Cannot use the chain "${from}": it is not in the table "${table}" of iptables`,
      `create it (iptables -t ${table} -N ${from}), or correct the IPT_*_ACCESS directive that names it`,
    );
  }
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
    else putAboveDocker(lines, listing, spec);
  }
  return lines.batch;
}

/** Puts back the chains and jumps in use that are missing. */
export function addMissingChains(lines: Lines, listing: RuleListing, style: RuleStyle): void {
  const counts = new RuleCounts(listing);
  for (const spec of activeChains(style)) {
    if (chainRules(listing, spec.table, spec.to) === null) lines.add(spec.table, `-N ${spec.to}`);
    if (!hasJump(listing, spec)) jumpLine(lines, counts, spec);
    else putAboveDocker(lines, listing, spec);
  }
}

/** Removes jumps, rules and chains of all six slots. A chain that the site's own rules lead to is emptied and stays. */
export function cleanupBatch(listing: RuleListing, chains: ChainSpecs): Batch {
  const lines = new Lines();
  removeLines(lines, listing, { chains, kept: new Set() });
  return lines.batch;
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

/** Docker puts the jumps to its chains, of which one is for the drops of the administrator, above ours when it starts. */
function putAboveDocker(lines: Lines, listing: RuleListing, spec: ChainSpec): void {
  const rules = chainRules(listing, spec.table, spec.from) ?? [];
  const docker = rules.findIndex((rule) => rule.startsWith("-j ") && isDockerChain(rule.slice("-j ".length)));
  if (docker < 0 || docker > rules.indexOf(`-j ${spec.to}`)) return;
  const jump = formatWords(jumpWords(spec));
  lines.addAgain(spec.table, `-D ${spec.from} ${jump}`);
  lines.addAgain(spec.table, `-I ${spec.from} ${docker + 1} ${jump}`);
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
