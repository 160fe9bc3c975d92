/**
 * The way of a packet through the packet filters of this host: the base chains that it passes, in order, whoever made them
 * (native nftables, iptables-nft, iptables-legacy), and what they do with it.
 */
import type { TableFamily } from "../../../ffi/nfnetlink/constants.ts";
import type { Ip } from "../../../lib/net/address.ts";
import type { Service } from "../../../lib/net/service.ts";
import { showable } from "../../../lib/showable.ts";

/**
 * Whose a chain is: that packet filter opens grants in it. Those of firewalld are native ones that it makes anew at every reload,
 * and that nobody else may change where its table has an owner. pf and ipfw have no chains.
 */
export type Owner = "nftables" | "firewalld" | "iptables-nft" | "iptables-legacy" | "pf" | "ipfw";

/** Whether chains of that owner are tables of native nftables, as nft shows and names them. */
export function isNative(owner: Owner): owner is "nftables" | "firewalld" {
  return owner === "nftables" || owner === "firewalld";
}

/** Where a chain stands on the way of a packet. */
export type Hook = "ingress" | "prerouting" | "input" | "forward" | "output" | "postrouting";

/**
 * What a chain does with a new packet that nothing in it was made for: `default`: it drops it; `service`: it drops what goes
 * to some ports, from wherever it comes; `some`: it drops some packets, by their source or state (fail2ban, blocklists);
 * `nothing`: it cannot drop.
 */
export type Drops = "nothing" | "some" | "service" | "default";

/** A base chain. */
export interface PathChain {
  readonly owner: Owner;
  /** For iptables-legacy `ip` or `ip6`. */
  readonly family: TableFamily;
  readonly table: string;
  readonly chain: string;
  readonly hook: Hook;
  readonly priority: number;
  /** The interfaces that it is bound to; empty: all. */
  readonly devices: readonly string[];
  /** The table belongs to a process that alone may change it (`flags owner`). */
  readonly locked: boolean;
  readonly drops: Drops;
  /** Whether a rule lets packets of established connections in. */
  readonly acceptsEstablished: boolean;
  /** Whether a rule lets ICMPv6 neighbour discovery in. */
  readonly acceptsNeighbourDiscovery: boolean;
}

/**
 * Whether nobody is told of its changes: legacy iptables tells of none, and a table goes with the process that owns it
 * without a word.
 */
export function isSilent({ owner, locked }: PathChain): boolean {
  return locked || owner === "iptables-legacy";
}

/** What keeps shut what was opened elsewhere. */
export interface Obstruction {
  /** `inet filter input`, `iptables-legacy filter INPUT`. The same obstruction has the same text. */
  readonly chain: string;
  /** What the chain does, to stand behind its name: `drops by policy`, `drops it by its rule with the handle 7`. */
  readonly how: string;
  /** What the operator can do. */
  readonly remedy: string;
}

/** A new packet from outside; what is not said of it is unknown. */
export interface NewPacket {
  readonly family: 4 | 6;
  readonly service: Service;
  readonly source?: Ip;
  /** Whether it goes through to a host behind this one. Default: it is for this host. */
  readonly forwarded?: boolean;
  /** Whether somebody's DNAT sends it on, which was sent to that port of this host. */
  readonly published?: boolean;
  /** Whether what somebody's DNAT sends on is let through as well (GUARD both). */
  readonly alsoPublished?: boolean;
  /** Whether a grant for it is open: our chains then let it through. Default: true; a knock has none. */
  readonly granted?: boolean;
}

/** What one chain on a packet's way does with it. */
export interface Step {
  readonly chain: PathChain;
  /**
   * `passes`: lets it through; `opens`: a jump of ours, there or to be put there, lets it through; `picks`: may drop it, by
   * what is not known of it; `shuts`: drops it for certain.
   */
  readonly does: "passes" | "opens" | "picks" | "shuts";
  /** Where it shuts. */
  readonly obstruction: Obstruction | null;
}

/** Chains that are taken to have a jump of ours at their head, although none may be there yet. */
export type Enters = (chain: PathChain) => boolean;

/** `inet filter input`, `iptables-nft filter INPUT`, `ip6tables-legacy filter INPUT`. */
export function formatPathChain({ owner, family, table, chain }: Omit<PathChain, "drops">): string {
  const whose = isNative(owner) ? family : `${family === "ip6" ? "ip6" : "ip"}${owner.slice("ip".length)}`;
  return `${whose} ${showable(table)} ${showable(chain)}`;
}
