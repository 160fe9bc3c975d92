import assert from "node:assert/strict";
import fc from "fast-check";
import { Ranking } from "../../../daemon/grants/ranking.ts";

Deno.test("Ranking numbers what stands in a row from its beginning", () => {
  const row = new Ranking<string>();
  for (const key of ["b", "c", "d"]) row.append(key);
  row.prepend("a");
  assert.deepEqual(["a", "b", "c", "d", "e"].map((key) => row.numberOf(key)), [1, 2, 3, 4, null]);
  row.delete("b");
  row.delete("unknown");
  assert.deepEqual(["a", "b", "c", "d"].map((key) => row.numberOf(key)), [1, null, 2, 3]);
  assert.equal(row.size, 3);
});

Deno.test("Ranking takes the first away of what stands in the row twice", () => {
  const row = new Ranking<string>();
  for (const key of ["a", "b", "a"]) row.append(key);
  row.prepend("b");
  assert.deepEqual(["a", "b"].map((key) => row.numberOf(key)), [2, 1]);
  row.delete("b");
  row.delete("a");
  assert.deepEqual(["b", "a"].map((key) => row.numberOf(key)), [1, 2]);
});

Deno.test("Ranking agrees with a list that is searched, however long it goes on", () => {
  const step = fc.record({
    kind: fc.constantFrom("append", "prepend", "delete"),
    key: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(fc.property(fc.array(step, { minLength: 100, maxLength: 600 }), (steps) => {
    const row = new Ranking<number>();
    const naive: number[] = [];
    for (const { kind, key } of steps) {
      if (kind === "append") {
        row.append(key);
        naive.push(key);
      } else if (kind === "prepend") {
        row.prepend(key);
        naive.unshift(key);
      } else {
        row.delete(key);
        if (naive.includes(key)) naive.splice(naive.indexOf(key), 1);
      }
      assert.equal(row.size, naive.length);
      assert.equal(row.numberOf(key), naive.includes(key) ? naive.indexOf(key) + 1 : null);
    }
    for (const key of new Set(naive)) assert.equal(row.numberOf(key), naive.indexOf(key) + 1);
  }));
});
