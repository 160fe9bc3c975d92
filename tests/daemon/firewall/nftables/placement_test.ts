import assert from "node:assert/strict";
import { concernsUs } from "../../../../daemon/firewall/nftables/events.ts";
import { parseRuleset, plainJump, setReferences } from "../../../../daemon/firewall/nftables/ruleset.ts";
import { NAT_TABLE } from "../../../../daemon/firewall/nftables/set_layout.ts";
import { buildScript, isIntact, planTables, teardownScript } from "../../../../daemon/firewall/nftables/placement.ts";
import { longest, sameData, stepsToOpen } from "../../../../daemon/firewall/nftables/timed_elements.ts";
import { elementOf } from "../../../../daemon/firewall/nftables/elements.ts";
import { baseChains } from "../../../../daemon/firewall/nftables/hook_survey.ts";
import { NFT_MSG } from "../../../../ffi/nfnetlink/constants.ts";
import { address } from "../../../contract/addresses.ts";

const CHAIN = {
  family: "ip",
  table: "f",
  name: "in",
  handle: 1,
  type: "filter",
  hook: "input",
  prio: 0,
  policy: "drop",
};

function ruleset(...entries: readonly unknown[]) {
  return parseRuleset(JSON.stringify({
    nftables: [{ metainfo: {} }, { table: { family: "ip", name: "f" } }, { chain: CHAIN }, ...entries],
  }));
}

function rule(chain: string, handle: number, ...expr: readonly unknown[]) {
  return { rule: { family: "ip", table: "f", chain, handle, expr } };
}

function lookup(name: string) {
  return { match: { op: "==", left: { concat: [] }, right: `@${name}` } };
}

const ACCEPT = { accept: null };
const JUMP = { jump: { target: "fwknop_input" } };
const OURS = [
  { chain: { family: "ip", table: "f", name: "fwknop_input", handle: 2 } },
  { set: { family: "ip", table: "f", name: "fwknop_input4" } },
  { set: { family: "ip", table: "f", name: "fwknop_input4_to" } },
  rule("fwknop_input", 3, lookup("fwknop_input4_to"), ACCEPT),
  rule("fwknop_input", 4, lookup("fwknop_input4"), ACCEPT),
];

function ours() {
  const [one] = planTables(baseChains(ruleset(), "input"), ["input"]);
  assert.ok(one);
  return one;
}

Deno.test("parseRuleset() passes over what it does not know, and takes an empty listing", () => {
  assert.deepEqual(parseRuleset("").chains, []);
  assert.deepEqual(parseRuleset(`{"nftables": [{"new thing": {}}, null, 3, {"chain": 1}]}`).tables, []);
  assert.deepEqual(parseRuleset("{}").tables, []);
});

Deno.test("plainJump() and setReferences() read one rule", () => {
  const rules =
    ruleset(rule("in", 1, JUMP), rule("in", 2, { counter: {} }, JUMP), rule("in", 3, lookup("a"), ACCEPT)).rules
      .get("ip f in") ?? [];
  assert.deepEqual(rules.map(plainJump), ["fwknop_input", null, null]);
  assert.deepEqual(rules.map(setReferences), [[], [], ["a"]]);
});

Deno.test("planTables() plans each table of the chains once, and one for NAT", () => {
  const chain = (name: string, table: string, family: "ip" | "inet") => ({
    ...{ family, table, chain: name, hook: "input" as const, priority: 0, drops: "default" as const },
    ...{ iptables: false, acceptsEstablished: true, acceptsNeighbourDiscovery: true },
  });
  const tables = planTables([chain("a", "t", "ip"), chain("b", "t", "ip"), chain("c", "t", "inet")], [
    "input",
    "dnat",
  ]);
  assert.deepEqual(tables.map(({ family, table, jumps }) => [family, table, jumps.map(({ from }) => from)]), [
    ["ip", "t", ["a", "b"]],
    ["inet", "t", ["c"]],
    [NAT_TABLE.family, NAT_TABLE.table, []],
  ]);
  assert.deepEqual(tables[0]?.layouts.map(({ name }) => name), ["fwknop_input4_to", "fwknop_input4"]);
});

