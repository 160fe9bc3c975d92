import assert from "node:assert/strict";
import type { Firewall } from "../../../daemon/firewall/firewall.ts";
import {
  adoptForeignRules,
  closeDueGrants,
  judgeOpenGrants,
  openGrants,
  repairIfChanged,
  rulesetChanged,
  surveyRuleset,
} from "../../../daemon/grants/upkeep.ts";
import { access, grant, NOW, scene } from "./scene.ts";

const STEADY = { isAhead: false };
const AHEAD = { isAhead: true };
const BLOCK = { chain: "inet block input", how: "drops by policy", remedy: "let it in" };

Deno.test("openGrants() opens, notes and tells each, and what was open already as such", async () => {
  const { context, real, log, lines } = await scene();
  await openGrants([grant(22, NOW + 30)], context, log);
  assert.equal(real.admits(access(22)), true);
  assert.equal(context.ledger.expiryOf(grant(22, 0)), NOW + 30);
  const added = `info: Added access rule to recording input for 192.0.2.7 -> 0.0.0.0/0 tcp/22, expires at ${NOW + 30}`;
  assert.deepEqual(lines.slice(1), [added]);
  assert.match(lines[0] ?? "", /^debug: Same as: add /);
  await openGrants([grant(22, NOW + 30)], context, log);
  assert.deepEqual(lines.slice(2), [`${added}: already exists`]);
});

Deno.test("openGrants() and closeDueGrants() look through what is open only where something has to be put back", async () => {
  let mayRead = false;
  const read: number[] = [];
  const { context, log, time } = await scene({
    kernelTimed: true,
    grant: (batch, live) => {
      if (mayRead) read.push([...live].length);
      return Promise.resolve(batch.map(() => ({ ok: true, alreadyOpen: false, shutBy: [] })));
    },
  });
  context.ledger.record(Array.from({ length: 1000 }, (_, port) => grant(port + 1000, NOW + 3600)));
  const looks = { live: 0 };
  const watched = {
    ...context,
    ledger: { ...context.ledger, live: (now: number) => (looks.live++, context.ledger.live(now)) },
  };
  await openGrants([grant(22, NOW + 30)], watched, log);
  time.now = NOW + 30;
  await closeDueGrants(watched, log, STEADY);
  assert.equal(looks.live, 0);
  mayRead = true;
  await openGrants([grant(23, NOW + 90)], watched, log);
  assert.deepEqual([looks.live, read], [1, [1000]]);
});

Deno.test("openGrants() and closeDueGrants() make no command for a log without debug lines", async () => {
  const { context, log, lines, time } = await scene({ commandOf: () => assert.fail("made") });
  const quiet = Object.assign(log, { takes: (level: string) => level !== "debug" });
  await openGrants([grant(22, NOW + 30)], context, quiet);
  time.now = NOW + 30;
  await closeDueGrants(context, quiet, STEADY);
  assert.deepEqual(lines.map((line) => line.split(" ", 2).join(" ")), ["info: Added", "info: Removed"]);
});

Deno.test("openGrants() asks for nothing when there is nothing to open", async () => {
  const { context, log, lines } = await scene({ grant: () => assert.fail("asked") });
  await openGrants([], context, log);
  assert.deepEqual(lines, []);
});

Deno.test("openGrants() says what was not opened, one or all, and then looks what is open", async () => {
  const refused = await scene();
  refused.real.refuse("the lock is held");
  await openGrants([grant(22, NOW + 30)], refused.context, refused.log);
  assert.deepEqual(refused.lines, ["error: Cannot open input tcp/22: the lock is held"]);
  assert.equal(refused.context.ledger.size, 0);
  const left = [grant(22, NOW + 30)];
  const stopped = await scene({
    grant: () => Promise.reject(new Error("it did not end in time")),
    list: () => Promise.resolve(left),
  });
  await openGrants([grant(22, NOW + 30), grant(23, NOW + 30)], stopped.context, stopped.log);
  assert.deepEqual(stopped.lines, [
    "error: Cannot open input tcp/22; input tcp/23: it did not end in time",
    `info: Took over a rule in recording input with expire time of ${NOW + 30}`,
  ]);
  assert.equal(stopped.context.ledger.nextDue(), NOW + 30);
});

