/** Opening the backend on this host, and what it finds there. */
import { openRulesetListener } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { FirewallError } from "../firewall.ts";
import type { HostSurvey } from "../select.ts";
import { asFirewallError, type NftablesFirewall, nftablesFirewall, type NftablesOptions } from "./backend.ts";
import { type NftRunner, openRunner, readRuleset } from "./runner.ts";
import type { FilterSlot } from "./shapes.ts";
import { isUnavailable, netlinkStore, nftStore } from "./store.ts";
import { formatChain, surveyRuleset } from "./survey.ts";

/** How to open it. */
export interface OpenNftablesOptions extends NftablesOptions {
  /** `nft`: the program and nothing else. Default: netlink and libnftables, each replaced by nft where it is missing. */
  readonly prefer?: "netlink" | "nft";
}

/** Opens sockets and libraries; the ruleset is not touched before `prepare`. Throws `FirewallError`. */
export async function openNftables(options: OpenNftablesOptions): Promise<NftablesFirewall> {
  if (options.prefer === "nft") {
    const nft = await openRunner("nft");
    return nftablesFirewall({ nft, store: nftStore(nft), listener: null }, options);
  }
  const nft = await openRunner();
  try {
    return nftablesFirewall({ nft, store: netlinkStore(), listener: openRulesetListener() }, options);
  } catch (error) {
    if (!isUnavailable(error)) throw asFirewallError(error);
    options.log(
      "warning",
      `nftables: without a netlink socket every grant takes several runs of nft: ${String(error)}`,
    );
    return nftablesFirewall({ nft, store: nftStore(nft), listener: null }, options);
  }
}

/**
 * What stands in the way on the hooks, for choosing a backend. Never throws for what the host lacks: `nftablesBlocker`
 * says it. Where iptables drops by default and native chains only pick some packets, iptables is what opens doors, and the
 * native chains are left out.
 */
export async function surveyHooks(
  hooks: readonly FilterSlot[] = ["input"],
  runner?: NftRunner,
): Promise<Omit<HostSurvey, "hasIptables">> {
  try {
    const found = surveyRuleset(await readRuleset(runner ?? await openRunner()), hooks);
    const byDefault = (chains: typeof found.droppingChains) => chains.filter(({ drops }) => drops === "default");
    const iptablesDecides = byDefault(found.iptablesManaged).length > 0 && byDefault(found.droppingChains).length === 0;
    return {
      nftablesBlocker: null,
      nativeHooks: iptablesDecides ? [] : found.droppingChains.map(formatChain),
      managedHooks: found.iptablesManaged.map(formatChain),
    };
  } catch (error) {
    if (!(error instanceof FirewallError)) throw error;
    return { nftablesBlocker: error.message, nativeHooks: [], managedHooks: [] };
  }
}
