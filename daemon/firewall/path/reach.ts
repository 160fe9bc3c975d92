/** Which chains a chain leads to. Pure. */
import { partialPacket } from "./packet.ts";
import type { Rule, Sets } from "./rule.ts";
import type { RuleList } from "./rule_list.ts";
import type { Walkable } from "./walk.ts";

/** A packet of which nothing is known. */
const ANY = partialPacket({});

/** The chains that the rule may jump or go to. */
export function targetsOf({ outcome }: Rule, sets: Sets): readonly string[] {
  const outcomes = outcome.kind === "map"
    ? sets(outcome.lookUp.set, ANY.see(outcome.lookUp.operand), true).verdicts
    : [outcome];
  return outcomes.flatMap((one) => one.kind === "jump" || one.kind === "goto" ? [one.chain] : []);
}

/** The chains that the rules jump or go to, those of ours included. */
export function leadsTo(rules: RuleList | null, sets: Sets): ReadonlySet<string> {
  const names = new Set<string>();
  for (const rule of rules?.all() ?? []) {
    if (rule.outcome.kind !== "accept" && rule.outcome.kind !== "drop") {
      for (const name of targetsOf(rule, sets)) names.add(name);
    }
  }
  return names;
}

/** All rules of the chain and of those it leads to, each once. */
export function* reachedRules(table: Walkable, chain: string): Generator<Rule> {
  const names = new Set([chain]);
  for (const name of names) {
    const rules = table.isOurs(name) ? null : table.rules(name);
    if (rules === null) continue;
    yield* rules.all();
    for (const target of leadsTo(rules, table.sets)) names.add(target);
  }
}
