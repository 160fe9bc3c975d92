import assert from "node:assert/strict";
import {
  chainFits,
  changesAnew,
  changesFor,
  type FoundTable,
  isOurChain,
  isOurSet,
  nothingIn,
  type OurTable,
  planTables,
  sameTable,
  setFits,
} from "../../../../daemon/firewall/nftables/placement.ts";
import { rulesFor } from "../../../../daemon/firewall/nftables/rules.ts";
import { NAT_TABLE } from "../../../../daemon/firewall/nftables/set_layout.ts";
import type { StructureChange } from "../../../../ffi/nfnetlink/ruleset.ts";

const AT = { family: "ip", table: "f" } as const;

function ours(): OurTable {
  const [one] = planTables([{ ...AT, chain: "in", hook: "input" }], ["input"]);
  assert.ok(one);
  return one;
}

/** All that should be there, and what a test changes of it. */
function found(changed: Partial<FoundTable> = {}): FoundTable {
  return {
    ...AT,
    chains: [{ chain: "fwknop_input", fits: true, rules: rules() }],
    sets: [{ set: "fwknop_input4_to", fits: true }, { set: "fwknop_input4", fits: true }],
    jumps: [{ from: "in", handle: 9n, to: "fwknop_input", first: true }],
    ...changed,
  };
}

function rules() {
  return ours().layouts.flatMap((layout) => rulesFor(layout, "ip")).map((expressions) => ({ expressions }));
}

/** Changes in a line each: verb, and what it is about. */
function told(changes: readonly StructureChange[]): readonly string[] {
  return changes.map((change) => {
    const about = "set" in change ? change.set : "chain" in change ? change.chain : change.table;
    const handle = change.verb === "delete rule" ? ` ${change.handle}` : "";
    return `${change.verb} ${about}${handle}${change.verb === "add rule" ? ` ${change.at}` : ""}`;
  });
}

const ALL_OF_IT = [
  "add set fwknop_input4_to",
  "add set fwknop_input4",
  "add chain fwknop_input",
  "add rule fwknop_input tail",
  "add rule fwknop_input tail",
  "add rule in head",
];

