import assert from "node:assert/strict";
import { type Drops, formatPathChain } from "../../../../daemon/firewall/path/model.ts";
import { iptablesGuard, type Lab, labTest, makeLab, nftablesGuard } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";

let shared: Promise<Lab> | undefined;

/** The chains of a ruleset as the kernel tells it. */
async function chainsOf(script: string, commands: readonly (readonly string[])[] = []) {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${script}` });
  for (const command of commands) await lab.must("server", command);
  using rig = openRig(lab);
  const chains = await rig.watch.survey();
  return chains.filter(({ owner }) => owner !== "iptables-legacy");
}

/** A table with a base chain that holds the rules, and other chains before it. */
function table(rules: string, { policy = "accept", others = "", type = "filter hook input priority 0" } = {}): string {
  const lines = rules === "" ? "" : `${rules}\n`;
  return `table inet t {\n${others}\nchain base {\ntype ${type}; policy ${policy};\n${lines}}\n}\n`;
}

const CASES: readonly (readonly [what: string, script: string, drops: Drops])[] = [
  ["an empty chain", table(""), "nothing"],
  ["a policy of drop", table("", { policy: "drop" }), "default"],
  ["a rule that drops a port", table("tcp dport 25 drop"), "service"],
  ["a rule that rejects a port", table("tcp dport 25 reject"), "service"],
  ["a rule that drops some ports", table("tcp dport { 20-25, 80 } drop"), "service"],
  ["a rule that drops ports below another", table("udp dport < 1024 drop"), "service"],
  ["a rule that drops a protocol", table("meta l4proto tcp drop"), "service"],
  ["a rule that drops all ports but one", table("tcp dport != 22 drop"), "service"],
  [
    "a rule that drops the ports of a set",
    table("tcp dport @p drop", { others: "set p { type inet_service; }" }),
    "service",
  ],
  ["a rule that rejects the rest", table("tcp dport 22 accept\nreject with icmpx type admin-prohibited"), "default"],
  ["a rule that drops the rest and counts it", table('tcp dport 22 accept\nlog prefix "no " counter drop'), "default"],
  ["a rule that drops all of one family", table("meta nfproto ipv6 drop"), "default"],
  ["a drop behind an accept of everything", table("accept\ndrop"), "nothing"],
  ["a policy of drop behind an accept of everything", table("counter accept", { policy: "drop" }), "nothing"],
  ["a jump to a chain that drops the rest", table("jump deny", { others: "chain deny {\ndrop\n}" }), "default"],
  ["a jump on a port", table("tcp dport 25 jump deny", { others: "chain deny {\ndrop\n}" }), "service"],
  ["a jump on a source", table("ip saddr 192.0.2.1 jump deny", { others: "chain deny {\ndrop\n}" }), "some"],
  ["a goto to a chain that drops a port", table("goto g", { others: "chain g {\ntcp dport 1 drop\n}" }), "service"],
  ["a jump to a chain that returns first", table("jump g", { others: "chain g {\nreturn\n}" }), "nothing"],
  ["a rule that drops one source", table("ip saddr 10.0.0.0/8 drop"), "some"],
  ["a rule that drops all sources but some", table("ip saddr != 10.0.0.0/8 drop"), "default"],
  ["a rule that drops what a set holds", table("ip saddr @s drop", { others: "set s { type ipv4_addr; }" }), "some"],
  [
    "the chain of fail2ban",
    table("tcp dport 22 ip saddr @addr-set-sshd reject", { others: "set addr-set-sshd { type ipv4_addr; }" }),
    "some",
  ],
  ["a rule on a source and a port", table("ip saddr 192.0.2.1 tcp dport 22 drop"), "some"],
  ["a rule on an interface", table('iifname "eth7" drop'), "some"],
  ["a rule on a mark", table("meta mark & 0xff != 0 drop"), "some"],
  ["a rule on what is too much", table("tcp dport 22 limit rate over 3/second drop"), "some"],
  [
    "a rule on the way back",
    table("fib saddr . iif oif missing drop", { type: "filter hook prerouting priority 0" }),
    "some",
  ],
  ["a rule on flags that no first packet has", table("tcp flags & (fin|syn) == (fin|syn) drop"), "some"],
  ["a rule on fragments", table("ip frag-off & 0x1fff != 0 drop"), "some"],
  ["a rule on other protocols", table("icmp type echo-request drop"), "some"],
  ["a rule for invalid packets", table("ct state invalid drop"), "some"],
  ["a rule for new connections to a port", table("ct state new tcp dport 22 drop"), "service"],
  ["a rule for all new connections", table("ct state new drop"), "default"],
  ["a verdict map in the rule", table("ct state vmap { invalid : drop, established : accept }"), "some"],
  ["a verdict map on ports", table("tcp dport vmap { 22 : accept, 25 : drop }"), "service"],
  ["a verdict map that leads to a chain", table("iif vmap { lo : jump g }", { others: "chain g {\ndrop\n}" }), "some"],
  ["a verdict map that only accepts", table("ct state vmap { established : accept }"), "nothing"],
  [
    "a verdict map with a name, whatever is in it",
    table("tcp dport vmap @m", { others: "map m {\ntype inet_service : verdict\n}" }),
    "some",
  ],
  ["a jump of ours", table("jump fwknop_input", { others: "chain fwknop_input {\ndrop\n}" }), "nothing"],
  [
    "a drop before connections are followed",
    table("ct state new drop", { type: "filter hook prerouting priority -300" }),
    "some",
  ],
];

for (const [what, script, drops] of CASES) {
  labTest(`classify() sees in ${what}: drops ${drops}`, async () => {
    const [chain, ...more] = await chainsOf(script);
    assert.deepEqual(more, []);
    assert.equal(chain?.drops, drops);
  });
}

labTest("survey() leaves out families without IP packets, NAT and dormant tables", async () => {
  const chains = await chainsOf(`${table("drop", { type: "filter hook forward priority 0" })}
table bridge b {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}
table arp a {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}
table ip n {\nchain c {\ntype nat hook input priority 100;\n}\n}
table ip d {\nflags dormant;\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}
`);
  assert.deepEqual(chains.map((chain) => `${formatPathChain(chain)} ${chain.hook}`), ["inet t base forward"]);
});

labTest("survey() tells native chains from those of iptables", async () => {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "flush", "ruleset"]);
  await lab.must("server", ["iptables-restore"], { stdin: iptablesGuard(4) });
  await lab.must("server", ["ip6tables-restore"], { stdin: iptablesGuard(6).replace(":INPUT DROP", ":INPUT ACCEPT") });
  await lab.must("server", ["nft", "-f", "-"], { stdin: nftablesGuard() });
  using rig = openRig(lab);
  const dropping = (await rig.watch.survey()).filter(({ drops, owner }) =>
    drops !== "nothing" && owner !== "iptables-legacy"
  );
  assert.deepEqual(
    new Set(dropping.map((chain) => `${formatPathChain(chain)} ${chain.drops}`)),
    new Set([
      ...["inet guard input default", "inet guard forward default", "iptables-nft filter INPUT default"],
      ...["iptables-nft filter FORWARD default", "ip6tables-nft filter FORWARD default"],
    ]),
  );
});

labTest("survey() takes an administrator's table with the name of one of iptables for what it is", async () => {
  const chains = await chainsOf(
    "table ip filter {\nchain input {\ntype filter hook input priority 0; policy drop;\n}\n}\n",
  );
  assert.deepEqual(chains.map(({ owner, drops }) => [owner, drops]), [["nftables", "default"]]);
});

labTest("classify() reads targets that only iptables knows", async () => {
  const [chain] = await chainsOf("", [["iptables", "-A", "INPUT", "-j", "REJECT"]]);
  assert.equal(chain?.drops, "default");
});

const FLOWS: readonly (readonly [rule: string, established: boolean, discovery: boolean])[] = [
  ["ct state established,related accept", true, false],
  ["ct state { established, related } accept", true, false],
  ["ct state vmap { established : accept, related : accept, invalid : drop }", true, false],
  ["ct state invalid drop", false, false],
  ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept", false, true],
  ["meta l4proto ipv6-icmp accept", false, true],
  ["ip6 nexthdr icmpv6 accept", false, true],
  ["icmpv6 type echo-request accept", false, false],
  ["icmpv6 type nd-neighbor-solicit drop", false, false],
];

for (const [rule, established, discovery] of FLOWS) {
  labTest(`classify() knows what "${rule}" lets in, here and in a chain further on`, async () => {
    for (const script of [table(rule), table("jump g", { others: `chain g {\n${rule}\n}` })]) {
      const [chain] = await chainsOf(script);
      assert.equal(chain?.acceptsEstablished, established);
      assert.equal(chain?.acceptsNeighbourDiscovery, discovery);
    }
  });
}

labTest("classify() knows what the guards of iptables let in", async () => {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "flush", "ruleset"]);
  await lab.must("server", ["ip6tables-restore"], { stdin: iptablesGuard(6) });
  using rig = openRig(lab);
  const input = (await rig.watch.survey()).find(({ chain, owner }) => chain === "INPUT" && owner === "iptables-nft");
  assert.equal(input?.drops, "default");
  assert.equal(input?.acceptsEstablished, true);
  assert.equal(input?.acceptsNeighbourDiscovery, true);
});
