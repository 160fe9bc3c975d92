/** Reads from the kernel what is not known of the ruleset, bit by bit, so that other work goes on in between. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import { isKnown, putIn, takeOut } from "./changes.ts";
import type { Compiler } from "./compile.ts";
import { leadsTo } from "./reach.ts";
import type { Sets } from "./rule.ts";
import { RuleList } from "./rule_list.ts";
import { adoptSkeleton, type Chain, hookOf, type Table, type Tables } from "./ruleset.ts";

/** What a survey works with. */
export interface SurveyParts {
  readonly netlink: Nfnetlink;
  readonly compiler: Compiler;
  sets(table: TableName): Sets;
  isOurs(chain: string): boolean;
  /** Lets other work go on. */
  pause(): Promise<void>;
}

/** How often a chain is read again because rules went while it was read. */
const ATTEMPTS = 3;

/** Makes `tables` what the kernel has now. Rules that are known are not read again. Throws `FfiError`. */
export async function surveyNetlink(tables: Tables, parts: SurveyParts): Promise<void> {
  adoptSkeleton(tables, parts.netlink.tables(), parts.netlink.chains());
  for (const table of [...tables.values()]) {
    if (!table.dormant) await readReached(table, parts);
  }
}

/** Reads the chains of the table that packets reach. */
async function readReached(table: Table, parts: SurveyParts): Promise<void> {
  const names = [...table.chains.values()].filter(({ base }) => base !== null && hookOf(table.family, base) !== null)
    .map(({ name }) => name);
  const reached = new Set(names);
  for (const name of reached) {
    const chain = table.chains.get(name);
    if (chain === undefined || parts.isOurs(name)) continue;
    chain.reached = true;
    if (!isKnown(chain)) {
      await readRules(table, chain, parts);
      table.version++;
    }
    for (const target of leadsTo(chain.rules, parts.sets(table))) reached.add(target);
  }
}

async function readRules(table: Table, chain: Chain, parts: SurveyParts): Promise<void> {
  const name = { family: table.family, table: table.table, chain: chain.name };
  for (let attempt = 1;; attempt++) {
    chain.pending = [];
    chain.orphans.clear();
    try {
      const rules = new RuleList();
      const consistent = await readSlices(rules, parts.netlink.readRules(name), parts);
      // What happened while the last slices were made is told now.
      if (!consistent) await parts.pause();
      const complete = replay(rules, chain, { compiler: parts.compiler, consistent });
      if (complete || attempt === ATTEMPTS) {
        // With changes missed, what was read is worth nothing.
        chain.rules = chain.pending === "unknown" as Chain["pending"] ? null : rules;
        return;
      }
    } finally {
      chain.pending = null;
    }
  }
}

async function readSlices(
  rules: RuleList,
  slices: ReturnType<Nfnetlink["readRules"]>,
  { compiler, pause }: SurveyParts,
): Promise<boolean> {
  try {
    for (let slice = slices.next();; slice = slices.next()) {
      if (slice.done) return slice.value;
      for (const { handle, expressions } of slice.value) {
        // A rule that moves while it is read is told twice.
        if (rules.get(Number(handle)) === null) rules.append(compiler.compile(Number(handle), expressions));
      }
      await pause();
    }
  } finally {
    slices.return(false);
  }
}

/** Applies what was told meanwhile. False: a rule may have been missed, because another before it went. */
function replay(
  rules: RuleList,
  chain: Chain,
  { compiler, consistent }: { readonly compiler: Compiler; readonly consistent: boolean },
): boolean {
  if (chain.pending === "unknown") return false;
  let complete = true;
  for (const change of chain.pending ?? []) {
    const handle = Number(change.handle ?? 0n);
    if (change.message === NFT_MSG.delRule) {
      if (takeOut(chain, rules, handle) !== null && !consistent) complete = false;
    } else if (rules.get(handle) === null) {
      putIn(chain, rules, { rule: compiler.compile(handle, change.expressions()), change });
    }
  }
  return complete && chain.orphans.size === 0;
}
