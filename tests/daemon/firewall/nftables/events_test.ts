import assert from "node:assert/strict";
import { bringsOurs, type Change, concernsUs } from "../../../../daemon/firewall/nftables/events.ts";
import { planTables } from "../../../../daemon/firewall/nftables/placement.ts";
import { NFT_MSG } from "../../../../ffi/nfnetlink/constants.ts";

const AT = { family: "inet", table: "f" } as const;
const [ours] = planTables([{ ...AT, chain: "in", hook: "input" }], ["input"]);
const PLACED = [{ ours: ours!, jumps: [{ from: "in", handle: 9n, to: "fwknop_input", first: true }] }];

function told(message: keyof typeof NFT_MSG, about: Partial<Change> = {}): boolean {
  return concernsUs({ message: NFT_MSG[message], ...AT, chain: "", set: "", handle: null, ...about }, PLACED);
}

Deno.test("concernsUs(): our jump by its handle, and no other rule of that chain", () => {
  assert.ok(told("delRule", { chain: "in", handle: 9n }));
  assert.ok(!told("delRule", { chain: "in", handle: 8n }));
  assert.ok(!told("delRule", { chain: "other", handle: 9n }));
  assert.ok(!told("newRule", { chain: "in", handle: 10n }));
});

Deno.test("concernsUs(): an event that does not say which rule was deleted may be about our jump", () => {
  assert.ok(told("delRule", { chain: "in" }));
});

Deno.test("concernsUs(): every rule of our own chain, and the chains that go", () => {
  assert.ok(told("newRule", { chain: "fwknop_input", handle: 30n }));
  assert.ok(told("delRule", { chain: "fwknop_input", handle: 30n }));
  assert.ok(told("delChain", { chain: "fwknop_input" }));
  assert.ok(told("delChain", { chain: "in" }));
  assert.ok(!told("delChain", { chain: "other" }));
  assert.ok(!told("newChain", { chain: "new" }));
});

Deno.test("concernsUs(): our sets and what they hold, whoever changed it", () => {
  for (const message of ["delSet", "delSetElem", "newSetElem"] as const) {
    assert.ok(told(message, { set: "fwknop_input4" }), message);
    assert.ok(!told(message, { set: "banned" }), message);
  }
  assert.ok(!told("newSet", { set: "banned" }));
});

Deno.test("concernsUs(): only in tables that hold something of ours", () => {
  assert.ok(told("delTable"));
  assert.ok(!told("newTable"));
  for (const elsewhere of [{ table: "g" }, { family: "ip" as const }, { family: null, table: "" }]) {
    assert.ok(!told("delTable", elsewhere));
    assert.ok(!told("delRule", { ...elsewhere, chain: "in", handle: 9n }));
    assert.ok(!told("delSetElem", { ...elsewhere, set: "fwknop_input4" }));
    assert.ok(!told("newGen", elsewhere));
  }
});

Deno.test("bringsOurs(): chains of our names in tables where nothing of ours is known to be", () => {
  const brings = (message: number, about: Partial<Change>) =>
    bringsOurs({ message, ...AT, chain: "fwknop_input", set: "", handle: 3n, ...about }, PLACED);
  assert.ok(brings(NFT_MSG.newChain, { table: "g" }));
  assert.ok(brings(NFT_MSG.newRule, { family: "ip" }));
  assert.ok(!brings(NFT_MSG.newChain, {}));
  assert.ok(!brings(NFT_MSG.newChain, { table: "g", chain: "input" }));
  assert.ok(!brings(NFT_MSG.delChain, { table: "g" }));
});
