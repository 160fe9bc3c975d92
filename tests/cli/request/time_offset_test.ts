import assert from "node:assert/strict";
import { timeOffset } from "../../../cli/options/kinds.ts";
import { parseTimeOffset } from "../../../cli/request/time_offset.ts";

/** The grammar of facts/client 6. */
const ACCEPTED: readonly [string, number][] = [
  ["60", 60],
  ["60sec", 60],
  ["2min", 120],
  ["2m", 120],
  ["2M", 120],
  ["3hours", 10_800],
  ["2days", 172_800],
  ["65536", 65_536],
  ["+60", 60],
  ["00000060", 60],
  ["1h30m", 5400],
  ["1H 30Min 5s", 5405],
  ["1day2hours", 93_600],
  ["1hr", 3600],
  ["10 secs", 10],
];

/** Read wrongly or in part by the C client: it stops at the first m, h or d and skips what is no digit. */
const MISREAD = [
  ...[
    "-5",
    "-5min",
    "--5",
    "1s2",
    "1m5",
    "1h30",
    "6 0",
    "60.",
    "1.5h",
    "5x",
    "5months",
    "5mx",
    "5m!",
    "0x10",
    "1h-30m",
  ],
  ...["1m1m", "30m 1h 5m", "2weeks", "1h,30m", "12:30", "+-5", "+", " 5", "5 "],
];

for (const [text, seconds] of ACCEPTED) {
  Deno.test(`parseTimeOffset() reads "${text}" as ${seconds} seconds`, () => {
    assert.deepEqual(parseTimeOffset(text), { ok: true, value: seconds });
  });
}

for (const text of ["m5", "", "abc", "123456789", "65537", "60000d", "24000d 60000h", ...MISREAD]) {
  Deno.test(`parseTimeOffset() refuses "${text}"`, () => {
    const parsed = parseTimeOffset(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.fault, /Invalid time offset: '/);
  });
}

Deno.test("TIME_OFFSET takes a leading minus, for all units together; --time-offset-plus refuses it", () => {
  const { parse } = timeOffset({ signed: true });
  assert.deepEqual(parse("-2m"), { ok: true, value: -120 });
  assert.deepEqual(parse("-1h30m"), { ok: true, value: -5400 });
  for (const text of ["--2m", "-+2m", "-"]) assert.ok(!parse(text).ok, text);
  assert.ok(!timeOffset({ signed: false }).parse("-2m").ok);
});
