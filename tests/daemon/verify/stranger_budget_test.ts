import assert from "node:assert/strict";
import { strangerBudget } from "../../../daemon/verify/stranger_budget.ts";

/** Tries packets that take so long, as soon as the budget lets, until the end; gives when each was tried. */
function trying(budget: ReturnType<typeof strangerBudget>, costs: { ms: number; stranger: boolean; until: number }) {
  const tried: number[] = [];
  for (let now = 0; now < costs.until;) {
    budget.beginTurn();
    if (!budget.mayTry(now)) {
      const free = budget.freeAt(now);
      assert.ok(free > now, "it would be asked again and again");
      now = free;
      continue;
    }
    tried.push(now);
    now += costs.ms;
    budget.spend(costs.ms, costs.stranger);
  }
  return tried;
}

Deno.test("strangers take their share of the time and no more, whatever one packet costs", () => {
  for (const [share, ms] of [[0.2, 0.005], [0.2, 0.4], [0.2, 3.7], [0.05, 23], [1, 5]] as const) {
    const budget = strangerBudget();
    budget.use(share);
    const taken = trying(budget, { ms, stranger: true, until: 20_000 }).length * ms;
    assert.ok(Math.abs(taken / 20_000 - share) < 0.01, `${share} of the time with ${ms} ms each: ${taken}`);
  }
});

Deno.test("what turns out to be by a key of ours costs nothing of the share", () => {
  const budget = strangerBudget();
  budget.use(0.01);
  assert.equal(trying(budget, { ms: 1, stranger: false, until: 1000 }).length, 1000);
});

Deno.test("a turn ends after a few milliseconds, whoever took them", () => {
  const budget = strangerBudget();
  budget.use(1);
  for (const stranger of [false, true]) {
    budget.beginTurn();
    let tried = 0;
    for (; budget.mayTry(100_000); tried++) budget.spend(0.5, stranger);
    assert.equal(tried, 8);
  }
});

Deno.test("without a share there is no end", () => {
  const budget = strangerBudget();
  budget.use(0.2);
  budget.spend(50, true);
  assert.equal(budget.mayTry(0), false);
  budget.use(null);
  assert.equal(budget.mayTry(0), true);
  assert.equal(budget.freeAt(7), 7);
  budget.spend(50, true);
  assert.equal(budget.mayTry(0), true);
});

Deno.test("a clock that stands gives no time, and a long rest not more than the beginning had", () => {
  const budget = strangerBudget();
  budget.use(0.2);
  budget.spend(4, true);
  budget.beginTurn();
  assert.equal(budget.mayTry(0), false);
  assert.equal(budget.mayTry(1), true);
  budget.spend(4, true);
  budget.beginTurn();
  assert.equal(budget.mayTry(1_000_000), true);
  budget.spend(4, true);
  budget.beginTurn();
  assert.equal(budget.mayTry(1_000_000), false);
});

Deno.test("a packet that takes far longer than others do is charged some times as much, and no more", () => {
  const budget = strangerBudget();
  budget.use(0.2);
  for (let i = 0; i < 100; i++) budget.spend(0.003, true);
  budget.beginTurn();
  // Another process had the processor, or garbage was collected.
  for (let i = 0; i < 20; i++) {
    budget.spend(50, true);
    assert.equal(budget.mayTry(0), true);
    budget.spend(0.003, true);
  }
  // A packet may be longer than those before, and all that come now may be.
  const longer = strangerBudget();
  longer.use(0.2);
  for (let i = 0; i < 100; i++) longer.spend(0.1, true);
  const free = longer.freeAt(0);
  longer.spend(0.5, true);
  assert.ok(longer.freeAt(0) >= free + 2, "five times as long is charged as it is");
  longer.use(0.2);
  longer.spend(50, true);
  assert.ok(longer.freeAt(0) >= free + 250, "with other stanzas nothing is usual yet");
});

Deno.test("isUntouched() is what the budget is before strangers come, and long after", () => {
  const budget = strangerBudget();
  budget.use(0.2);
  assert.equal(budget.isUntouched(0), true);
  budget.spend(3, false);
  assert.equal(budget.isUntouched(0), true);
  budget.spend(3, true);
  assert.equal(budget.isUntouched(10), false);
  assert.equal(budget.isUntouched(20), true);
});
