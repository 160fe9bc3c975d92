import assert from "node:assert/strict";
import fc from "fast-check";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { address } from "../../../contract/addresses.ts";
import { type Lab, labTest, makeLab } from "../../../lab/mod.ts";
import { openRig } from "./rig.ts";

/** Parts of rules of which everything is known, for a packet from 10.77.0.2 to tcp/22 of 10.77.0.1 by eth0. */
const CONDITIONS = [
  ...[
    "tcp dport 22",
    "tcp dport 23",
    "tcp dport != 22",
    "tcp dport 20-30",
    "tcp dport { 1-21, 30-50 }",
    "udp dport 22",
  ],
  ...[
    "tcp dport { 22, 80 }",
    "tcp dport > 22",
    "tcp dport <= 22",
    "th dport 22",
    "meta l4proto tcp",
    "meta l4proto udp",
  ],
  ...[
    "ip saddr 10.77.0.2",
    "ip saddr 10.77.0.3",
    "ip saddr 10.77.0.0/24",
    "ip saddr != 10.77.0.0/24",
    "ip saddr @near",
  ],
  ...["ip saddr != @near", "ip saddr @far", "ip saddr { 10.0.0.0/8, 192.0.2.1 }", "ip daddr 10.77.0.1"],
  ...[
    "ip daddr != 10.77.0.0/24",
    "ip saddr . tcp dport { 10.77.0.2 . 22, 10.77.0.3 . 1 }",
    "iifname eth0",
    "iifname != eth0",
  ],
  ...[
    "iif lo",
    "iifname . tcp dport { eth0 . 22 }",
    "ct state new",
    "ct state established,related",
    "ct state { new, invalid }",
  ],
  ...[
    "ct state != new",
    "tcp flags & (fin|syn|rst|ack) == syn",
    "meta nfproto ipv4",
    "meta nfproto ipv6",
    "ip6 saddr fd77::2",
  ],
  ...[
    "ip saddr 10.77.0.2-10.77.0.9",
    "ip saddr & 0.0.0.255 == 2",
    "ip saddr 10.77.0.2 ip daddr 10.77.0.1",
    "ip protocol tcp",
  ],
  ...["ip saddr . tcp dport { 10.77.0.0/24 . 20-23, 10.78.0.0/24 . 1-9 }", "ip version 4", "ip frag-off & 0x1fff == 0"],
];
const ENDINGS = [
  ...["accept", "drop", "reject", "return", "counter", "continue", "jump one", "goto one", "jump two", "goto two"],
  ...["tcp dport vmap { 22 : drop, 23 : accept }", "tcp dport vmap { 0-21 : drop, 22-40 : accept }"],
  ...[
    "ip saddr vmap { 10.77.0.0/24 : jump two, 10.78.0.0/24 : drop }",
    "ct state vmap { new : jump two, established : accept }",
  ],
  ...[
    "tcp dport vmap @named",
    "ip saddr . tcp dport vmap { 10.77.0.2 . 22 : drop }",
    "ip saddr vmap { 10.77.0.3 : drop }",
  ],
];
/** Nothing is known of these. */
const HIDDEN = [
  "meta mark 7",
  "meta mark != 7",
  "limit rate 1000/second",
  "tcp sport 1",
  "tcp sport > 1",
  "meta priority 3",
];

/** What is judged is the first packet of a connection; those that follow must not decide what a probe says. */
const FOLLOWING = "ct state established accept\n";

interface Ruleset {
  readonly policy: "accept" | "drop";
  readonly base: readonly string[];
  readonly one: readonly string[];
  readonly two: readonly string[];
  readonly before: readonly string[];
}

/** nft refuses rules for packets that cannot be. */
function makesSense(rule: string): boolean {
  const both = (a: RegExp, b: RegExp) => a.test(rule) && b.test(rule);
  return !both(/\budp\b/, /\btcp\b/) && !both(/\bip6\b|ipv6/, /\bip\b|ipv4/);
}

function ruleset(conditions: readonly string[]): fc.Arbitrary<Ruleset> {
  const leaf = ENDINGS.filter((ending) => !/one|two/.test(ending));
  const rules = (endings: readonly string[], maxLength: number) =>
    fc.array(
      fc.tuple(fc.array(fc.constantFrom(...conditions), { maxLength: 2 }), fc.constantFrom(...endings))
        .map(([asked, ending]) => [...asked, ending].join(" ")).filter(makesSense),
      { maxLength },
    );
  return fc.record({
    policy: fc.constantFrom("accept", "drop"),
    base: rules(ENDINGS, 5),
    one: rules(ENDINGS.filter((ending) => !/one/.test(ending)), 3),
    two: rules(leaf, 3),
    before: rules(leaf, 2),
  });
}

function scriptOf({ policy, base, one, two, before }: Ruleset): string {
  const chain = (name: string, rules: readonly string[], head = "") =>
    `chain ${name} {\n${head}${rules.join("\n")}\n}\n`;
  return `flush ruleset
table inet t {
set near { type ipv4_addr; flags interval; elements = { 10.77.0.0/30 }; }
set far { type ipv4_addr; elements = { 192.0.2.1, 10.77.0.3 }; }
map named { type inet_service : verdict; elements = { 22 : accept, 80 : drop }; }
${chain("two", two)}${chain("one", one)}
${chain("base", base, `type filter hook input priority 0; policy ${policy};\n${FOLLOWING}`)}
${chain("before", before, `type filter hook prerouting priority -150; policy accept;\n${FOLLOWING}`)}}
`;
}

async function compare(lab: Lab, drawn: Ruleset) {
  const script = scriptOf(drawn);
  const { code } = await lab.run("server", ["nft", "-f", "-"], { stdin: script });
  fc.pre(code === 0);
  using rig = openRig(lab);
  await rig.watch.survey();
  const access: Access = {
    slot: "input",
    source: address(lab.address("knocker")),
    destination: address(lab.address("server")),
    service: { proto: "tcp", port: 22 },
  };
  const shut = rig.watch.judge(access);
  const probe = await lab.probe("knocker", lab.address("server"), 22, { timeoutMs: 60 });
  return { script, shut, open: probe === "open" };
}

labTest("judge() says of random rulesets of which all is known exactly what packets say", async () => {
  await using lab = await makeLab({ guard: "none", extra: [] });
  lab.listen("server", 22);
  const counts = { open: 0, shut: 0 };
  await fc.assert(
    fc.asyncProperty(ruleset(CONDITIONS), async (drawn) => {
      const { script, shut, open } = await compare(lab, drawn);
      counts[open ? "open" : "shut"]++;
      assert.equal(shut.length === 0, open, `${script}\n${JSON.stringify(shut)}`);
    }),
    { numRuns: 150 },
  );
  assert.ok(counts.open > 20 && counts.shut > 20, JSON.stringify(counts));
});

labTest("judge() says of random rulesets of which not all is known nothing that packets contradict", async () => {
  await using lab = await makeLab({ guard: "none", extra: [] });
  lab.listen("server", 22);
  let certain = 0;
  await fc.assert(
    fc.asyncProperty(ruleset([...HIDDEN, ...HIDDEN, ...CONDITIONS]), async (drawn) => {
      const { script, shut, open } = await compare(lab, drawn);
      if (shut.length === 0) return;
      certain++;
      assert.equal(open, false, `${script}\n${JSON.stringify(shut)}`);
    }),
    { numRuns: 100 },
  );
  assert.ok(certain > 10, String(certain));
});