Deno.test("isIntact() wants every rule of ours in order, and the jump", () => {
  assert.ok(isIntact(ruleset(...OURS, rule("in", 9, JUMP)), ours()));
  assert.ok(isIntact(ruleset(rule("in", 8, ACCEPT), rule("in", 9, JUMP), ...OURS), ours()));
  assert.ok(!isIntact(ruleset(...OURS), ours()));
  assert.ok(!isIntact(ruleset(...OURS, rule("in", 9, { goto: { target: "fwknop_input" } })), ours()));
  assert.ok(!isIntact(ruleset(...OURS.slice(0, 4), rule("in", 9, JUMP)), ours()));
  const reordered = [...OURS.slice(0, 3), ...OURS.slice(3).reverse()];
  assert.ok(!isIntact(ruleset(...reordered, rule("in", 9, JUMP)), ours()));
  assert.ok(!isIntact(ruleset(rule("in", 9, JUMP)), ours()));
});

Deno.test("buildScript() moves a jump that is there to the top", () => {
  const script = buildScript(ruleset(...OURS, rule("in", 8, ACCEPT), rule("in", 9, JUMP)), ours());
  assert.deepEqual(script.split("\n"), [
    "add set ip f fwknop_input4_to { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags timeout; }",
    "add set ip f fwknop_input4 { type ipv4_addr . inet_proto . inet_service; flags timeout; }",
    "add chain ip f fwknop_input",
    "flush chain ip f fwknop_input",
    "add rule ip f fwknop_input ip saddr . ip daddr . meta l4proto . th dport @fwknop_input4_to accept",
    "add rule ip f fwknop_input ip saddr . meta l4proto . th dport @fwknop_input4 accept",
    "delete rule ip f in handle 9",
    "insert rule ip f in jump fwknop_input",
    "",
  ]);
});

Deno.test("teardownScript() takes rules before sets, and nothing where nothing is", () => {
  assert.equal(teardownScript(ruleset(rule("in", 8, ACCEPT))), "");
  assert.deepEqual(teardownScript(ruleset(...OURS, rule("in", 9, JUMP))).split("\n"), [
    "delete rule ip f in handle 9",
    "flush chain ip f fwknop_input",
    "delete chain ip f fwknop_input",
    "delete set ip f fwknop_input4",
    "delete set ip f fwknop_input4_to",
    "",
  ]);
  assert.equal(teardownScript(ruleset(...OURS, rule("in", 9, JUMP)), [ours()]), "");
});

Deno.test("concernsUs() is about structure, and about our own elements", () => {
  const told = (message: number, set = "") => concernsUs({ message, set });
  assert.ok(told(NFT_MSG.delRule) && told(NFT_MSG.newChain) && told(NFT_MSG.delTable));
  assert.ok(told(NFT_MSG.delSetElem, "fwknop_input4"));
  assert.ok(!told(NFT_MSG.delSetElem, "banned"));
  assert.ok(!told(NFT_MSG.newSetElem, "fwknop_input4"));
  assert.ok(!told(NFT_MSG.newGen) && !told(NFT_MSG.newSet, "banned"));
});

Deno.test("longest() keeps the longest of equal doors and the last of those in conflict", () => {
  const dnat = (to: string, expiresAt: number) => {
    const source = address("10.0.0.1");
    const service = { proto: "tcp", port: 80 } as const;
    const element = elementOf({ slot: "dnat", source, destination: null, service, to: address(to), toPort: null });
    assert.ok(element);
    return { element, expiresAt };
  };
  const chosen = longest([dnat("10.0.0.2", 10), dnat("10.0.0.2", 30), dnat("10.0.0.2", 20)]);
  assert.deepEqual([...chosen.values()].map(({ expiresAt }) => expiresAt), [30]);
  const last = longest([dnat("10.0.0.2", 30), dnat("10.0.0.3", 10)]);
  assert.deepEqual([...last.values()].map(({ expiresAt }) => expiresAt), [10]);
  assert.ok(sameData(dnat("10.0.0.2", 1).element, dnat("10.0.0.2", 2).element));
  assert.ok(!sameData(dnat("10.0.0.2", 1).element, dnat("10.0.0.3", 1).element));
});

Deno.test("stepsToOpen() renews with what was there, in every table", () => {
  const source = address("10.0.0.1");
  const element = elementOf({ slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } });
  assert.ok(element);
  const sets = (["ip", "inet"] as const).map((family) => ({ family, table: "t", layout: element.layout }));
  const steps = (before: typeof element | null) =>
    stepsToOpen({ element, expiresAt: 1030 }, sets, { before, now: 999.75 })
      .map(({ verb, timeoutMs, set }) => [verb, timeoutMs, set.family]);
  assert.deepEqual(steps(null), [["add", 30_250, "ip"], ["add", 30_250, "inet"]]);
  assert.deepEqual(steps(element).slice(0, 3), [["add", null, "ip"], ["delete", null, "ip"], ["add", 30_250, "ip"]]);
  assert.equal(steps(element).length, 6);
});
