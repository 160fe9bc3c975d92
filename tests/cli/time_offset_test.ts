import assert from "node:assert/strict";
import { timeOffset } from "../../cli/options/kinds.ts";
import { parseTimeOffset } from "../../cli/time_offset.ts";

/** wire-and-client B.6. */
const ACCEPTED: readonly [string, number][] = [
  ["60", 60],
  ["60sec", 60],
  ["2min", 120],
  ["2m", 120],
  ["2M", 120],
  ["3hours", 10_800],
  ["2days", 172_800],
  ["-5", 5],
  ["1s2", 12],
  ["65536", 65_536],
];

for (const [text, seconds] of ACCEPTED) {
  Deno.test(`parseTimeOffset() reads "${text}" as ${seconds} seconds`, () => {
    assert.deepEqual(parseTimeOffset(text), { ok: true, value: seconds });
  });
}

for (const text of ["m5", "", "abc", "123456789", "65537", "60000d"]) {
  Deno.test(`parseTimeOffset() refuses "${text}"`, () => {
    const parsed = parseTimeOffset(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.fault, /Invalid time offset: '/);
  });
}

Deno.test("TIME_OFFSET takes a leading minus, --time-offset-plus skips it", () => {
  assert.deepEqual(timeOffset({ signed: true }).parse("-2m"), { ok: true, value: -120 });
  assert.deepEqual(timeOffset({ signed: false }).parse("-2m"), { ok: true, value: 120 });
});
