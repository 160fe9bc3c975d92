/** The listings of `--fw-list` and `--fw-list-all` (facts/firewall 6). */
import { FirewallError, type Slot } from "../firewall.ts";
import type { ChainSpecs } from "./chain_specs.ts";
import type { Run } from "../../../lib/host/run.ts";
import { type FamilyTools, start } from "./tools.ts";

/** IPv4 first, then IPv6. What iptables complains about is part of the text, as in the C daemon. */
export async function describeRules(
  run: Run,
  tools: readonly FamilyTools[],
  options: { readonly chains: ChainSpecs; readonly active: readonly Slot[]; readonly all: boolean },
): Promise<string> {
  const { all } = options;
  const texts: string[] = [];
  for (const { iptables, family } of tools) {
    const name = family === 4 ? "iptables" : "ip6tables";
    const parts = [
      all ? `Listing all ${name} rules in applicable tables...\n` : `Listing rules in fwknopd ${name} chains...\n`,
    ];
    for (const slot of options.active) {
      const { table, to } = options.chains[slot];
      const args = all ? ["-t", table, "-v", "-n", "-L", "--line-numbers"] : [
        ...["-t", table, "-L", to, "--line-numbers", "-n"],
      ];
      try {
        const { stdout, stderr } = await start(run, iptables, args);
        parts.push(`${stdout}${stderr}`);
      } catch (error) {
        if (!(error instanceof FirewallError) || family === 4) throw error;
        parts.push(`${error.message}\n`);
      }
    }
    texts.push(parts.join("\n"));
  }
  return texts.join("\n");
}
