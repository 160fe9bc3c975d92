/** The chains of the iptables backend as configuration describes them (facts/configuration 4 and facts/firewall 1). */
import type { ChainSpec } from "../chain_text.ts";
import type { Slot } from "../firewall.ts";

/** One chain per slot; two slots may share one. */
export type ChainSpecs = Readonly<Record<Slot, ChainSpec>>;

/** How rules are written. */
export interface RuleStyle {
  readonly chains: ChainSpecs;
  /** The slots in use. */
  readonly active: readonly Slot[];
  /** ENABLE_RULE_PREPEND: new rules go to the head of their chain. */
  readonly prepend: boolean;
}

const FIRST = { jumpPosition: 1, rulePosition: 1 } as const;

/** The built-in values of the `IPT_*_ACCESS` directives (facts/configuration 4). */
export const DEFAULT_CHAINS: ChainSpecs = {
  input: { ...FIRST, target: "ACCEPT", table: "filter", from: "INPUT", to: "FWKNOP_INPUT" },
  output: { ...FIRST, target: "ACCEPT", table: "filter", from: "OUTPUT", to: "FWKNOP_OUTPUT" },
  forward: { ...FIRST, target: "ACCEPT", table: "filter", from: "FORWARD", to: "FWKNOP_FORWARD" },
  published: { ...FIRST, target: "ACCEPT", table: "filter", from: "FORWARD", to: "FWKNOP_FORWARD" },
  dnat: { ...FIRST, target: "DNAT", table: "nat", from: "PREROUTING", to: "FWKNOP_PREROUTING" },
  snat: { ...FIRST, target: "SNAT", table: "nat", from: "POSTROUTING", to: "FWKNOP_POSTROUTING" },
  masquerade: { ...FIRST, target: "MASQUERADE", table: "nat", from: "POSTROUTING", to: "FWKNOP_MASQUERADE" },
};
