/** The chains of the iptables backend as configuration describes them (facts/configuration 4 and facts/firewall 1). */
import type { Slot } from "../firewall.ts";

/** An `IPT_*_ACCESS` value: `target, table, from, jumpPosition, to, rulePosition`. */
export interface ChainSpec {
  readonly target: string;
  readonly table: string;
  /** The chain that gets the jump. */
  readonly from: string;
  /** Rule number of the jump in `from`, from 1. */
  readonly jumpPosition: number;
  /** The chain of ours. */
  readonly to: string;
  /** Checked and then ignored, as in the C daemon: rules are appended, or go to the head with ENABLE_RULE_PREPEND. */
  readonly rulePosition: number;
}

/** One chain per slot. */
export type ChainSpecs = Readonly<Record<Slot, ChainSpec>>;

/** The slots in the order of facts/firewall 1, which is also the order in which jumps are made. */
export const SLOTS: readonly Slot[] = ["input", "output", "forward", "dnat", "snat", "masquerade"];

/** The built-in values of the `IPT_*_ACCESS` directives (facts/configuration 4). */
export const DEFAULT_CHAINS: ChainSpecs = {
  input: chain("ACCEPT", "filter", "INPUT", "FWKNOP_INPUT"),
  output: chain("ACCEPT", "filter", "OUTPUT", "FWKNOP_OUTPUT"),
  forward: chain("ACCEPT", "filter", "FORWARD", "FWKNOP_FORWARD"),
  dnat: chain("DNAT", "nat", "PREROUTING", "FWKNOP_PREROUTING"),
  snat: chain("SNAT", "nat", "POSTROUTING", "FWKNOP_POSTROUTING"),
  masquerade: chain("MASQUERADE", "nat", "POSTROUTING", "FWKNOP_MASQUERADE"),
};

/** What switches slots on. */
export interface SlotSwitches {
  /** ENABLE_IPT_OUTPUT. */
  readonly output: boolean;
  /** ENABLE_IPT_FORWARDING. */
  readonly forwarding: boolean;
  /** ENABLE_IPT_LOCAL_NAT. */
  readonly localNat: boolean;
  /** ENABLE_IPT_SNAT. */
  readonly snat: boolean;
}

/** The slots that are in use, in order (the table of facts/firewall 1). */
export function activeSlots(switches: SlotSwitches): readonly Slot[] {
  const nat = switches.forwarding || switches.localNat;
  const on: Readonly<Record<Slot, boolean>> = {
    input: true,
    output: switches.output,
    forward: nat,
    dnat: nat,
    snat: nat && switches.snat,
    masquerade: nat && switches.snat,
  };
  return SLOTS.filter((slot) => on[slot]);
}

function chain(target: string, table: string, from: string, to: string): ChainSpec {
  return { target, table, from, jumpPosition: 1, to, rulePosition: 1 };
}
