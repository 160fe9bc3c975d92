import assert from "node:assert/strict";
import fc from "fast-check";
import { endOf, markOf } from "../../../../daemon/firewall/firewalld/end_mark.ts";

const NOW = 1_800_000_000;

Deno.test("endOf() is the end that markOf() was given, from hours before it to minutes after it", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 4_000_000_000 }),
    fc.integer({ min: 1, max: 13_800 }),
    fc.integer({ min: 0, max: 14_399 }),
    (now, seconds, later) => {
      const end = now + seconds;
      const seen = Math.min(now + later, end + 600);
      assert.equal(endOf(markOf(end, now), seen), end);
    },
  ));
});

Deno.test("endOf() of what ends in hours or weeks is never later than the end, and minutes earlier at most", () => {
  fc.assert(fc.property(fc.integer({ min: 13_801, max: 40 * 86_400 }), fc.nat(), (seconds, part) => {
    const end = NOW + seconds;
    const found = endOf(markOf(end, NOW), NOW + (part % seconds));
    assert.ok(found !== null && found <= end && found > end - 256, `${found} for ${end}`);
  }));
});

Deno.test("markOf() says a month of what ends in years; a number that is no mark says no end", () => {
  const year = endOf(markOf(NOW + 365 * 86_400, NOW), NOW);
  assert.ok(year !== null && year > NOW + 30 * 86_400 && year < NOW + 60 * 86_400);
  for (const mark of [-1, 0, 999, 31_000, 32_767]) assert.equal(endOf(mark, NOW), null);
});
