import assert from "node:assert/strict";
import { planTables } from "../../../../daemon/firewall/nftables/placement.ts";
import {
  lookAtTable,
  ourSets,
  searchTable,
  setsIn,
  tablesWithOurChains,
  tablesWithOurs,
} from "../../../../daemon/firewall/nftables/reading.ts";
import { jumpTo, rulesFor, type RuleSteps } from "../../../../daemon/firewall/nftables/rules.ts";
import { fakeNetlink } from "./fake_netlink.ts";

const AT = { family: "ip", table: "f" } as const;
const BASE = { type: "filter", hook: 1, priority: 0, policy: "drop", devices: [] } as const;
const [OURS] = planTables([{ ...AT, chain: "in", hook: "input" }], ["input"]);
const JUMP = { from: "in", handle: 9n, to: "fwknop_input", first: true };
const COUNTER = [{ kind: "other", name: "counter", to: null }] as const;

function rule(chain: string, handle: number, expressions: RuleSteps | typeof COUNTER) {
  return { ...AT, chain, handle: BigInt(handle), expressions };
}

function set(name: string, keyLength: number) {
  return { ...AT, set: name, handle: 1n, map: false, anonymous: false, interval: false, keyLength };
}

/** A table of somebody with all of ours in it. */
function placed() {
  const fake = fakeNetlink();
  fake.ruleset.chains = [{ ...AT, chain: "in", handle: 1n, base: BASE }, {
    ...AT,
    chain: "fwknop_input",
    handle: 2n,
    base: null,
  }];
  const [to = [], plain = []] = OURS!.layouts.flatMap((layout) => rulesFor(layout, "ip"));
  fake.ruleset.rules = [
    rule("in", 9, jumpTo("input")),
    rule("in", 4, COUNTER),
    rule("fwknop_input", 5, to),
    rule("fwknop_input", 6, plain),
  ];
  fake.ruleset.sets = [set("fwknop_input4_to", 16), set("fwknop_input4", 12), set("banned", 4)];
  return fake;
}

Deno.test("lookAtTable() finds all of it without asking for sets or for rules of others", () => {
  const { netlink, asked } = placed();
  const found = lookAtTable(netlink, { ours: OURS!, jumps: [JUMP] });
  assert.deepEqual(found.jumps, [JUMP]);
  assert.deepEqual(found.sets.map((one) => one.set), ["fwknop_input4_to", "fwknop_input4"]);
  assert.deepEqual(asked, ["rules", "rule"]);
});

Deno.test("lookAtTable() looks at the sets where the rules are not what they should be", () => {
  const fake = placed();
  fake.ruleset.rules = fake.ruleset.rules.slice(0, 3);
  fake.ruleset.sets = [set("fwknop_input4_to", 16), set("fwknop_input4", 4)];
  assert.deepEqual(lookAtTable(fake.netlink, { ours: OURS!, jumps: [JUMP] }).sets, [
    { set: "fwknop_input4_to", fits: true },
    { set: "fwknop_input4", fits: false },
  ]);
});

Deno.test("lookAtTable() does not take another rule with the same handle for our jump", () => {
  const fake = placed();
  fake.ruleset.rules = [rule("in", 9, COUNTER), ...fake.ruleset.rules.slice(2)];
  assert.deepEqual(lookAtTable(fake.netlink, { ours: OURS!, jumps: [JUMP] }).jumps, []);
  fake.ruleset.rules = [rule("in", 9, jumpTo("output"))];
  assert.deepEqual(lookAtTable(fake.netlink, { ours: OURS!, jumps: [JUMP] }).jumps, []);
});

Deno.test("searchTable() finds jumps that nobody knows, in every chain, and which of them is the first rule", async () => {
  const fake = placed();
  fake.ruleset.rules = [rule("in", 3, COUNTER), ...fake.ruleset.rules];
  const { chains, sets, jumps } = await searchTable(fake.netlink, AT);
  assert.deepEqual(jumps, [{ ...JUMP, first: false }]);
  assert.deepEqual(chains.map(({ chain, fits, rules }) => [chain, fits, rules.length]), [["fwknop_input", true, 2]]);
  assert.deepEqual(sets.map((one) => one.set), ["fwknop_input4_to", "fwknop_input4"]);
});

Deno.test("searchTable() reads no rules where no chain of ours is, because nothing can jump to it", async () => {
  const fake = placed();
  fake.ruleset.chains = fake.ruleset.chains.slice(0, 1);
  assert.deepEqual((await searchTable(fake.netlink, AT)).jumps, []);
  assert.ok(!fake.asked.includes("readRules"));
});

Deno.test("tablesWithOurs() has each table once, also those with nothing but a set of ours", () => {
  const fake = placed();
  fake.ruleset.sets = [...fake.ruleset.sets, { ...set("fwknop_input4", 12), table: "g" }];
  assert.deepEqual(tablesWithOurs(fake.netlink), [AT, { ...AT, table: "g" }]);
  assert.deepEqual(tablesWithOurChains(fake.netlink), [AT]);
});

Deno.test("ourSets() and setsIn() leave out what is not ours, and what cannot hold what it should", async () => {
  const fake = placed();
  assert.deepEqual(ourSets(fake.netlink).map(({ layout }) => layout.name), ["fwknop_input4_to", "fwknop_input4"]);
  fake.ruleset.sets = [set("fwknop_input4_to", 16), set("fwknop_input4", 4)];
  const found = await searchTable(fake.netlink, AT);
  assert.deepEqual(setsIn([found]).map(({ table, layout }) => [table, layout.name]), [["f", "fwknop_input4_to"]]);
});
