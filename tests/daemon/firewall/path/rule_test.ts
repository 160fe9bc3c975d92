import assert from "node:assert/strict";
import { DESTINATION_PORT, fieldOperand, portString } from "../../../../daemon/firewall/path/operand.ts";
import { ordinaryPacket, partialPacket } from "../../../../daemon/firewall/path/packet.ts";
import { type Condition, matches, OPAQUE } from "../../../../daemon/firewall/path/rule.ts";

const known = partialPacket({ family: 4, protocol: 6, destinationPort: 22 });
const unknown = partialPacket({});
const ordinary = ordinaryPacket(4, true);

function answers(...conditions: readonly Condition[]) {
  const rule = { handle: 1, conditions, outcome: { kind: "drop" }, effect: null } as const;
  const sets = (set: string) => ({ hit: set === "full" ? true : set === "empty" ? false : null, verdicts: [] });
  return [known, unknown, ordinary].map((packet) => matches(rule, packet, sets));
}

function port(how: "eq" | "ne" | "lt" | "le" | "gt" | "ge", value: number): Condition {
  return { kind: "compare", operand: DESTINATION_PORT, how, value: portString(value) };
}

Deno.test("matches() of a known, an unknown and an ordinary packet", () => {
  assert.deepEqual(answers(), [true, true, true]);
  assert.deepEqual(answers(port("eq", 22)), [true, null, false]);
  assert.deepEqual(answers(port("ne", 22)), [false, null, true]);
  assert.deepEqual(answers(port("lt", 22)), [false, null, false]);
  assert.deepEqual(answers(port("le", 22)), [true, null, false]);
  assert.deepEqual(answers(port("gt", 22)), [false, null, false]);
  assert.deepEqual(answers(port("ge", 22)), [true, null, false]);
  const range = { kind: "range", operand: DESTINATION_PORT, low: portString(20), high: portString(25) } as const;
  assert.deepEqual(answers({ ...range, inside: true }), [true, null, false]);
  assert.deepEqual(answers({ ...range, inside: false }), [false, null, true]);
  assert.deepEqual(answers(OPAQUE), [null, null, false]);
});

Deno.test("matches() needs all conditions: one that fails decides, whatever is not known", () => {
  assert.deepEqual(answers(OPAQUE, port("eq", 23)), [false, null, false]);
  assert.deepEqual(answers(port("eq", 22), OPAQUE), [null, null, false]);
});

Deno.test("matches() of one of several", () => {
  const any = (inverted: boolean, ...conditions: readonly Condition[]): Condition => ({
    kind: "any of",
    conditions,
    inverted,
  });
  assert.deepEqual(answers(any(false, port("eq", 23), port("eq", 22))), [true, null, false]);
  assert.deepEqual(answers(any(true, port("eq", 23), port("eq", 22))), [false, null, true]);
  assert.deepEqual(answers(any(false)), [false, false, false]);
});

Deno.test("matches() asks sets, and what no condition may be asked of is in none", () => {
  const lookUp = (set: string, inverted = false): Condition => ({
    kind: "lookup",
    operand: DESTINATION_PORT,
    set,
    inverted,
  });
  assert.deepEqual(answers(lookUp("full")), [true, true, true]);
  assert.deepEqual(answers(lookUp("empty")), [false, false, false]);
  assert.deepEqual(answers(lookUp("any", true)), [null, null, null]);
  const opaque = { ...lookUp("full", true), operand: fieldOperand("opaque", 0, 2) } as Condition;
  assert.equal(answers(opaque)[2], false);
});
