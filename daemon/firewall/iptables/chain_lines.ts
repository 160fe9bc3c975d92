/** What is said of our chains: which are there already, and what was done to them. Pure. */
import type { LogLine } from "../../../lib/log.ts";
import { chainRules, type RuleListing } from "../save_text.ts";
import type { RuleStyle } from "./chain_specs.ts";
import { activeChains } from "./chains.ts";
import { asCommand, type Batch } from "./restore_lines.ts";

/** Chains of ours that were there, in the words of the C daemon. */
export function existingChains(listing: RuleListing, style: RuleStyle): readonly LogLine[] {
  return activeChains(style).filter(({ table, to }) => chainRules(listing, table, to) !== null)
    .map(({ table, to }) => ({ level: "info", text: `'${table}' table '${to}' chain exists` }));
}

/** What was done to chains and jumps: the jumps, and all of it as commands of that program for a log that takes debug. */
export function changedChains(batch: Batch, iptables: string): readonly LogLine[] {
  return [...batch].flatMap(([table, lines]) =>
    lines.flatMap((line): LogLine[] => {
      const [, from, to] = /^-I (\S+) [0-9]+ -j (\S+)$/.exec(line) ?? [];
      const jump = `Added jump rule from chain: ${from} to chain: ${to}`;
      const command: LogLine = { level: "debug", text: asCommand(iptables, table, line) };
      return from === undefined ? [command] : [command, { level: "info", text: jump }];
    })
  );
}
