import assert from "node:assert/strict";
import { createAllowance } from "../../../daemon/gpg/allowance.ts";

Deno.test("createAllowance() allows a burst, then so many in a second, and the burst again after a rest", () => {
  let now = 5000;
  const isAllowed = createAllowance({ burst: 3, perSecond: 4 }, () => now);
  const count = (times: number) => Array.from({ length: times }, isAllowed).filter((allowed) => allowed).length;
  assert.equal(count(1000), 3);
  now += 249;
  assert.equal(count(10), 0);
  now += 1;
  assert.equal(count(10), 1);
  now += 500;
  assert.equal(count(10), 2);
  now += 60_000;
  assert.equal(count(10), 3, "no more is saved up than a burst");
});

Deno.test("createAllowance() allows no more than the rate in the long run", () => {
  let now = 0;
  const isAllowed = createAllowance({ burst: 10, perSecond: 4 }, () => now);
  let allowed = 0;
  for (; now < 60_000; now += 7) if (isAllowed()) allowed++;
  assert.ok(allowed <= 10 + 60 * 4 && allowed >= 60 * 4, String(allowed));
});
