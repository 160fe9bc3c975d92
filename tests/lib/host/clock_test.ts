import assert from "node:assert/strict";
import { unixSeconds } from "../../../lib/host/clock.ts";

Deno.test("unixSeconds() is the second that has begun", () => {
  const before = Date.now();
  const now = unixSeconds();
  const after = Date.now();
  assert.ok(Number.isInteger(now));
  assert.ok(now * 1000 > before - 1000 && now * 1000 <= after);
});
