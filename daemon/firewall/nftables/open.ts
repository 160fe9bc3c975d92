/** Opening the backend on this host, and what it finds there. */
import { reasonOf as sentenceOf } from "../../../lib/host/reason.ts";
import { openRulesetListener } from "../../../ffi/nfnetlink/events.ts";
import { runProgram, tellSlow } from "../../../lib/host/run.ts";
import { asFirewallError, type NftablesFirewall, nftablesFirewall, type NftablesOptions } from "./backend.ts";
import { type NftRunner, openRunner, readRuleset } from "./runner.ts";
import type { FilterSlot } from "./set_layout.ts";
import { isUnavailable, netlinkStore, nftStore } from "./store.ts";
import { type BaseChain, type HookSurvey, surveyRuleset } from "./hook_survey.ts";

/** How to open it. */
export interface OpenNftablesOptions extends NftablesOptions {
  /** `nft`: the program and nothing else. Default: netlink and libnftables, each replaced by nft where it is missing. */
  readonly prefer?: "netlink" | "nft";
}

/** Opens sockets and libraries; the ruleset is not touched before `prepare`. Throws `FirewallError`. */
export async function openNftables(options: OpenNftablesOptions): Promise<NftablesFirewall> {
  const run = tellSlow(runProgram, options.log);
  if (options.prefer === "nft") {
    const nft = await openRunner("nft", run);
    return nftablesFirewall({ nft, store: nftStore(nft), listener: null }, options);
  }
  const nft = await openRunner("libnftables", run);
  try {
    return nftablesFirewall({ nft, store: netlinkStore(), listener: openRulesetListener() }, options);
  } catch (error) {
    if (!isUnavailable(error)) throw asFirewallError(error);
    options.log(
      "warning",
      `nftables: without a netlink socket every grant takes several runs of nft: ${sentenceOf(error)}`,
    );
    return nftablesFirewall({ nft, store: nftStore(nft), listener: null }, options);
  }
}

/**
 * What can drop on the hooks, and whose it is: for choosing a backend. Where iptables drops by default and native chains
 * only pick some packets, iptables is what opens grants, and the native chains are left out. Throws `FirewallError`.
 */
export async function surveyHooks(nft: NftRunner, hooks: readonly FilterSlot[] = ["input"]): Promise<HookSurvey> {
  const found = surveyRuleset(await readRuleset(nft), hooks);
  const byDefault = (chains: readonly BaseChain[]) => chains.some(({ drops }) => drops === "default");
  const iptablesDecides = byDefault(found.iptablesManaged) && !byDefault(found.droppingChains);
  return iptablesDecides ? { ...found, droppingChains: [] } : found;
}
