import assert from "node:assert/strict";
import { type Duty, untilFirst } from "../../../daemon/loop/rows.ts";

const due = (at: number | null): Duty => ({ dueAt: () => at, perform: () => {} });

Deno.test("untilFirst() is the time of the first duty, rounded up so that it is due then", () => {
  assert.equal(untilFirst([due(5000), due(null), due(2000.2)], 1000), 1001);
  assert.equal(untilFirst([due(null), due(1000)], 1000), 0);
});

Deno.test("untilFirst() does not wait for what is late, and for ever where nothing is due", () => {
  assert.equal(untilFirst([due(10), due(3000)], 1000), 0);
  assert.equal(untilFirst([due(-Infinity)], 1000), 0);
  assert.equal(untilFirst([due(null)], 1000), -1);
  assert.equal(untilFirst([], 1000), -1);
});

Deno.test("untilFirst() tells a duty what time it is", () => {
  assert.equal(untilFirst([{ dueAt: (now) => now + 7, perform: () => {} }], 1000), 7);
});
