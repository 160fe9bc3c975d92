import assert from "node:assert/strict";
import type { Access } from "../../../daemon/firewall/firewall.ts";
import { followClock, followStep } from "../../../daemon/grants/clock.ts";
import { closeDueGrants, openGrants } from "../../../daemon/grants/upkeep.ts";
import { grant, NOW, scene } from "./scene.ts";

Deno.test("followClock() counts whole seconds back, small steps together, and none for time that passes", async () => {
  const { context, time } = await scene();
  const clock = followClock(context);
  time.now += 100;
  assert.equal(clock.stepBack(), 0);
  time.set -= 0.6;
  assert.equal(clock.stepBack(), 0);
  time.set -= 0.6;
  assert.equal(clock.stepBack(), 1);
  assert.equal(clock.stepBack(), 0);
  time.set -= 3600;
  assert.equal(clock.stepBack(), 3600);
});

Deno.test("followClock() remembers that the clock was set ahead for as long as something is open", async () => {
  const { context, log, time } = await scene();
  const clock = followClock(context);
  time.set += 3600;
  assert.equal(clock.stepBack(), 0);
  assert.equal(clock.isAhead, false, "nothing was open then");
  await openGrants([grant(22, NOW + 4000)], context, log);
  time.set += 60;
  clock.stepBack();
  assert.equal(clock.isAhead, true);
  context.ledger.close([grant(22, NOW + 4000)]);
  clock.stepBack();
  assert.equal(clock.isAhead, false);
});

Deno.test("followClock() adds up small steps ahead, and sees one that comes after the last look", async () => {
  const { context, log, time } = await scene();
  const clock = followClock(context);
  await openGrants([grant(22, NOW + 4000)], context, log);
  for (let i = 0; i < 6; i++) {
    assert.equal(clock.isAhead, false);
    time.set += 0.01;
    clock.stepBack();
  }
  assert.equal(clock.isAhead, true, "a clock that runs fast is ahead after a while");
  const second = await scene();
  const other = followClock(second.context);
  await openGrants([grant(22, NOW + 4000)], second.context, second.log);
  other.stepBack();
  second.time.set += 3600;
  assert.equal(other.isAhead, true);
});

Deno.test("closeDueGrants() ends in the kernel what a clock set ahead ended since the last look", async () => {
  const { context, real, log, lines, time } = await scene({ kernelTimed: true });
  const clock = followClock(context);
  await openGrants([grant(22, NOW + 30), grant(23, NOW + 7200)], context, log);
  clock.stepBack();
  lines.length = 0;
  time.set += 3600;
  await closeDueGrants(context, log, clock);
  assert.deepEqual((await real.list()).map(({ expiresAt }) => expiresAt), [NOW + 7200]);
  assert.deepEqual(lines.filter((line) => line.startsWith("info")), [
    `info: Removed rule 1 from recording input with expire time of ${NOW + 30}`,
  ]);
  time.now += 3600;
  lines.length = 0;
  await closeDueGrants(context, log, clock);
  assert.deepEqual(await real.list(), [], "by its own clock the kernel would keep it for another hour");
  assert.equal(lines.filter((line) => line.startsWith("info")).length, 1);
});

Deno.test("followStep() leaves to each grant what was left of it, and to what others wrote its end", async () => {
  const { context, real, log, lines, time } = await scene();
  const foreign: Access = { slot: "foreign", family: 4, table: "filter", chain: "FWKNOP_INPUT", rule: "-j ACCEPT" };
  await openGrants([grant(22, NOW + 30)], context, log);
  context.ledger.record([{ access: foreign, expiresAt: NOW + 40 }]);
  lines.length = 0;
  time.set -= 3600;
  await followStep(3600, context, log);
  assert.equal(context.ledger.expiryOf(grant(22, 0)), NOW + 30 - 3600);
  assert.equal(context.ledger.expiryOf({ access: foreign, expiresAt: 0 }), NOW + 40);
  assert.deepEqual((await real.list()).map(({ expiresAt }) => expiresAt), [NOW + 30 - 3600]);
  assert.deepEqual(lines, [
    "warning: The clock was set back by 3600 seconds: open doors keep the time that is left to them",
  ]);
});

Deno.test("followStep() keeps its account right where the packet filter does not follow", async () => {
  const { context, real, log, lines, time } = await scene();
  await openGrants([grant(22, NOW + 30)], context, log);
  lines.length = 0;
  real.refuse("the lock is held");
  time.set -= 20;
  await followStep(20, context, log);
  assert.equal(context.ledger.nextDue(), NOW + 10);
  assert.equal(lines.at(-1), "error: Cannot rewrite the ends of 1 doors: the lock is held");
});
