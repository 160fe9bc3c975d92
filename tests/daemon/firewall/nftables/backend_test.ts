import assert from "node:assert/strict";
import { exactTime } from "../../../../daemon/firewall/nftables/backend.ts";

Deno.test("exactTime() is that of the clock, also when the second that was counted is over", () => {
  assert.equal(exactTime(100, 100.25), 100.25);
  assert.equal(exactTime(100, 101.003), 101.003, "the next second has begun meanwhile");
  assert.equal(exactTime(100, 104.5), 104.5, "it had to wait for its turn");
  assert.equal(exactTime(100, 99.9), 100, "the clock was set back");
  assert.equal(exactTime(100, 5000), 100, "another clock");
});
