/** The listing of `--fw-list`: our chains, who jumps to them, and the grants that are open. Pure. */
import { dataText, keyText } from "./elements.ts";
import type { TimedElement } from "./timed_elements.ts";
import { plainJump, type Ruleset } from "./ruleset.ts";
import { ourChains, ourSets } from "./placement.ts";

/** Text for people, with a line for each chain, set and grant. */
export function describeRuleset(
  ruleset: Ruleset,
  open: readonly TimedElement[],
  now: number,
): string {
  const lines = ["Listing rules in fwknopd nftables chains..."];
  for (const { family, table, name, base } of ourChains(ruleset)) {
    const jumps = [...ruleset.rules.values()].flat().filter((rule) =>
      rule.family === family && rule.table === table && plainJump(rule) === name
    );
    const from = base === null ? jumps.map(({ chain }) => chain).join(", ") || "nowhere" : `the ${base.hook} hook`;
    lines.push("", `chain ${family} ${table} ${name} (reached from ${from})`);
    for (const set of ourSets(ruleset)) {
      if (set.family !== family || set.table !== table || !set.name.startsWith(name)) continue;
      for (const { element, expiresAt } of open) {
        if (element.layout.name !== set.name) continue;
        const value = element.data === null ? "" : ` : ${dataText(element)}`;
        const left = Math.max(0, Math.round(expiresAt - now));
        lines.push(`  ${set.name} ${keyText(element)}${value}, expires at ${expiresAt} (in ${left} seconds)`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}
