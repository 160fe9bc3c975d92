/** The listings of `--fw-list` and `--fw-list-all` (facts/firewall 6). */
import { FirewallError, type Slot } from "../firewall.ts";
import type { ChainSpecs } from "./chain_specs.ts";
import type { Run } from "../../../lib/host/run.ts";
import { chainRules } from "../save_text.ts";
import { type FamilyTools, saveRules, start } from "./tools.ts";

/** What to list. */
export interface ListingOptions {
  readonly chains: ChainSpecs;
  /** The slots in use. */
  readonly active: readonly Slot[];
  /** Whole tables instead of our chains. */
  readonly all: boolean;
}

/** IPv4 first, then IPv6. What iptables complains about is part of the text, as in the C daemon. */
export async function describeRules(
  run: Run,
  tools: readonly FamilyTools[],
  options: ListingOptions,
): Promise<string> {
  const texts: string[] = [];
  for (const one of tools) {
    const name = one.family === 4 ? "iptables" : "ip6tables";
    const heading = options.all
      ? `Listing all ${name} rules in applicable tables...\n`
      : `Listing rules in fwknopd ${name} chains...\n`;
    texts.push([heading, ...await describeFamily(run, one, options)].join("\n"));
  }
  return texts.join("\n");
}

async function describeFamily(run: Run, tools: FamilyTools, options: ListingOptions): Promise<readonly string[]> {
  try {
    const parts: string[] = [];
    for (const args of options.all ? wholeTables(options) : await ownChains(run, tools, options)) {
      const { stdout, stderr } = await start(run, tools.iptables, args);
      parts.push(`${stdout}${stderr}`);
    }
    return parts.length === 0 ? ["nothing is open\n"] : parts;
  } catch (error) {
    if (!(error instanceof FirewallError) || tools.family === 4) throw error;
    return [`${error.message}\n`];
  }
}

function wholeTables({ active, chains }: ListingOptions): readonly string[][] {
  return active.map((slot) => ["-t", chains[slot].table, "-v", "-n", "-L", "--line-numbers"]);
}

/** Chains that are not there hold nothing. A table that cannot be read may hold some: what iptables says of it is shown. */
async function ownChains(
  run: Run,
  tools: FamilyTools,
  { active, chains }: ListingOptions,
): Promise<readonly string[][]> {
  const listing = await saveRules(run, tools);
  return active
    .map((slot) => chains[slot])
    .filter(({ table, to }) => listing.unreadable.includes(table) || chainRules(listing, table, to) !== null)
    .map(({ table, to }) => ["-t", table, "-L", to, "--line-numbers", "-n"]);
}
