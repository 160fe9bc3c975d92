import assert from "node:assert/strict";
import fc from "fast-check";
import { Deadlines } from "../../../daemon/grants/deadlines.ts";

Deno.test("Deadlines knows the first, and those whose time has come in its order", () => {
  const deadlines = new Deadlines<string>();
  assert.deepEqual(deadlines.upTo(1000), []);
  for (const [key, at] of [["c", 30], ["a", 10], ["b", 20], ["d", 20]] as const) deadlines.set(key, at);
  assert.equal(deadlines.first?.key, "a");
  assert.deepEqual(deadlines.upTo(20), ["a", "b", "d"]);
  assert.equal(deadlines.size, 4);
  deadlines.set("a", 25);
  deadlines.delete("b");
  deadlines.delete("unknown");
  assert.deepEqual(deadlines.takeUpTo(25), ["d", "a"]);
  assert.deepEqual(deadlines.upTo(1000), ["c"]);
  deadlines.clear();
  assert.equal(deadlines.first, null);
  assert.deepEqual(deadlines.upTo(1000), []);
});

Deno.test("Deadlines agrees with a list that is sorted", () => {
  const step = fc.record({
    kind: fc.constantFrom("set", "set", "set", "delete", "take"),
    key: fc.integer({ min: 0, max: 30 }),
    at: fc.integer({ min: 0, max: 50 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const deadlines = new Deadlines<number>();
    // A map keeps the order in which keys came first.
    const naive = new Map<number, number>();
    const upTo = (now: number) =>
      [...naive].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]).map(([key]) => key);
    for (const { kind, key, at } of steps) {
      if (kind === "set") {
        deadlines.set(key, at);
        naive.set(key, at);
      } else if (kind === "delete") {
        deadlines.delete(key);
        naive.delete(key);
      } else {
        assert.deepEqual(deadlines.takeUpTo(at), upTo(at));
        for (const taken of upTo(at)) naive.delete(taken);
      }
      assert.deepEqual(deadlines.upTo(at), upTo(at));
      assert.equal(deadlines.first?.key ?? null, upTo(Infinity)[0] ?? null);
      assert.equal(deadlines.size, naive.size);
    }
  }));
});

Deno.test("Deadlines looks at few of many: the times that are compared are counted", () => {
  const deadlines = new Deadlines<number>();
  let looks = 0;
  const counted = (at: number) => ({ valueOf: () => (looks++, at) }) as unknown as number;
  for (let key = 0; key < 50_000; key++) deadlines.set(key, counted(1000 + (key * 7919) % 50_000));
  looks = 0;
  deadlines.set(-1, counted(1500));
  deadlines.delete(123);
  assert.equal(deadlines.first?.at.valueOf(), 1000);
  assert.equal(deadlines.upTo(1009).length, 10);
  assert.ok(looks < 1000, `${looks} looks`);
});
