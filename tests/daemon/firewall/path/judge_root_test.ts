import assert from "node:assert/strict";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import type { Ip } from "../../../../lib/net/address.ts";
import { address } from "../../../contract/addresses.ts";
import { type Lab, labTest, makeLab } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";

let shared: Promise<Lab> | undefined;

async function lab(): Promise<Lab> {
  if (shared === undefined) {
    shared = makeLab({ guard: "none", extra: ["stranger"] });
    const made = await shared;
    // Of both families.
    for (const port of [22, 25, 8080]) made.listen("server", port, { family: 6 });
  }
  return await shared;
}

/** What shuts tcp/`port` for the knocker, and whether its packets get through. */
async function truth({ port = 22, family = 4, to }: { port?: number; family?: 4 | 6; to?: Ip } = {}) {
  const made = await lab();
  using rig = openRig(made);
  await rig.watch.survey();
  const access: Access = {
    slot: "input",
    source: address(made.address("knocker", family)),
    destination: to ?? null,
    service: { proto: "tcp", port },
  };
  const obstructions = rig.watch.judge(access);
  const probe = await made.probe("knocker", made.address("server", family), port);
  return { shut: obstructions.map(({ chain, how }) => `${chain} ${how}`), obstructions, probe };
}

async function load(script: string, commands: readonly (readonly string[])[] = []): Promise<Lab> {
  const made = await lab();
  await made.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${script}` });
  for (const command of commands) await made.must("server", command);
  return made;
}

interface Row {
  readonly what: string;
  /** Rules of `inet t base`. */
  readonly rules?: string;
  readonly policy?: "drop";
  readonly others?: string;
  readonly type?: string;
  /** In place of the table. */
  readonly script?: string;
  readonly commands?: readonly string[];
  readonly port?: number;
  readonly family?: 6;
  /** What shuts; empty: nothing, and the packet gets through. */
  readonly shut: readonly RegExp[];
  /** That depends on what nobody knows here: nothing is said, whatever the packet does. */
  readonly unknown?: true;
}

const SET = "set s { type ipv4_addr; flags interval; elements = { 10.77.0.0/24 }; }";
const OURS = "chain fwknop_input {\nip saddr 10.77.0.2 accept\n}";

const ROWS: readonly Row[] = [
  { what: "nothing", rules: "", shut: [] },
  { what: "a policy", rules: "", policy: "drop", shut: [/^inet t base drops by policy$/] },
  { what: "a final reject", rules: "ct state established accept\nreject", shut: [/^inet t base drops it by its rule/] },
  { what: "an accept before the policy", rules: "tcp dport 22 accept", policy: "drop", shut: [] },
  { what: "an accept of another port", rules: "tcp dport 23 accept", policy: "drop", shut: [/policy/] },
  { what: "what the loopback may", rules: "iif lo accept", policy: "drop", shut: [/policy/] },
  { what: "what the loopback may, by name", rules: "iifname lo accept", policy: "drop", shut: [/policy/] },
  { what: "what all others may", rules: "iifname != lo accept", policy: "drop", shut: [] },
  { what: "what the only interface may", rules: "iifname eth0 accept", policy: "drop", shut: [] },
  { what: "what another interface may", rules: "iifname wg0 accept", policy: "drop", shut: [/policy/] },
  { what: "what interfaces with such names may", rules: 'iifname "eth*" accept', policy: "drop", shut: [] },
  { what: "an interval of ports", rules: "tcp dport 20-25 drop", shut: [/rule/] },
  { what: "another interval of ports", rules: "tcp dport 23-25 drop", shut: [] },
  { what: "a set of ports", rules: "tcp dport { 80, 22 } drop", shut: [/rule/] },
  { what: "a set of intervals", rules: "tcp dport { 1-21, 23-80, 1000-65535 } drop", shut: [] },
  { what: "a set of intervals with it", rules: "tcp dport { 1-10, 20-80, 1000-65535 } drop", shut: [/rule/] },
  { what: "all ports but some", rules: "tcp dport != { 23, 25 } drop", shut: [/rule/] },
  { what: "ports above", rules: "tcp dport > 21 drop", shut: [/rule/] },
  { what: "ports below", rules: "tcp dport < 22 drop", shut: [] },
  { what: "ports of either protocol", rules: "meta l4proto { tcp, udp } th dport 22 drop", shut: [/rule/] },
  { what: "the other protocol", rules: "udp dport 22 drop", shut: [] },
  { what: "a network", rules: "ip saddr 10.0.0.0/8 drop", shut: [/rule/] },
  { what: "another network", rules: "ip saddr 10.76.0.0/16 drop", shut: [] },
  { what: "all networks but this", rules: "ip saddr != 10.77.0.0/24 drop", shut: [] },
  { what: "all networks but another", rules: "ip saddr != 10.76.0.0/16 drop", shut: [/rule/] },
  { what: "an address", rules: "ip saddr 10.77.0.2 drop", shut: [/rule/] },
  { what: "addresses in a rule", rules: "ip saddr { 10.77.0.2, 192.0.2.0/24 } drop", shut: [/rule/] },
  { what: "a set that holds the network", rules: "ip saddr @s drop", others: SET, shut: [/rule/] },
  {
    what: "a set that does not",
    rules: "ip saddr @s drop",
    others: "set s { type ipv4_addr; elements = { 192.0.2.1 }; }",
    shut: [],
  },
  {
    what: "a set that lets in",
    rules: "ip saddr @s accept",
    others: SET,
    policy: "drop",
    shut: [],
  },
  { what: "not in a set", rules: "ip saddr != @s drop", others: SET, shut: [] },
  {
    what: "source and port together",
    rules: "ip saddr . tcp dport { 10.77.0.2 . 22 } drop",
    shut: [/rule/],
  },
  {
    what: "source and port together, as intervals",
    rules: "ip saddr . tcp dport { 10.77.0.0/24 . 20-30 } drop",
    shut: [/rule/],
  },
  { what: "source and another port", rules: "ip saddr . tcp dport { 10.77.0.0/24 . 23-30 } drop", shut: [] },
  {
    what: "source and port as one load",
    rules: "ip saddr 10.77.0.2 tcp dport 22 tcp sport != 1 drop",
    shut: [],
    unknown: true,
  },
  { what: "where it goes", rules: "ip daddr 10.77.0.1 drop", shut: [], unknown: true },
  { what: "the state", rules: "ct state new drop", shut: [/rule/] },
  { what: "another state", rules: "ct state invalid drop", shut: [] },
  { what: "states", rules: "ct state established,related accept", policy: "drop", shut: [/policy/] },
  { what: "states in a map", rules: "ct state vmap { established : accept, invalid : drop }", shut: [] },
  {
    what: "states in a map before the policy",
    rules: "ct state vmap { established : accept, new : accept }",
    policy: "drop",
    shut: [],
  },
  { what: "a map of ports", rules: "tcp dport vmap { 22 : drop, 25 : accept }", shut: [/rule/] },
  { what: "a map of ports that lets in", rules: "tcp dport vmap { 22 : accept, 25 : drop }", policy: "drop", shut: [] },
  { what: "a map of intervals", rules: "tcp dport vmap { 0-21 : accept, 22-30 : drop }", shut: [/rule/] },
  {
    what: "a map to a chain",
    rules: "tcp dport vmap { 22 : jump g }",
    others: "chain g {\ndrop\n}",
    shut: [/rule .* in g$/],
  },
  {
    what: "a map with a name",
    rules: "tcp dport vmap @m",
    others: "map m { type inet_service : verdict; elements = { 22 : drop }; }",
    shut: [/rule/],
  },
  {
    what: "a map of sources with a name",
    rules: "ip saddr vmap @m",
    others: "map m { type ipv4_addr : verdict; elements = { 192.0.2.1 : drop }; }",
    shut: [],
  },
  { what: "a jump to a chain that drops", rules: "jump g", others: "chain g {\ntcp dport 22 drop\n}", shut: [/in g$/] },
  {
    what: "a jump to a chain that returns",
    rules: "jump g\naccept",
    others: "chain g {\nreturn\ndrop\n}",
    policy: "drop",
    shut: [],
  },
  {
    what: "a goto does not come back",
    rules: "goto g\naccept",
    others: "chain g {\ntcp dport 25 drop\n}",
    policy: "drop",
    shut: [/policy/],
  },
  {
    what: "chains in chains",
    rules: "jump a\ndrop",
    others: "chain c {\ntcp dport 22 accept\n}\nchain b {\ngoto c\n}\nchain a {\njump b\n}",
    shut: [],
  },
  { what: "flags of a first packet", rules: "tcp flags & (fin|syn|rst|ack) == syn drop", shut: [/rule/] },
  { what: "flags that none has", rules: "tcp flags & (fin|syn) == (fin|syn) drop", shut: [] },
  { what: "flags in another way", rules: "tcp flags != syn ct state new drop", shut: [] },
  { what: "a limit", rules: "limit rate 1/hour drop", shut: [], unknown: true },
  { what: "a mark", rules: "meta mark 7 drop", shut: [], unknown: true },
  { what: "IPv6 by a network", rules: "ip6 saddr fd77::/64 drop", family: 6, shut: [/rule/] },
  { what: "IPv6 by another network", rules: "ip6 saddr fd78::/64 drop", family: 6, shut: [] },
  { what: "IPv4 by a rule for IPv6", rules: "meta nfproto ipv6 drop", shut: [] },
  { what: "IPv6 by a rule for IPv6", rules: "meta nfproto ipv6 tcp dport 22 drop", family: 6, shut: [/rule/] },
  { what: "IPv6 by the next header", rules: "ip6 nexthdr tcp drop", family: 6, shut: [/rule/] },
  { what: "the version", rules: "ip version 4 tcp dport 22 drop", shut: [/rule/] },
  { what: "our jump", rules: "jump fwknop_input", others: OURS, policy: "drop", shut: [] },
  {
    what: "a drop above our jump",
    rules: "tcp dport 22 drop\njump fwknop_input",
    others: OURS,
    policy: "drop",
    shut: [/rule/],
  },
  {
    what: "a drop below our jump",
    rules: "jump fwknop_input\ntcp dport 22 drop",
    others: OURS,
    policy: "drop",
    shut: [],
  },
  {
    what: "a drop before the routing",
    type: "filter hook prerouting priority raw",
    rules: "tcp dport 22 drop",
    shut: [/^inet t base/],
  },
  {
    what: "a drop before states are known",
    type: "filter hook prerouting priority raw",
    rules: "ct state new drop",
    shut: [],
    unknown: true,
  },
  {
    what: "a drop where the frame comes in",
    script: "table netdev n {\nchain i {\ntype filter hook ingress device eth0 priority 0;\ntcp dport 22 drop\n}\n}",
    shut: [/^netdev n i drops it by its rule/],
  },
  {
    what: "a drop where other frames come in",
    script: "table netdev n {\nchain i {\ntype filter hook ingress device lo priority 0;\ntcp dport 22 drop\n}\n}",
    shut: [],
  },
  {
    what: "a drop where the frame comes in, in inet",
    script:
      "table inet n {\nchain i {\ntype filter hook ingress device eth0 priority 0;\nip saddr 10.77.0.2 drop\n}\n}",
    shut: [/^inet n i drops it by its rule/],
  },
  {
    what: "families that IP packets do not meet, and tables that sleep",
    script: "table bridge b {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}\n" +
      "table arp a {\nchain c {\ntype filter hook output priority 0; policy drop;\ncounter accept\n}\n}\n" +
      "table ip6 x {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}\n" +
      "table inet d {\nflags dormant;\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}",
    shut: [],
  },
  {
    what: "two chains one after the other",
    script: "table inet a {\nchain c {\ntype filter hook input priority 5; policy drop;\n}\n}\n" +
      "table ip b {\nchain c {\ntype filter hook input priority -5;\nip saddr 10.77.0.2 drop\n}\n}",
    shut: [/^ip b c /, /^inet a c /],
  },
  {
    what: "a packet that is sent to another port",
    script: "table ip n {\nchain p {\ntype nat hook prerouting priority -100;\ntcp dport 22 redirect to :8080\n}\n}\n" +
      "table inet t {\nchain c {\ntype filter hook input priority 0;\ntcp dport 22 drop\n}\n}",
    shut: [],
    unknown: true,
  },
  {
    what: "a packet beside one that is sent to another port",
    script: "table ip n {\nchain p {\ntype nat hook prerouting priority -100;\ntcp dport 80 redirect to :8080\n}\n}\n" +
      "table inet t {\nchain c {\ntype filter hook input priority 0;\ntcp dport 22 drop\n}\n}",
    shut: [/^inet t c /],
  },
  {
    what: "iptables' policy",
    script: "",
    commands: ["iptables -P INPUT DROP"],
    shut: [/^iptables-nft filter INPUT drops by policy$/],
  },
  {
    what: "iptables' port",
    script: "",
    commands: ["iptables -A INPUT -p tcp --dport 22 -j DROP"],
    shut: [/INPUT drops it by its rule/],
  },
  {
    what: "iptables' reject",
    script: "",
    commands: ["iptables -A INPUT -p tcp -m tcp --dport 20:30 -j REJECT --reject-with tcp-reset"],
    shut: [/INPUT/],
  },
  { what: "iptables' other ports", script: "", commands: ["iptables -A INPUT -p tcp ! --dport 22 -j DROP"], shut: [] },
  { what: "iptables' source", script: "", commands: ["iptables -A INPUT -s 10.77.0.0/24 -j DROP"], shut: [/INPUT/] },
  { what: "iptables' other sources", script: "", commands: ["iptables -A INPUT ! -s 10.77.0.2 -j DROP"], shut: [] },
  {
    what: "iptables' multiport",
    script: "",
    commands: ["iptables -A INPUT -p tcp -m multiport --dports 22,25 -j DROP"],
    shut: [/INPUT/],
  },
  {
    what: "iptables' multiport ranges",
    script: "",
    commands: ["iptables -A INPUT -p tcp -m multiport --dports 80,20:30 -j DROP"],
    shut: [/INPUT/],
  },
  {
    what: "iptables' other multiport",
    script: "",
    commands: ["iptables -A INPUT -p tcp -m multiport ! --dports 22,25 -j DROP"],
    shut: [],
  },
  {
    what: "iptables' states",
    script: "",
    commands: ["iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "iptables -P INPUT DROP"],
    shut: [/policy/],
  },
  {
    what: "iptables' new ones",
    script: "",
    commands: ["iptables -A INPUT -m conntrack --ctstate NEW -j DROP"],
    shut: [/INPUT/],
  },
  {
    what: "iptables' old ones",
    script: "",
    commands: ["iptables -A INPUT -m conntrack ! --ctstate ESTABLISHED -j DROP"],
    shut: [/INPUT/],
  },
  {
    what: "iptables' state",
    script: "",
    commands: ["iptables -A INPUT -m state --state NEW -m comment --comment hello -j DROP"],
    shut: [/INPUT/],
  },
  {
    what: "iptables' interface",
    script: "",
    commands: ["iptables -A INPUT -i lo -j ACCEPT", "iptables -P INPUT DROP"],
    shut: [/policy/],
  },
  {
    what: "iptables' interfaces",
    script: "",
    commands: ["iptables -A INPUT -i et+ -j ACCEPT", "iptables -P INPUT DROP"],
    shut: [],
  },
  { what: "iptables' flags", script: "", commands: ["iptables -A INPUT -p tcp --syn -j DROP"], shut: [/INPUT/] },
  {
    what: "iptables' limit",
    script: "",
    commands: ["iptables -A INPUT -m limit --limit 1/hour -j DROP"],
    shut: [],
    unknown: true,
  },
  {
    what: "the chain of fail2ban",
    script: "",
    commands: [
      "iptables -N f2b-sshd",
      "iptables -A f2b-sshd -s 10.77.0.2 -j REJECT",
      "iptables -A f2b-sshd -j RETURN",
      "iptables -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd",
    ],
    shut: [/INPUT drops it by its rule with the handle [0-9]+ in f2b-sshd$/],
  },
  {
    what: "the chain of fail2ban for another",
    script: "",
    commands: [
      "iptables -N f2b-sshd",
      "iptables -A f2b-sshd -s 10.77.0.3 -j REJECT",
      "iptables -A f2b-sshd -j RETURN",
      "iptables -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd",
    ],
    shut: [],
  },
  {
    what: "iptables before the routing",
    script: "",
    commands: ["iptables -t raw -A PREROUTING -p tcp --dport 22 -j DROP"],
    shut: [/^iptables-nft raw PREROUTING/],
  },
  {
    what: "ip6tables",
    script: "",
    family: 6,
    commands: ["ip6tables -A INPUT -s fd77::/64 -p tcp --dport 22 -j DROP"],
    shut: [/^ip6tables-nft filter INPUT/],
  },
];

for (const { what, script, commands, port, family, shut, unknown, ...row } of ROWS) {
  labTest(`judge() and a real packet agree about ${what}`, async () => {
    const chain = `type ${row.type ?? "filter hook input priority 0"}; policy ${row.policy ?? "accept"};`;
    await load(
      script ?? `table inet t {\n${row.others ?? ""}\nchain base {\n${chain}\n${row.rules}\n}\n}`,
      commands?.map((command) => command.split(" ")) ?? [],
    );
    const found = await truth({ ...(port === undefined ? {} : { port }), ...(family === undefined ? {} : { family }) });
    assert.equal(found.shut.length, shut.length, found.shut.join("\n"));
    for (const [index, pattern] of shut.entries()) assert.match(found.shut[index] ?? "", pattern);
    if (unknown !== true) assert.equal(found.probe === "open", shut.length === 0, found.probe);
  });
}
