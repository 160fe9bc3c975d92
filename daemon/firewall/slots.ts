/** Which kinds of grant are in use: one meaning of the switches for every packet filter. Pure. */
import type { Slot } from "./firewall.ts";

/** The slots in the order of facts/firewall 1, which is also the order in which jumps are made. */
export const SLOTS: readonly Slot[] = ["input", "output", "forward", "published", "dnat", "snat", "masquerade"];

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
  /** Whether a stanza says GUARD forward, or both. */
  readonly published: boolean;
}

/** The slots that are in use, in order (the table of facts/firewall 1). */
export function activeSlots(switches: SlotSwitches): readonly Slot[] {
  const nat = switches.forwarding || switches.localNat;
  const on: Readonly<Record<Slot, boolean>> = {
    input: true,
    output: switches.output,
    forward: nat,
    published: switches.published,
    dnat: nat,
    snat: nat && switches.snat,
    masquerade: nat && switches.snat,
  };
  return SLOTS.filter((slot) => on[slot]);
}
