/** The listings of `--fw-list` and `--fw-list-all` (facts/firewall 6). */
import { asOneFailure, FirewallError, IncompleteListing, type Slot } from "../firewall.ts";
import type { ChainSpecs } from "./chain_specs.ts";
import { SLOTS } from "../slots.ts";
import type { Run } from "../../../lib/host/run.ts";
import { chainRules } from "../save_text.ts";
import { failureOf, type FamilyTools, isFamilyAbsent, saveRules, start } from "./tools.ts";

/** What to list. */
export interface ListingOptions {
  readonly chains: ChainSpecs;
  /** The slots in use. */
  readonly active: readonly Slot[];
  /** Whole tables instead of our chains. */
  readonly all: boolean;
}

/**
 * IPv4 first, then IPv6. What iptables complains about is part of the text, as in the C daemon; the absence of IPv6 is no
 * failure. Throws `IncompleteListing`.
 */
export async function describeRules(
  run: Run,
  tools: readonly FamilyTools[],
  options: ListingOptions,
): Promise<string> {
  const listings = await Promise.all(tools.map((one) => describeFamily(run, one, options)));
  const text = listings.map(({ parts }, index) => {
    const name = tools[index]?.family === 4 ? "iptables" : "ip6tables";
    const heading = options.all
      ? `Listing all ${name} rules in applicable tables...\n`
      : `Listing rules in fwknopd ${name} chains...\n`;
    return [heading, ...parts].join("\n");
  }).join("\n");
  const [first, ...more] = listings.flatMap(({ failure }) => failure ?? []);
  if (first !== undefined) throw new IncompleteListing(text, asOneFailure([first, ...more]));
  return text;
}

/** What could be had of one family, and what kept it from being all. */
interface FamilyListing {
  readonly parts: readonly string[];
  readonly failure: FirewallError | null;
}

async function describeFamily(run: Run, tools: FamilyTools, options: ListingOptions): Promise<FamilyListing> {
  const parts: string[] = [];
  try {
    for (const args of options.all ? wholeTables(options) : await ownChains(run, tools, options)) {
      const result = await start(run, tools.iptables, args);
      parts.push(`${result.stdout}${result.stderr}`);
      const failure = failureOf(tools.iptables, result);
      if (failure !== null) throw failure;
    }
    return { parts: parts.length === 0 ? ["nothing is open\n"] : parts, failure: null };
  } catch (error) {
    if (!(error instanceof FirewallError)) throw error;
    if (tools.family === 6 && isFamilyAbsent(error)) return { parts: [`${error.message}\n`], failure: null };
    return { parts, failure: error };
  }
}

function wholeTables({ active, chains }: ListingOptions): readonly string[][] {
  // Its chain is that of forwarded connections.
  return active.filter((slot) => slot !== "published").map((
    slot,
  ) => ["-t", chains[slot].table, "-v", "-n", "-L", "--line-numbers"]);
}

/** Chains that are not there hold nothing. A table that cannot be read may hold some: what iptables says of it is shown. */
async function ownChains(
  run: Run,
  tools: FamilyTools,
  { active, chains }: ListingOptions,
): Promise<readonly string[][]> {
  const listing = await saveRules(run, tools);
  // Which of them stanzas ask for does not matter where doors may be left open.
  const specs = SLOTS.filter((slot) => active.includes(slot) || slot === "published").map((slot) => chains[slot]);
  return specs
    .filter(({ table, to }, index) => specs.findIndex((one) => one.table === table && one.to === to) === index)
    .filter(({ table, to }) => listing.unreadable.includes(table) || chainRules(listing, table, to) !== null)
    .map(({ table, to }) => ["-t", table, "-L", to, "--line-numbers", "-n"]);
}