Deno.test("planTables() plans each table of the chains once, and one for NAT", () => {
  const chain = (name: string, table: string, family: "ip" | "inet") => ({
    family,
    table,
    chain: name,
    hook: "input" as const,
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

Deno.test("changesFor() changes nothing where all is as it should be", () => {
  assert.deepEqual(changesFor(found(), ours()), []);
  assert.deepEqual(changesFor(nothingIn(AT), null), []);
});

Deno.test("changesFor() makes sets before the rules that look into them, and the jump last, at the head", () => {
  assert.deepEqual(told(changesFor(nothingIn(AT), ours())), ALL_OF_IT);
});

Deno.test("changesFor() puts back only what is missing", () => {
  assert.deepEqual(told(changesFor(found({ jumps: [] }), ours())), ["add rule in head"]);
  const refill = ["flush chain fwknop_input", "add chain fwknop_input", ...ALL_OF_IT.slice(3, 5)];
  for (const wrong of [[], rules().slice(1), rules().toReversed(), [...rules(), ...rules()]]) {
    const chains = [{ chain: "fwknop_input", fits: true, rules: wrong }];
    assert.deepEqual(told(changesFor(found({ chains }), ours())), refill);
  }
});

Deno.test("changesFor() moves a jump that is not first to the head, and takes away a second one", () => {
  const jump = (handle: bigint, first: boolean) => ({ from: "in", handle, to: "fwknop_input", first });
  assert.deepEqual(told(changesFor(found({ jumps: [jump(8n, false)] }), ours())), [
    "delete rule in 8",
    "add rule in head",
  ]);
  assert.deepEqual(told(changesFor(found({ jumps: [jump(8n, true), jump(9n, false)] }), ours())), [
    "delete rule in 9",
  ]);
});

Deno.test("changesFor() leaves chains that are no longer wanted, and what is there for another slot", () => {
  const jumps = [...found().jumps, { from: "late", handle: 12n, to: "fwknop_input", first: true }];
  assert.deepEqual(told(changesFor(found({ jumps }), ours())), ["delete rule late 12"]);
  const chains = [...found().chains, { chain: "fwknop_forward", fits: true, rules: [] }];
  const sets = [...found().sets, { set: "fwknop_forward4", fits: true }];
  assert.deepEqual(told(changesFor(found({ chains, sets }), ours())), [
    "flush chain fwknop_forward",
    "delete chain fwknop_forward",
    "delete set fwknop_forward4",
  ]);
});

Deno.test("changesFor() makes a set of another form anew, and the rules that look into it", () => {
  const sets = [{ set: "fwknop_input4_to", fits: true }, { set: "fwknop_input4", fits: false }];
  assert.deepEqual(told(changesFor(found({ sets }), ours())), [
    "flush chain fwknop_input",
    "delete set fwknop_input4",
    "add set fwknop_input4",
    "add chain fwknop_input",
    ...ALL_OF_IT.slice(3, 5),
  ]);
});

Deno.test("changesFor() makes a chain anew that stands on a hook of its own, and the jump to it", () => {
  const chains = [{ chain: "fwknop_input", fits: false, rules: rules() }];
  assert.deepEqual(told(changesFor(found({ chains }), ours())), [
    "delete rule in 9",
    "flush chain fwknop_input",
    "delete chain fwknop_input",
    ...ALL_OF_IT.slice(2),
  ]);
});

Deno.test("changesFor() takes all away: jumps, rules, chains and sets in that order; of NAT the table", () => {
  const away = [
    "delete rule in 9",
    "flush chain fwknop_input",
    "delete chain fwknop_input",
    "delete set fwknop_input4_to",
    "delete set fwknop_input4",
  ];
  assert.deepEqual(told(changesFor(found(), null)), away);
  assert.deepEqual(told(changesAnew(found(), ours())), [...away, ...ALL_OF_IT]);
  assert.deepEqual(told(changesFor(nothingIn(NAT_TABLE), null)), ["delete table fwknop_nat"]);
});

Deno.test("changesFor() makes the table of NAT, with chains on their hooks", () => {
  const [nat] = planTables([], ["masquerade"]);
  assert.ok(nat);
  const changes = changesFor(nothingIn(NAT_TABLE), nat);
  assert.equal(changes[0]?.verb, "add table");
  const chain = changes.find(({ verb }) => verb === "add chain");
  assert.deepEqual(chain, {
    ...NAT_TABLE,
    verb: "add chain",
    chain: "fwknop_masquerade",
    base: { type: "nat", hook: 4, priority: 96 },
  });
});

Deno.test("setFits() and chainFits() know what has another form", () => {
  const set = { ...AT, set: "fwknop_input4", handle: 1n, map: false, anonymous: false, interval: false, keyLength: 12 };
  assert.ok(setFits(set));
  for (const other of [{ keyLength: 4 }, { map: true }, { interval: true }, { set: "fwknop_input6" }]) {
    assert.ok(!setFits({ ...set, ...other }));
  }
  const base = { type: "nat", hook: 0, priority: -105, policy: "accept", devices: [] } as const;
  assert.ok(chainFits({ chain: "fwknop_dnat", base }));
  assert.ok(!chainFits({ chain: "fwknop_dnat", base: { ...base, priority: 0 } }));
  assert.ok(!chainFits({ chain: "fwknop_dnat", base: null }));
  assert.ok(chainFits({ chain: "fwknop_input", base: null }));
  assert.ok(!chainFits({ chain: "fwknop_input", base: { ...base, type: "filter", hook: 1 } }));
});

Deno.test("isOurChain(), isOurSet() and sameTable() go by the whole name", () => {
  assert.ok(isOurChain("fwknop_input") && !isOurChain("fwknop_inputs") && !isOurChain("fwknop_"));
  assert.ok(isOurSet("fwknop_input4_to") && !isOurSet("fwknop_input") && !isOurSet("banned"));
  assert.ok(sameTable(AT, { ...AT }) && !sameTable(AT, { ...AT, family: "inet" }));
});
