import assert from "node:assert/strict";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { formatPathChain } from "../../../../daemon/firewall/path/model.ts";
import { address } from "../../../contract/addresses.ts";
import { type Lab, labTest, makeLab } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";

let shared: Promise<Lab> | undefined;

/** A view of that ruleset. */
async function watching(script: string, options: { readonly interface?: string | null } = {}) {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${script}` });
  const rig = openRig(lab, options);
  await rig.watch.survey();
  return rig;
}

const knocker = address("10.77.0.2");
const input: Access = { slot: "input", source: knocker, destination: null, service: { proto: "tcp", port: 22 } };

const base = (rules: string, { policy = "accept", hook = "input", priority = "0", others = "" } = {}) =>
  `table inet t {\n${others}\nchain base {\ntype filter hook ${hook} priority ${priority}; policy ${policy};\n${rules}\n}\n}\n`;

const REMEDIES: readonly (readonly [what: string, script: string, remedy: RegExp])[] = [
  [
    "a policy",
    base("", { policy: "drop" }),
    /^name "inet t base" in NFT_INPUT_CHAINS beside the chains that have our jump, or let base accept it \(nft insert rule inet t base tcp dport 22 accept\)$/,
  ],
  [
    "a blocklist",
    base("ip saddr @bad drop", { others: "set bad { type ipv4_addr; elements = { 10.77.0.2 }; }" }),
    /^take 10\.77\.0\.2 out of the set bad of inet t$/,
  ],
  [
    "a map of a blocklist",
    base("ip saddr vmap @bad", { others: "map bad { type ipv4_addr : verdict; elements = { 10.77.0.2 : drop }; }" }),
    /^take 10\.77\.0\.2 out of the set bad of inet t$/,
  ],
  ["a ban", base("ip saddr 10.77.0.2 drop"), /^take that rule away \(nft delete rule inet t base handle [0-9]+\)$/],
  [
    "a drop above our jump",
    base("tcp dport 22 drop\njump fwknop_input", { others: "chain fwknop_input { }" }),
    /^put that rule below the jump to our chain, or take it away \(nft delete rule inet t base handle [0-9]+\)$/,
  ],
  [
    "another hook",
    base("tcp dport 22 drop", { hook: "prerouting", priority: "-150" }),
    /^let base accept it \(nft insert rule inet t base tcp dport 22 accept\)$/,
  ],
];

for (const [what, script, remedy] of REMEDIES) {
  labTest(`judge() knows a remedy for ${what}`, async () => {
    using rig = await watching(script);
    const [found, ...more] = rig.watch.judge(input);
    assert.deepEqual(more, []);
    assert.match(found?.remedy ?? "", remedy);
  });
}

labTest("judge() names the remedy that is in the place of whoever made the chain", async () => {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  using rig = await watching("");
  await lab.must("server", ["iptables", "-A", "INPUT", "-s", "10.77.0.2", "-j", "DROP"]);
  await rig.watch.survey();
  assert.match(
    rig.watch.judge(input)[0]?.remedy ?? "",
    /^take that rule away \(iptables-nft -t filter -S INPUT shows it\)$/,
  );
  await lab.must("server", ["iptables", "-F", "INPUT"]);
  await lab.must("server", ["iptables", "-P", "INPUT", "DROP"]);
  rig.catchUp();
  assert.match(
    rig.watch.judge(input)[0]?.remedy ?? "",
    /^set FIREWALL to iptables, or let it in there \(iptables-nft -t filter -I INPUT -p tcp --dport 22 -j ACCEPT\)$/,
  );
});

labTest(
  "judge() of a forwarded grant looks at what it meets on its way through, before and after our translation",
  async () => {
    const forward: Access = {
      slot: "forward",
      source: knocker,
      target: address("10.78.0.2"),
      service: { proto: "tcp", port: 80 },
    };
    const dnat: Access = {
      ...{ slot: "dnat", source: knocker, destination: null, service: { proto: "tcp", port: 8080 } },
      ...{ to: address("10.78.0.2"), toPort: 80 },
    };
    const told = async (script: string) => {
      using rig = await watching(script);
      return [forward, dnat, input].map((access) => rig.watch.judge(access).length);
    };
    assert.deepEqual(await told(base("", { hook: "forward", policy: "drop" })), [1, 0, 0]);
    assert.deepEqual(await told(base("tcp dport 80 drop", { hook: "forward" })), [1, 0, 0]);
    assert.deepEqual(await told(base("tcp dport 8080 drop", { hook: "forward" })), [0, 0, 0]);
    assert.deepEqual(await told(base("ip daddr 10.78.0.2 drop", { hook: "postrouting" })), [1, 0, 0]);
    // Before the translation only the grant that translates knows the port.
    assert.deepEqual(await told(base("tcp dport 8080 drop", { hook: "prerouting", priority: "-150" })), [0, 1, 0]);
    assert.deepEqual(await told(base("tcp dport 80 drop", { hook: "prerouting", priority: "-150" })), [0, 0, 0]);
    assert.deepEqual(await told(base("ip saddr 10.77.0.2 drop", { hook: "prerouting", priority: "-150" })), [1, 1, 1]);
  },
);

labTest("judge() of answers looks at what leaves", async () => {
  using rig = await watching(base("ct state established tcp sport 22 ip daddr 10.77.0.2 drop", { hook: "output" }));
  assert.equal(rig.watch.judge({ ...input, slot: "output" }).length, 1);
  assert.equal(rig.watch.judge({ ...input, slot: "output", service: { proto: "tcp", port: 23 } }).length, 0);
  const none: readonly Access[] = [
    { slot: "snat", match: { source: knocker }, to: address("10.77.0.1") },
    { slot: "masquerade", match: { source: knocker }, toPort: null },
    { slot: "foreign", family: 4, table: "filter", chain: "INPUT", rule: "" },
  ];
  for (const access of none) assert.deepEqual(rig.watch.judge(access), []);
});

labTest("walk() tells all chains on the way, in order, and what each does", async () => {
  using rig = await watching(
    `${base("ip saddr 192.0.2.0/24 drop\njump fwknop_input", { policy: "drop", others: "chain fwknop_input { }" })}
table ip first {\nchain c {\ntype filter hook prerouting priority -300;\nudp dport 62201 drop\n}\n}
table ip6 other {\nchain c {\ntype filter hook input priority 5; policy drop;\n}\n}
table ip last {\nchain c {\ntype filter hook input priority 5; policy drop;\n}\n}
table ip picks {\nchain c {\ntype filter hook input priority 7;\nip saddr 192.0.2.1 drop\n}\n}
table ip through {\nchain c {\ntype filter hook forward priority 0; policy drop;\n}\n}`,
  );
  const tell = (...asked: Parameters<typeof rig.watch.walk>) =>
    rig.watch.walk(...asked).map(({ chain, does }) => `${formatPathChain(chain)} ${does}`);
  const tcp = { proto: "tcp", port: 22 } as const;
  assert.deepEqual(tell({ family: 4, service: tcp }), [
    ...["ip first c passes", "inet t base opens", "ip last c shuts", "ip picks c picks"],
  ]);
  assert.deepEqual(tell({ family: 4, service: tcp }, ({ table }) => table === "last"), [
    ...["ip first c passes", "inet t base opens", "ip last c opens", "ip picks c picks"],
  ]);
  assert.deepEqual(tell({ family: 4, service: { proto: "udp", port: 62201 }, granted: false }), [
    ...["ip first c shuts", "inet t base shuts", "ip last c shuts", "ip picks c picks"],
  ]);
  assert.deepEqual(tell({ family: 4, service: tcp, source: address("192.0.2.1") }).slice(-1), ["ip picks c shuts"]);
  assert.deepEqual(tell({ family: 4, service: tcp, forwarded: true }), ["ip first c passes", "ip through c shuts"]);
  assert.deepEqual(tell({ family: 6, service: tcp }), ["inet t base opens", "ip6 other c shuts"]);
});

labTest("what depends on the interface is certain only where that is known", async () => {
  const script = base("iifname eth0 accept", { policy: "drop" }) +
    "table netdev n {\nchain i {\ntype filter hook ingress device eth0 priority 0;\ntcp dport 22 drop\n}\n}";
  {
    using rig = await watching(script, { interface: null });
    assert.deepEqual(rig.watch.judge(input), []);
    assert.deepEqual(rig.watch.walk({ family: 4, service: input.service }).map(({ does }) => does), ["picks", "picks"]);
  }
  using rig = await watching(script, { interface: "wg0" });
  assert.deepEqual(rig.watch.judge(input).map(({ chain }) => chain), ["inet t base"]);
  // A packet of this host to itself comes by lo.
  const local = rig.watch.judge({ ...input, source: address("127.0.0.1") });
  assert.deepEqual(local.map(({ chain }) => chain), ["inet t base"]);
});

labTest("a rule that may leave connections unfollowed makes their state unknown", async () => {
  const raw = "table inet r {\nchain p {\ntype filter hook prerouting priority -300;\ntcp dport 22 notrack\n}\n}\n";
  const guard = base("ct state new accept", { policy: "drop" });
  using rig = await watching(raw + guard);
  assert.deepEqual(rig.watch.judge(input), []);
  assert.equal(rig.watch.walk({ family: 4, service: input.service })[1]?.does, "picks");
  assert.equal(rig.watch.walk({ family: 4, service: { proto: "tcp", port: 23 } })[1]?.does, "passes");
});
