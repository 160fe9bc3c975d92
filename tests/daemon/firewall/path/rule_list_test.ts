import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DESTINATION_PORT,
  fieldOperand,
  portString,
  PROTOCOL,
  SOURCE4,
} from "../../../../daemon/firewall/path/operand.ts";
import { partialPacket } from "../../../../daemon/firewall/path/packet.ts";
import { type Condition, matches, type Rule } from "../../../../daemon/firewall/path/rule.ts";
import { RuleList } from "../../../../daemon/firewall/path/rule_list.ts";
import { address } from "../../../contract/addresses.ts";

const CONDITIONS: readonly Condition[] = [
  ...[1, 2, 3].map((last): Condition => ({
    kind: "compare",
    operand: SOURCE4,
    how: "eq",
    value: `\x0a\0\0${String.fromCharCode(last)}`,
  })),
  ...[22, 25].map((port): Condition => ({
    kind: "compare",
    operand: DESTINATION_PORT,
    how: "eq",
    value: portString(port),
  })),
  { kind: "compare", operand: DESTINATION_PORT, how: "ne", value: portString(22) },
  { kind: "compare", operand: PROTOCOL, how: "eq", value: "\x06" },
  { kind: "compare", operand: fieldOperand("network", 16, 4), how: "eq", value: "\x0a\0\0\x09" },
];

function rule(handle: number, conditions: readonly Condition[] = []): Rule {
  return { handle, conditions, outcome: { kind: "drop" }, effect: null };
}

/** Verb, the place of the rule that it is beside, and what the rule asks. */
type Change = readonly [verb: "append" | "prepend" | "insert" | "remove", at: number, conditions: readonly Condition[]];

const CHANGES: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.tuple(
    fc.constantFrom("append", "append", "append", "prepend", "insert", "insert", "remove"),
    fc.nat(200),
    fc.subarray([...CONDITIONS], { maxLength: 2 }),
  ),
  { minLength: 1, maxLength: 200 },
);

const nothing = () => ({ hit: null, verdicts: [] });

Deno.test("RuleList keeps the order that a plain list has, and visits at least what can be for a packet", () => {
  const packets = [
    partialPacket({ family: 4, protocol: 6, source: address("10.0.0.2"), destinationPort: 22 }),
    partialPacket({ family: 4, protocol: 6, source: address("10.0.0.9"), destinationPort: 80 }),
    partialPacket({ family: 4, protocol: 6, source: address("10.0.0.1") }),
    partialPacket({ family: 4, protocol: 6, destinationPort: 25 }),
  ];
  fc.assert(fc.property(CHANGES, (changes) => {
    const list = new RuleList();
    const plain: Rule[] = [];
    for (const [handle, [verb, at, conditions]] of changes.entries()) {
      const one = rule(handle, conditions);
      const beside = plain[at % Math.max(1, plain.length)];
      if (verb === "append" || beside === undefined) {
        list.append(one);
        plain.push(one);
      } else if (verb === "prepend") {
        list.prepend(one);
        plain.unshift(one);
      } else if (verb === "insert") {
        assert.equal(list.insertAfter(beside.handle, one), true);
        plain.splice(plain.indexOf(beside) + 1, 0, one);
      } else {
        assert.equal(list.remove(beside.handle), beside);
        plain.splice(plain.indexOf(beside), 1);
      }
      // The index is made early, so that it has to follow.
      if (handle % 70 === 0) { for (const packet of packets) void [...list.for(packet)]; }
    }
    assert.deepEqual([...list.all()], plain);
    assert.equal(list.size, plain.length);
    for (const packet of packets) {
      const wanted = plain.filter((one) => matches(one, packet, nothing) !== false);
      const visited = [...list.for(packet)];
      assert.deepEqual(visited.filter((one) => matches(one, packet, nothing) !== false), wanted);
    }
  }));
});

Deno.test("putBack() puts a rule where the one with its handle just was", () => {
  const list = new RuleList();
  for (const handle of [1, 2, 3]) list.append(rule(handle));
  const handles = () => [...list.all()].map(({ handle }) => handle);
  for (const handle of [1, 2, 3]) {
    list.remove(handle);
    assert.equal(list.putBack(rule(handle)), true);
    assert.deepEqual(handles(), [1, 2, 3]);
  }
  list.remove(2);
  assert.equal(list.putBack(rule(7)), false);
  list.prepend(rule(8));
  assert.equal(list.putBack(rule(2)), false, "others came since");
});

Deno.test("RuleList leaves out thousands of rules that are for other addresses", () => {
  const list = new RuleList();
  for (let handle = 0; handle < 5000; handle++) {
    const value = `\x01\x02${portString(handle)}`;
    list.append(rule(handle, [{ kind: "compare", operand: SOURCE4, how: "eq", value }]));
  }
  list.append(rule(9999));
  const packet = partialPacket({ family: 4, source: address("1.2.0.77"), destinationPort: 22 });
  assert.deepEqual([...list.for(packet)].map(({ handle }) => handle), [77, 9999]);
});

Deno.test("insertAfter() says when there is no place", () => {
  const list = new RuleList();
  assert.equal(list.insertAfter(7, rule(8)), false);
  list.append(rule(0));
  list.append(rule(1));
  let room = 0;
  while (list.insertAfter(0, rule(2 + room))) room++;
  assert.ok(room > 30 && room < 2000, String(room));
  assert.equal(list.get(1)?.handle, 1);
  assert.equal(list.remove(7777), null);
});
