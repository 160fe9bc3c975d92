/** The commands by which other people's software changes a packet filter: fail2ban, Docker. */
import { command, nft, restore, type Step } from "./steps.ts";

/** fail2ban 1.0 with `banaction = nftables`, jail `sshd`: a table of its own that picks banned addresses (port ssh). */
export const fail2banNftables = {
  table: "inet f2b-table",
  start: [
    nft("add table inet f2b-table"),
    nft("add chain inet f2b-table f2b-chain { type filter hook input priority -1 ; }"),
    nft("add set inet f2b-table addr-set-sshd { type ipv4_addr; }"),
    nft("add rule inet f2b-table f2b-chain tcp dport { 22 } ip saddr @addr-set-sshd reject"),
  ],
  ban: (address: string) => [nft(`add element inet f2b-table addr-set-sshd { ${address} }`)],
  unban: (address: string) => [nft(`delete element inet f2b-table addr-set-sshd { ${address} }`)],
} as const;

/** fail2ban 1.0 with `banaction = iptables`, jail `sshd`: a chain per jail, the jump to it put first. */
export const fail2banIptables = {
  start: [
    command("iptables -w -N f2b-sshd"),
    command("iptables -w -A f2b-sshd -j RETURN"),
    command("iptables -w -I INPUT -p tcp --dport 22 -j f2b-sshd"),
  ],
  ban: (address: string) => [
    command(`iptables -w -I f2b-sshd 1 -s ${address} -j REJECT --reject-with icmp-port-unreachable`),
  ],
} as const;

/** Docker 28 with one container whose port is published: nothing of it is on the way to a service of the host. */
export const docker: readonly Step[] = [
  restore([
    "*raw",
    "-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP",
    "-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 8080 -j DROP",
    "COMMIT",
    "*nat",
    ":DOCKER - [0:0]",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
    "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
    "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
    "COMMIT",
    "*filter",
    ":FORWARD DROP [0:0]",
    ...["DOCKER", "DOCKER-BRIDGE", "DOCKER-CT", "DOCKER-FORWARD", "DOCKER-USER"].map((chain) => `:${chain} - [0:0]`),
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-FORWARD",
    "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT",
    "-A DOCKER ! -i docker0 -o docker0 -j DROP",
    "-A DOCKER-BRIDGE -o docker0 -j DOCKER",
    "-A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A DOCKER-FORWARD -j DOCKER-CT",
    "-A DOCKER-FORWARD -j DOCKER-BRIDGE",
    "-A DOCKER-FORWARD -i docker0 -j ACCEPT",
    "COMMIT",
  ]),
];
