import assert from "node:assert/strict";
import { parseRuleset } from "../../../../daemon/firewall/nftables/ruleset.ts";
import { baseChains, formatChain, surveyRuleset } from "../../../../daemon/firewall/nftables/hook_survey.ts";
import { within } from "../../../contract/namespace.ts";
import { openNft } from "../../../../ffi/nftables/nft.ts";
import { iptablesGuard, type Lab, labTest, makeLab, nftablesGuard } from "../../../lab/mod.ts";

let shared: Promise<Lab> | undefined;

/** The ruleset as nft itself lists it: what is tested is the reading of real listings. */
async function listing(script: string, commands: readonly (readonly string[])[] = []) {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${script}` });
  for (const command of commands) await lab.must("server", command);
  const { output } = within(lab.host("server").namespace, () => {
    using nft = openNft();
    return nft.run("list ruleset", { json: true, terse: true });
  });
  return parseRuleset(output);
}

/** A table with a base chain that holds the rules, and other chains before it. */
function table(rules: string, { policy = "accept", others = "", type = "filter hook input priority 0" } = {}): string {
  const lines = rules === "" ? "" : `${rules}\n`;
  return `table inet t {\n${others}\nchain base {\ntype ${type}; policy ${policy};\n${lines}}\n}\n`;
}

const CASES: readonly (readonly [what: string, script: string, drops: "nothing" | "some" | "default"])[] = [
  ["an empty chain", table(""), "nothing"],
  ["a policy of drop", table("", { policy: "drop" }), "default"],
  ["a rule that drops some", table("tcp dport 25 drop"), "some"],
  ["a rule that rejects some", table("tcp dport 25 reject"), "some"],
  ["a rule that rejects the rest", table("tcp dport 22 accept\nreject with icmpx type admin-prohibited"), "default"],
  ["a rule that drops the rest and counts it", table('tcp dport 22 accept\nlog prefix "no " counter drop'), "default"],
  ["a drop behind an accept of everything", table("accept\ndrop"), "nothing"],
  ["a policy of drop behind an accept of everything", table("counter accept", { policy: "drop" }), "nothing"],
  ["a jump to a chain that drops the rest", table("jump deny", { others: "chain deny {\ndrop\n}" }), "default"],
  ["a jump on a condition", table("tcp dport 25 jump deny", { others: "chain deny {\ndrop\n}" }), "some"],
  ["a goto to a chain that drops some", table("goto g", { others: "chain g {\ntcp dport 1 drop\n}" }), "some"],
  ["a jump to a chain that returns first", table("jump g", { others: "chain g {\nreturn\n}" }), "nothing"],
  ["a verdict map in the rule", table("ct state vmap { invalid : drop, established : accept }"), "some"],
  ["a verdict map that leads to a chain", table("iif vmap { lo : jump g }", { others: "chain g {\ndrop\n}" }), "some"],
  ["a verdict map that only accepts", table("ct state vmap { established : accept }"), "nothing"],
  [
    "a verdict map with a name, whatever is in it",
    table("tcp dport vmap @m", { others: "map m {\ntype inet_service : verdict\n}" }),
    "some",
  ],
];

for (const [what, script, drops] of CASES) {
  labTest(`baseChains() sees in ${what}: drops ${drops}`, async () => {
    const [chain, ...more] = baseChains(await listing(script), "input");
    assert.deepEqual(more, []);
    assert.equal(chain?.drops, drops);
  });
}

labTest("baseChains() leaves out other hooks, other families and NAT", async () => {
  const ruleset = await listing(`${table("drop", { type: "filter hook forward priority 0" })}
table bridge b {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}
table ip n {\nchain c {\ntype nat hook input priority 100;\n}\n}
`);
  assert.deepEqual(baseChains(ruleset, "input"), []);
  assert.deepEqual(baseChains(ruleset, "forward").map(formatChain), ["inet t base"]);
});

labTest("surveyRuleset() tells native chains from those of iptables", async () => {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "flush", "ruleset"]);
  await lab.must("server", ["iptables-restore"], { stdin: iptablesGuard(4) });
  await lab.must("server", ["ip6tables-restore"], { stdin: iptablesGuard(6).replace(":INPUT DROP", ":INPUT ACCEPT") });
  await lab.must("server", ["nft", "-f", "-"], { stdin: nftablesGuard() });
  const { output } = within(lab.host("server").namespace, () => {
    using nft = openNft();
    return nft.run("list ruleset", { json: true, terse: true });
  });
  const { droppingChains, iptablesManaged } = surveyRuleset(parseRuleset(output), ["input", "forward"]);
  assert.deepEqual(droppingChains.map(formatChain), ["inet guard input", "inet guard forward"]);
  assert.deepEqual(iptablesManaged.map(formatChain), ["ip filter INPUT", "ip filter FORWARD", "ip6 filter FORWARD"]);
});

labTest("surveyRuleset() takes an administrator's table with the name of one of iptables for what it is", async () => {
  const ruleset = await listing(
    "table ip filter {\nchain input {\ntype filter hook input priority 0; policy drop;\n}\n}\n",
  );
  const { droppingChains, iptablesManaged } = surveyRuleset(ruleset, ["input"]);
  assert.deepEqual(droppingChains.map(formatChain), ["ip filter input"]);
  assert.deepEqual(iptablesManaged, []);
});

labTest("surveyRuleset() reads targets that only iptables knows", async () => {
  const ruleset = await listing("", [["iptables", "-A", "INPUT", "-j", "REJECT"]]);
  assert.equal(surveyRuleset(ruleset, ["input"]).iptablesManaged[0]?.drops, "default");
});

const FLOWS: readonly (readonly [rule: string, established: boolean, discovery: boolean])[] = [
  ["ct state established,related accept", true, false],
  ["ct state vmap { established : accept, related : accept, invalid : drop }", true, false],
  ["ct state invalid drop", false, false],
  ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept", false, true],
  ["meta l4proto ipv6-icmp accept", false, true],
  ["ip6 nexthdr icmpv6 accept", false, true],
  ["icmpv6 type echo-request accept", false, false],
  ["icmpv6 type nd-neighbor-solicit drop", false, false],
];

for (const [rule, established, discovery] of FLOWS) {
  labTest(`baseChains() knows what "${rule}" lets in, here and in a chain further on`, async () => {
    for (const script of [table(rule), table("jump g", { others: `chain g {\n${rule}\n}` })]) {
      const [chain] = baseChains(await listing(script), "input");
      assert.equal(chain?.acceptsEstablished, established);
      assert.equal(chain?.acceptsNeighbourDiscovery, discovery);
    }
  });
}
