import assert from "node:assert/strict";
import { createRate } from "../../../daemon/firewall/rate.ts";

Deno.test("createRate() is due when somebody asks, at the earliest time asked for, and once", () => {
  const rate = createRate();
  assert.equal(rate.dueAt, null);
  rate.ask(500);
  rate.ask(200);
  rate.ask(300);
  assert.equal(rate.dueAt, 200);
  rate.begin(200);
  assert.equal(rate.dueAt, null);
  rate.end(210);
  assert.equal(rate.dueAt, null);
});

Deno.test("createRate() is due at most once a second", () => {
  const rate = createRate();
  rate.ask(0);
  rate.begin(0);
  rate.end(20);
  rate.ask(30);
  assert.equal(rate.dueAt, 1000);
});

Deno.test("createRate() rests ten times as long as it took, and never begins while it is under way", () => {
  const rate = createRate();
  rate.ask(0);
  rate.begin(0);
  rate.ask(500);
  assert.equal(rate.dueAt, null, "under way");
  rate.end(700);
  assert.equal(rate.dueAt, 7700, "what was asked for meanwhile may not have been seen");
  rate.ask(9000);
  assert.equal(rate.dueAt, 7700);
});