Deno.test("closeDueGrants() closes what is over and nothing else", async () => {
  const { context, real, log, lines, time } = await scene();
  await openGrants([grant(22, NOW + 30), grant(23, NOW + 60)], context, log);
  lines.length = 0;
  time.now = NOW + 29;
  await closeDueGrants(context, log, STEADY);
  assert.equal(lines.length, 0, lines.join("\n"));
  time.now = NOW + 30;
  await closeDueGrants(context, log, STEADY);
  assert.equal(real.admits(access(22)), false);
  assert.equal(real.admits(access(23)), true);
  assert.deepEqual(lines.filter((line) => line.startsWith("info")), [
    `info: Removed rule 1 from recording input with expire time of ${NOW + 30}`,
  ]);
  assert.equal(context.ledger.size, 1);
});

Deno.test("closeDueGrants() leaves closing to a kernel that keeps the time, unless the clock was set ahead of it", async () => {
  const revoked: number[] = [];
  const { context, log, time } = await scene({
    kernelTimed: true,
    revoke: (batch) => Promise.resolve(void revoked.push(batch.length)),
  });
  await openGrants([grant(22, NOW + 30), grant(23, NOW + 60)], context, log);
  time.now = NOW + 30;
  await closeDueGrants(context, log, STEADY);
  assert.deepEqual(revoked, []);
  time.now = NOW + 60;
  await closeDueGrants(context, log, AHEAD);
  assert.deepEqual(revoked, [1]);
  assert.equal(context.ledger.size, 0);
});

Deno.test("closeDueGrants() keeps what would not close, tries again a second later, and says so once", async () => {
  const { context, real, log, lines, time } = await scene();
  await openGrants([grant(22, NOW + 30)], context, log);
  lines.length = 0;
  real.refuse("the lock is held");
  for (const seconds of [30, 31]) {
    time.now = NOW + seconds;
    await closeDueGrants(context, log, STEADY);
    assert.equal(context.ledger.nextDue(), NOW + seconds + 1);
  }
  assert.deepEqual(lines, ["error: Cannot close 1 doors, trying again every second: the lock is held"]);
  assert.equal(context.ledger.size, 1);
});

Deno.test("rulesetChanged() takes news that cannot be read for a change, and says once that it cannot", async () => {
  let answer: boolean | null = true;
  const drain = () => {
    if (answer === null) throw new Error("the socket is broken");
    return answer;
  };
  const { context, log, lines } = await scene({ events: { fd: 3, drain } });
  assert.equal(rulesetChanged(context, log), true);
  answer = false;
  assert.equal(rulesetChanged(context, log), false);
  answer = null;
  assert.equal(rulesetChanged(context, log), true);
  assert.equal(rulesetChanged(context, log), true);
  assert.deepEqual(lines, ["error: Cannot read the news of the ruleset: the socket is broken"]);
});

Deno.test("openGrants() has no word of success for what others keep shut, and keeps it in the account", async () => {
  const { context, real, log, lines } = await scene();
  real.obstruct([BLOCK]);
  await openGrants([grant(22, NOW + 30)], context, log);
  assert.deepEqual(lines.filter((line) => !line.startsWith("debug")), [
    "warning: Opened access for 192.0.2.7 -> 0.0.0.0/0 tcp/22 in recording input, but inet block input keeps it shut: it drops " +
    "by policy; let it in",
  ]);
  assert.equal(context.ledger.expiryOf(grant(22, 0)), NOW + 30);
  lines.length = 0;
  await judgeOpenGrants(context, log);
  assert.deepEqual(lines, [], "told already");
  real.obstruct([]);
  await judgeOpenGrants(context, log);
  await judgeOpenGrants(context, log);
  assert.deepEqual(lines, [
    "info: 192.0.2.7 -> 0.0.0.0/0 tcp/22 is open in recording input, and nothing else keeps it shut any more",
  ]);
});

