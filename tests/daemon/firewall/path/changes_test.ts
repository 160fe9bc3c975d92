import assert from "node:assert/strict";
import { putIn, takeOut } from "../../../../daemon/firewall/path/changes.ts";
import type { Rule } from "../../../../daemon/firewall/path/rule.ts";
import { RuleList } from "../../../../daemon/firewall/path/rule_list.ts";

function rule(handle: number): Rule {
  return { handle, conditions: [], outcome: { kind: "drop" }, effect: null };
}

/** A chain, and what puts rules into it: position, and whether it was added behind or inserted before. */
function chain() {
  const orphans = new Map<number, Rule>();
  const rules = new RuleList();
  const put = (handle: number, position: number | null, ...[append, placed = true]: [boolean, boolean?]) =>
    putIn({ orphans }, rules, {
      rule: rule(handle),
      change: { position: position === null ? null : BigInt(position), append, placed },
    });
  return { orphans, rules, put, handles: () => [...rules.all()].map(({ handle }) => handle) };
}

Deno.test("putIn() puts rules at the head, at the end and behind others", () => {
  const { put, handles } = chain();
  assert.ok(put(1, null, true) && put(2, null, true) && put(3, null, false) && put(4, 1, true));
  assert.deepEqual(handles(), [3, 1, 4, 2]);
});

Deno.test("a rule that stands behind one which is told later waits for it, and so do those behind it", () => {
  const { put, handles, orphans } = chain();
  put(1, null, true);
  assert.equal(put(2, 3, false), false);
  assert.equal(put(3, 4, false), false);
  assert.equal(put(4, null, false), true);
  assert.deepEqual(handles(), [4, 3, 2, 1]);
  assert.equal(orphans.size, 0);
});

Deno.test("a rule that went before it found its place does not come back", () => {
  const { put, handles, orphans, rules } = chain();
  put(2, 3, false);
  assert.equal(takeOut({ orphans }, rules, 2), null);
  put(3, null, false);
  assert.deepEqual(handles(), [3]);
});

Deno.test("where the kernel does not tell places, only the first rule of a chain has one", () => {
  const { put, handles, orphans } = chain();
  assert.equal(put(1, null, false, false), true);
  assert.equal(put(2, null, false, false), false);
  assert.deepEqual(handles(), [1]);
  assert.equal(orphans.size, 1);
});
