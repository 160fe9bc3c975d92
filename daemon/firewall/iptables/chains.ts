/** The chains of the iptables backend as configuration describes them (facts/configuration 4 and facts/firewall 1). */
import type { ChainSpec } from "../chain_text.ts";
import type { Slot } from "../firewall.ts";

/** One chain per slot. */
export type ChainSpecs = Readonly<Record<Slot, ChainSpec>>;

/** The built-in values of the `IPT_*_ACCESS` directives (facts/configuration 4). */
export const DEFAULT_CHAINS: ChainSpecs = {
  input: chain("ACCEPT", "filter", "INPUT", "FWKNOP_INPUT"),
  output: chain("ACCEPT", "filter", "OUTPUT", "FWKNOP_OUTPUT"),
  forward: chain("ACCEPT", "filter", "FORWARD", "FWKNOP_FORWARD"),
  dnat: chain("DNAT", "nat", "PREROUTING", "FWKNOP_PREROUTING"),
  snat: chain("SNAT", "nat", "POSTROUTING", "FWKNOP_POSTROUTING"),
  masquerade: chain("MASQUERADE", "nat", "POSTROUTING", "FWKNOP_MASQUERADE"),
};

function chain(target: string, table: string, from: string, to: string): ChainSpec {
  return { target, table, from, jumpPosition: 1, to, rulePosition: 1 };
}
