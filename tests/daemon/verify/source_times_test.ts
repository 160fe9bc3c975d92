import assert from "node:assert/strict";
import { type Counting, sourceNumbers, sourceTimes } from "../../../daemon/verify/source_times.ts";
import { ip } from "../../fakes/knock.ts";

const EACH: Counting = { apart: 0, forgotten: Infinity };

Deno.test("sourceTimes() counts what comes apart, and begins anew after a time without any", () => {
  const times = sourceTimes(64, { apart: 500, forgotten: 10_000 });
  const counts: number[] = [];
  for (const now of [0, 100, 499, 500, 999, 1000, 11_000, 21_010]) {
    times.note(7, now);
    counts.push(times.count(7, now));
  }
  assert.deepEqual(counts, [1, 1, 1, 2, 2, 3, 4, 1]);
  assert.equal(times.count(8, 0), 0);
  assert.equal(times.count(7, 31_010), 1);
  assert.equal(times.count(7, 31_020), 0);
  for (let n = 0; n < 1000; n++) times.note(9, 500 * n);
  assert.equal(times.count(9, 500_000), 255);
});

Deno.test("sourceTimes() knows when a source was noted last, to hundredths of a second", () => {
  const times = sourceTimes(64, EACH);
  assert.equal(times.at(0), null);
  times.note(0, 0);
  times.note(7, 1239);
  assert.deepEqual([times.at(0), times.at(7), times.at(8)], [0, 1230, null]);
  times.note(7, 5000);
  assert.equal(times.at(7), 5000);
});

Deno.test("sourceTimes() forgets the oldest of the sources that share a place, and no other", () => {
  const times = sourceTimes(16, EACH);
  // All of them are in the same place of four.
  const sources = [4, 8, 12, 16];
  for (const [i, source] of sources.entries()) times.note(source, 100 * (i + 1));
  times.note(3, 50);
  times.note(4, 900);
  times.note(20, 1000);
  assert.deepEqual([4, 8, 12, 16, 20, 3].map(times.at), [900, null, 300, 400, 1000, 50]);
});

Deno.test("sourceTimes() keeps the last sources of a flood, as many as half its size, with few exceptions", () => {
  const times = sourceTimes(4096, EACH);
  const numberOf = sourceNumbers(12345);
  const source = (n: number) => numberOf(ip(`10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`));
  for (let n = 0; n < 100_000; n++) times.note(source(n), n * 10);
  let known = 0;
  for (let n = 100_000 - 2048; n < 100_000; n++) if (times.at(source(n)) === n * 10) known++;
  assert.ok(known > 1850, `${known} of 2048`);
});

Deno.test("sourceNumbers() counts an IPv4 address and a /64 of IPv6 as one source, by a number that the seed decides", () => {
  const numberOf = sourceNumbers(1), other = sourceNumbers(2);
  const numbers = (texts: readonly string[]) => texts.map((text) => numberOf(ip(text)));
  const [a, b] = numbers(["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"]);
  assert.equal(a, b);
  const apart = ["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db9:1:2::1", "192.0.2.1", "192.0.2.2", "::", "0.0.0.0"];
  assert.equal(new Set(numbers(apart)).size, apart.length);
  for (const text of apart) {
    assert.notEqual(numberOf(ip(text)), other(ip(text)));
    assert.ok(Number.isInteger(numberOf(ip(text))) && numberOf(ip(text)) >= 0);
  }
});
