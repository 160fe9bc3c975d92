import assert from "node:assert/strict";
import { Judged } from "../../../../daemon/firewall/path/judged.ts";
import { SOURCE4 } from "../../../../daemon/firewall/path/operand.ts";
import type { Rule, Sets } from "../../../../daemon/firewall/path/rule.ts";
import type { SetElement } from "../../../../ffi/nfnetlink/ruleset.ts";
import { address } from "../../../contract/addresses.ts";

const NO_SETS: Sets = () => ({ hit: null, verdicts: [] });
const SET = { family: "inet", table: "t", set: "s" } as const;

function dropFrom(value: string): Rule {
  const condition = { kind: "compare", operand: SOURCE4, how: "eq", value } as const;
  return { handle: 1, conditions: [condition], outcome: { kind: "drop" }, effect: null };
}

function element(key: string, change: Partial<SetElement> = {}): SetElement {
  const bytes = Uint8Array.from(key, (one) => one.charCodeAt(0));
  return { kind: "element", key: bytes, keyEnd: null, data: null, verdict: null, remainingMs: null, ...change };
}

Deno.test("mayMeet(): rules for the source of a grant, in this round of judging and the one before", () => {
  const judged = new Judged();
  const [mine, other] = [dropFrom("\xc0\0\x02\x01"), dropFrom("\xc0\0\x02\x02")];
  assert.equal(judged.mayMeet(mine, NO_SETS), false);
  judged.note({ family: 4, source: address("192.0.2.1"), protocol: 6 });
  assert.deepEqual([judged.mayMeet(mine, NO_SETS), judged.mayMeet(other, NO_SETS)], [true, false]);
  judged.begin();
  assert.equal(judged.mayMeet(mine, NO_SETS), true);
  judged.begin();
  assert.equal(judged.mayMeet(mine, NO_SETS), false);
});

Deno.test("dependsOn(): elements for a key that was asked about, and all that may hold others than their own", () => {
  const judged = new Judged();
  assert.equal(judged.dependsOn(SET, [element("a")], true), false);
  judged.noteLookUp(SET, "a");
  assert.equal(judged.dependsOn(SET, [element("b")], true), false);
  assert.equal(judged.dependsOn(SET, [element("b"), element("a")], true), true);
  assert.equal(judged.dependsOn({ ...SET, set: "other" }, [element("a")], true), false);
  assert.equal(judged.dependsOn(SET, [element("b")], false), true);
  assert.equal(judged.dependsOn(SET, [element("", { kind: "catchall" })], true), true);
  assert.equal(judged.dependsOn(SET, [element("b", { keyEnd: new Uint8Array(1) })], true), true);
  assert.equal(judged.dependsOn(SET, [], true), true);
});
