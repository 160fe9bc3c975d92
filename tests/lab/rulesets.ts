/** What guards the server of a lab: default drop, established flows and the upkeep of IPv6 let in. */
import { IPV6_UPKEEP } from "../../daemon/firewall/path/examine.ts";

/** Which packet filter guards the server. `none`: everything is open. */
export type Guard = "nftables" | "iptables" | "none";

/** A native ruleset, as an administrator would write it. `udpPorts` stay open to everybody (UDP-server mode). */
export function nftablesGuard(udpPorts: readonly number[] = []): string {
  const accept = udpPorts.length === 0 ? "" : `udp dport { ${udpPorts.join(", ")} } accept`;
  return `table inet guard {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ${IPV6_UPKEEP.join("\n    ")}
    ${accept}
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
  }
}
`;
}

/** The same meaning for `iptables-restore` (`family` 4) or `ip6tables-restore` (6). */
export function iptablesGuard(family: 4 | 6, udpPorts: readonly number[] = []): string {
  const upkeep = [
    // Neighbours and routers, listeners, DHCPv6.
    ...[135, 136, 134, 130, 131, 132, 143].map((type) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type}`),
    "-s fe80::/10 -p udp -m udp --sport 547 --dport 546",
  ];
  return [
    "*filter",
    ":INPUT DROP [0:0]",
    ":FORWARD DROP [0:0]",
    ":OUTPUT ACCEPT [0:0]",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ...(family === 6 ? upkeep.map((what) => `-A INPUT ${what} -j ACCEPT`) : []),
    ...udpPorts.map((port) => `-A INPUT -p udp -m udp --dport ${port} -j ACCEPT`),
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "COMMIT",
    "",
  ].join("\n");
}
