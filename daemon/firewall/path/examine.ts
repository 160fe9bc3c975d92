/** What an operator should know of the chains before grants are opened in them: whether they drop anything, and our own port. Pure. */
import { showable } from "../../../lib/showable.ts";
import { type Enters, formatPathChain, isNative, type PathChain } from "./model.ts";
import { seesFamily } from "./stations.ts";
import type { PathWatch } from "./watch.ts";

/**
 * What a chain that drops has to let in for IPv6 to work: neighbours and routers, the questions and reports about groups by
 * which switches know where to send what is for neighbour discovery, and the answers of DHCPv6 servers.
 */
export const IPV6_UPKEEP: readonly string[] = [
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
  "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept",
  "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
];

/** What is looked at. */
type Looked = Pick<PathWatch, "chains" | "walk">;

/**
 * Warnings, whatever kind of tables the chains are in. `udpPort`: where this daemon listens itself, or null; `enters`: in
 * which chains grants are opened.
 */
export function examinePath(watch: Looked, udpPort: number | null, enters: Enters): readonly string[] {
  const open = openWarnings(watch);
  if (open.length > 0) return open;
  return [...portWarnings(watch, udpPort), ...breakWarnings(watch.chains, enters)];
}

/** Connections that end with the grant, and IPv6 that cannot find its neighbours: in the chains in which grants are opened. */
export function breakWarnings(chains: readonly PathChain[], enters: Enters): readonly string[] {
  return chains.filter((chain) => chain.drops === "default" && enters(chain)).flatMap(breakWarningsOf);
}

function breakWarningsOf(chain: PathChain): readonly string[] {
  const native = isNative(chain.owner);
  const program = `${chain.family === "ip6" ? "ip6" : "ip"}tables -t ${chain.table} -I ${showable(chain.chain)}`;
  const [established, neighbours] = native
    ? [`add "ct state established,related accept"`, `add ${IPV6_UPKEEP.map((rule) => `"${rule}"`).join(", ")}`]
    : [
      `add it (${program} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT)`,
      `let it in (${program} -p ipv6-icmp -j ACCEPT)`,
    ];
  const warnings: string[] = [];
  if (!chain.acceptsEstablished) {
    const outcome = chain.hook === "forward"
      ? "no answer of a host inside will get through"
      : "connections will break when the grant that let them in ends";
    warnings.push(
      `${formatPathChain(chain)} has no rule that accepts established connections: ${outcome}; ${established}`,
    );
  }
  if (chain.hook === "input" && chain.family !== "ip" && !chain.acceptsNeighbourDiscovery) {
    warnings.push(
      `${formatPathChain(chain)} does not let ICMPv6 neighbour discovery in: nobody will reach this host by IPv6; ` +
        neighbours,
    );
  }
  return warnings;
}

/** Where nothing drops there is nothing to open. */
function openWarnings(watch: Looked): readonly string[] {
  const incoming = watch.chains.filter(({ hook, drops }) =>
    ["ingress", "prerouting", "input"].includes(hook) && drops !== "nothing"
  );
  const open = ([4, 6] as const).filter((family) => !incoming.some((chain) => seesFamily({ table: chain }, family)));
  if (open.length === 0) return [];
  const over = open.length === 2 ? "" : ` over IPv${open[0]}`;
  return [
    `No chain drops incoming packets${over}: what nothing else drops is open already${over}, with or without a knock; ` +
    "give the input chain the policy drop",
  ];
}

/** Where no knock will arrive. */
function portWarnings(watch: Looked, udpPort: number | null): readonly string[] {
  if (udpPort === null) return [];
  const shut = ([4, 6] as const).flatMap((family) =>
    watch.walk({ family, service: { proto: "udp", port: udpPort }, granted: false }).filter(({ does }) =>
      does === "shuts"
    )
  );
  return [...new Set(shut.map(({ chain }) => chain))].map((chain) => {
    return `${formatPathChain(chain)} drops UDP packets to port ${udpPort}, where this daemon listens: no knock will ` +
      `arrive; ${knockRemedy(chain, udpPort)}`;
  });
}

/** How a knock gets through a chain that drops it. */
export function knockRemedy({ owner, family, table, chain }: PathChain, udpPort: number): string {
  if (isNative(owner)) return `add "udp dport ${udpPort} accept" above what drops them`;
  const program = `${family === "ip6" ? "ip6" : "ip"}tables${owner.slice("iptables".length)}`;
  return `let them in (${program} -t ${table} -I ${showable(chain)} -p udp --dport ${udpPort} -j ACCEPT)`;
}
