import assert from "node:assert/strict";
import fc from "fast-check";
import { DigestTable } from "../../../daemon/replay/digest_table.ts";

const KEY = Uint32Array.of(1, 2, 3, 4);
const wordsOf = (n: number) => Uint32Array.of(n, n * 7919, 5, n >>> 3);
const entry = (n: number) => ({ words: wordsOf(n), seenAt: 1000 + n, isContent: n % 2 === 1, place: n * 16 });
const bytesEach = (table: DigestTable) => table.bytes / table.size;

Deno.test("DigestTable gives back what it was given, and the oldest first", () => {
  const table = new DigestTable(KEY);
  assert.equal(table.oldest, null);
  for (const n of [3, 1, 2]) table.add(entry(n));
  const found = table.find(wordsOf(1));
  assert.ok(found !== null);
  const { words, ...rest } = table.entryAt(found);
  assert.deepEqual([[...words], rest], [[...wordsOf(1)], { seenAt: 1001, isContent: true, place: 16 }]);
  assert.equal(table.find(wordsOf(4)), null);
  assert.deepEqual([...table.addresses()].map((address) => table.entryAt(address).seenAt), [1003, 1001, 1002]);
  assert.equal(table.oldest, table.find(wordsOf(3)));
  table.removeOldest();
  assert.deepEqual([table.find(wordsOf(3)), table.size], [null, 2]);
});

Deno.test("DigestTable keeps a place to 16 bytes, and no place that is too far", () => {
  const table = new DigestTable(KEY);
  table.add({ ...entry(1), place: null, seenAt: 1e12 });
  const address = table.find(wordsOf(1))!;
  assert.deepEqual([table.entryAt(address).place, table.entryAt(address).seenAt], [null, 2 ** 32 - 1]);
  for (const [place, kept] of [[0, 0], [1000, 992], [2 ** 40, null], [2 ** 33, 2 ** 33], [null, null]] as const) {
    table.setPlace(address, place);
    assert.equal(table.entryAt(address).place, kept);
    assert.equal(table.entryAt(address).isContent, true);
  }
});

Deno.test("DigestTable agrees with a map while entries come and go, whatever its index is doing", () => {
  const step = fc.record({
    kind: fc.constantFrom("add", "add", "add", "remove"),
    many: fc.integer({ min: 1, max: 3000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
      const table = new DigestTable(KEY);
      let [first, next] = [0, 0];
      for (const { kind, many } of steps) {
        for (let i = 0; i < many; i++) {
          if (kind === "add") table.add(entry(next++));
          else if (first < next) {
            table.removeOldest();
            first++;
          }
        }
        assert.equal(table.size, next - first);
        for (let n = Math.max(0, first - 50); n < next + 50; n += n < first + 50 || n > next - 50 ? 1 : 97) {
          const found = table.find(wordsOf(n));
          assert.equal(
            found === null ? null : table.entryAt(found).seenAt,
            n >= first && n < next ? 1000 + n : null,
            `${n}`,
          );
        }
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("DigestTable takes at most 32 bytes for each of many, also where it was told of more or fewer, and gives them back", () => {
  const table = new DigestTable(KEY);
  let most = 0;
  for (let n = 0; n < 200_000; n++) {
    table.add(entry(n));
    // While the index grows there are two: that is over after the 64th part of it.
    if (n > 100_000 && n % 1000 === 0) most = Math.max(most, bytesEach(table));
  }
  table.fit();
  assert.ok(bytesEach(table) <= 32, `${bytesEach(table)}`);
  assert.ok(most <= 40, `${most}`);
  for (const told of [10, 100_000, 2 ** 40]) {
    const loaded = new DigestTable(KEY);
    loaded.reserve(told);
    for (let n = 0; n < 100_000; n++) loaded.add(entry(n));
    loaded.fit();
    assert.ok(bytesEach(loaded) <= 32, `${told}: ${bytesEach(loaded)}`);
    assert.notEqual(loaded.find(wordsOf(99_999)), null);
  }
  const before = table.bytes;
  while (table.size > 10) table.removeOldest();
  assert.ok(table.bytes < before / 20);
});
