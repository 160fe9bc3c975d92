/** Packet filters whose grants are for connections to this host only: what they say to any other kind of grant. Pure. */
import type { Access } from "./firewall.ts";

/** Why a grant cannot be made, and the remedy. */
export interface Refusal {
  readonly reason: string;
  readonly hint: string;
}

/** The refusal of that kind of grant by the packet filter of that name; null where it can be made. */
export function inputOnly(name: string, slot: Access["slot"]): Refusal | null {
  switch (slot) {
    case "input":
      return null;
    case "output":
      return {
        reason:
          `ENABLE_IPT_OUTPUT: ${name} lets the answers of a connection out by its state, there is no rule for them`,
        hint: "set ENABLE_IPT_OUTPUT to N",
      };
    case "published":
      return {
        reason: `GUARD: services that another program publishes cannot be guarded with ${name}`,
        hint: "set GUARD to input, or remove it",
      };
    case "foreign":
      return { reason: "a rule that somebody else made cannot be granted", hint: "see --fw-list" };
    default:
      return {
        reason: `Forwarding/NAT requests are not supported with ${name}: its grants are for this host`,
        hint: "set ENABLE_IPT_FORWARDING and ENABLE_IPT_LOCAL_NAT to N, and forward with rules of your own",
      };
  }
}
