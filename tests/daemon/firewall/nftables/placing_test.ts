import assert from "node:assert/strict";
import { nothingIn, planTables } from "../../../../daemon/firewall/nftables/placement.ts";
import { jumpOf, placeTable, takeAway } from "../../../../daemon/firewall/nftables/placing.ts";
import { jumpTo } from "../../../../daemon/firewall/nftables/rules.ts";
import { E } from "../../../../ffi/abi.ts";
import { done, fakeNetlink, refusedAt } from "./fake_netlink.ts";

const AT = { family: "ip", table: "f" } as const;
const [OURS] = planTables([{ ...AT, chain: "in", hook: "input" }, { ...AT, chain: "late", hook: "input" }], ["input"]);
const JUMP = { from: "in", handle: 9n, to: "fwknop_input", first: true };

Deno.test("placeTable() writes a table in one transaction, and knows its jumps by their handles", () => {
  const { netlink, transactions } = fakeNetlink();
  const placing = placeTable(netlink, nothingIn(AT), OURS!);
  assert.equal(transactions.length, 1);
  assert.ok(placing.ok && placing.changed);
  const [last] = transactions;
  assert.deepEqual(placing.placed.jumps, [
    { from: "in", handle: BigInt(98 + last!.length), to: "fwknop_input", first: true },
    { from: "late", handle: BigInt(99 + last!.length), to: "fwknop_input", first: true },
  ]);
  assert.deepEqual(placing.added, placing.placed.jumps);
});

Deno.test("placeTable() keeps a jump that stands, and forgets one that it takes away", () => {
  const { netlink } = fakeNetlink();
  const stray = { from: "other", handle: 12n, to: "fwknop_input", first: true };
  const placing = placeTable(netlink, { ...nothingIn(AT), jumps: [JUMP, stray] }, OURS!);
  assert.ok(placing.ok);
  assert.deepEqual(placing.placed.jumps.map(({ from }) => from), ["in", "late"]);
  assert.equal(placing.placed.jumps[0], JUMP);
  assert.deepEqual(placing.added.map(({ from }) => from), ["late"]);
});

Deno.test("placeTable() makes everything anew where something has a form that cannot be changed", () => {
  const fake = fakeNetlink();
  fake.ruleset.answer = (changes) => fake.transactions.length === 1 ? refusedAt(0, E.EXIST) : done(changes);
  const sets = [{ set: "fwknop_input4", fits: true }];
  const placing = placeTable(fake.netlink, { ...nothingIn(AT), sets, jumps: [JUMP] }, OURS!);
  assert.ok(placing.ok);
  assert.deepEqual(fake.transactions[1]?.slice(0, 2).map(({ verb }) => verb), ["delete rule", "delete set"]);
  assert.ok(!placing.placed.jumps.includes(JUMP));
});

Deno.test("placeTable() says at which change it was refused, and tries nothing else where that cannot help", () => {
  for (const code of [E.NOENT, E.PERM]) {
    const fake = fakeNetlink();
    fake.ruleset.answer = () => refusedAt(2, code);
    const placing = placeTable(fake.netlink, nothingIn(AT), OURS!);
    assert.ok(!placing.ok);
    assert.equal(placing.refused.refusal?.code, code);
    assert.equal(placing.refused.change?.verb, "add chain");
    assert.equal(fake.transactions.length, 1);
  }
  const fake = fakeNetlink();
  fake.ruleset.answer = () => refusedAt(0, E.INVAL);
  assert.ok(!placeTable(fake.netlink, nothingIn(AT), OURS!).ok);
  assert.equal(fake.transactions.length, 2);
});

Deno.test("takeAway() asks for nothing where there is nothing, and says what was refused", () => {
  const fake = fakeNetlink();
  assert.equal(takeAway(fake.netlink, nothingIn(AT)), null);
  assert.equal(fake.transactions.length, 0);
  fake.ruleset.answer = () => refusedAt(0, E.NOENT);
  const refused = takeAway(fake.netlink, { ...nothingIn(AT), jumps: [JUMP] });
  assert.equal(refused?.refusal?.code, E.NOENT);
  assert.equal(refused?.change?.verb, "delete rule");
});

Deno.test("jumpOf() tells a jump to a chain of ours from other changes", () => {
  const rule = { ...AT, verb: "add rule", chain: "in", at: "head", expressions: jumpTo("input") } as const;
  assert.equal(jumpOf(rule), "fwknop_input");
  assert.equal(jumpOf({ ...rule, expressions: [{ kind: "verdict", verdict: { kind: "accept" } }] }), null);
  assert.equal(jumpOf({ ...AT, verb: "add table" }), null);
  assert.equal(jumpOf(undefined), null);
});