Deno.test("judgeOpenGrants() says once that it cannot, and does not end the daemon", async () => {
  const judgeAll = () => {
    throw new Error("no answer");
  };
  const { context, log, lines } = await scene({ judgeAll });
  await judgeOpenGrants(context, log);
  await judgeOpenGrants(context, log);
  assert.deepEqual(lines, ["error: Cannot tell whether others keep open doors shut: no answer"]);
});

Deno.test("surveyRuleset() asks for what is open when it is needed, and says once that it cannot", async () => {
  const seen: unknown[] = [];
  let failure: string | null = null;
  const { context, log, lines, time } = await scene({
    survey: async (open) => {
      if (failure !== null) throw new Error(failure);
      await openGrants([grant(22, NOW + 30)], context, () => {});
      time.now += 10;
      seen.push(open.live().length, open.now());
    },
  });
  await surveyRuleset(context, log);
  assert.deepEqual(seen, [1, NOW + 10]);
  failure = "no answer";
  await surveyRuleset(context, log);
  await surveyRuleset(context, log);
  assert.deepEqual(lines, ["error: Cannot survey the ruleset, trying again: no answer"]);
});

Deno.test("surveyRuleset() takes over the rules of others where another packet filter has taken over", async () => {
  const { context, real, log, lines } = await scene();
  await real.grant([grant(80, NOW + 90)], [], NOW);
  await surveyRuleset(context, log);
  assert.deepEqual(lines, []);
  const name = { now: "one" };
  const firewall: Firewall = {
    ...real,
    get name() {
      return name.now;
    },
    survey: () => Promise.resolve(void (name.now = "another")),
  };
  await surveyRuleset({ ...context, firewall }, log);
  assert.deepEqual(lines, [`info: Took over a rule in recording input with expire time of ${NOW + 90}`]);
});

Deno.test("repairIfChanged() puts back what is ours with what is open, and says so only when something was missing", async () => {
  const { context, real, log, lines } = await scene();
  await openGrants([grant(22, NOW + 30)], context, log);
  lines.length = 0;
  await repairIfChanged(context, log);
  assert.deepEqual(lines, []);
  real.flushRuleset();
  await repairIfChanged(context, log);
  assert.equal(real.admits(access(22)), true);
  assert.deepEqual(lines, [
    "warning: The ruleset was changed by somebody else: put back what belongs to fwknopd (recording)",
  ]);
});

Deno.test("repairIfChanged() says once that it cannot, and does not end the daemon", async () => {
  const { context, log, lines } = await scene({ repair: () => Promise.reject(new Error("no answer")) });
  await repairIfChanged(context, log);
  await repairIfChanged(context, log);
  assert.deepEqual(lines, ["error: Cannot put back what belongs to fwknopd in the ruleset: no answer"]);
});

Deno.test("adoptForeignRules() takes over what others opened, once, where we have to close it", async () => {
  const { context, real, log, lines } = await scene();
  await real.grant([grant(80, NOW + 90)], [], NOW);
  assert.equal(await adoptForeignRules(context, log), true);
  assert.equal(await adoptForeignRules(context, log), true);
  assert.deepEqual(lines, [`info: Took over a rule in recording input with expire time of ${NOW + 90}`]);
  assert.equal(context.ledger.nextDue(), NOW + 90);
  const timed = await scene({ kernelTimed: true, list: () => assert.fail("asked") });
  assert.equal(await adoptForeignRules(timed.context, timed.log), true);
});

Deno.test("adoptForeignRules() says that the packet filter gave no answer", async () => {
  const { context, log, lines } = await scene({ list: () => Promise.reject(new Error("the lock is held")) });
  assert.equal(await adoptForeignRules(context, log), false);
  assert.deepEqual(lines, ["error: Cannot list what is open: the lock is held"]);
});
