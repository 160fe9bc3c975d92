import assert from "node:assert/strict";
import { randomNumbers } from "../../fakes/random.ts";
import { coveringRows, type Pick } from "./covering.ts";

const SIZES = [7, 2, 4, 3, 5, 2, 6, 9];
/** Value 1 of the first choice goes with no other value than 0 of the last. */
const excludes = (one: Pick, other: Pick) => one[0] === 0 && one[1] === 1 && other[0] === 7 && other[1] !== 0;

Deno.test("coveringRows() holds every pair of two values, and none that cannot stand together", () => {
  const rows = coveringRows({ sizes: SIZES, random: randomNumbers(7), excludes });
  const holds = (one: Pick, other: Pick) => rows.some((row) => row[one[0]] === one[1] && row[other[0]] === other[1]);
  for (const [a, sizeA] of SIZES.entries()) {
    for (const [b, sizeB] of SIZES.entries()) {
      if (b <= a) continue;
      for (let x = 0; x < sizeA; x++) {
        for (let y = 0; y < sizeB; y++) {
          assert.equal(holds([a, x], [b, y]), !excludes([a, x], [b, y]), `${a}=${x} ${b}=${y}`);
        }
      }
    }
  }
  // 63 is what the two largest choices need alone; all combinations are 90720.
  assert.ok(rows.length < 100, `${rows.length} rows`);
});

Deno.test("coveringRows() makes the same rows of the same seed, and others of another", () => {
  const rows = (seed: number) => coveringRows({ sizes: SIZES, random: randomNumbers(seed) });
  assert.deepEqual(rows(1), rows(1));
  assert.notDeepEqual(rows(1), rows(2));
});
