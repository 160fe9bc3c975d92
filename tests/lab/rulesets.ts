/** What guards the server of a lab: default drop, established flows and ICMPv6 neighbour discovery let in. */

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
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
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
  const discovery = ["neighbour-solicitation", "neighbour-advertisement", "router-advertisement"];
  return [
    "*filter",
    ":INPUT DROP [0:0]",
    ":FORWARD DROP [0:0]",
    ":OUTPUT ACCEPT [0:0]",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ...(family === 6 ? discovery.map((type) => `-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`) : []),
    ...udpPorts.map((port) => `-A INPUT -p udp -m udp --dport ${port} -j ACCEPT`),
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "COMMIT",
    "",
  ].join("\n");
}
