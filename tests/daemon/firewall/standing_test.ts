import assert from "node:assert/strict";
import type { Repaired } from "../../../daemon/firewall/backend.ts";
import { type Access, FirewallError, liveOnDemand } from "../../../daemon/firewall/firewall.ts";
import { StandingFirewall } from "../../../daemon/firewall/standing.ts";
import { FfiError } from "../../../ffi/errors.ts";
import {
  change,
  fakeBackend,
  fakeListener,
  fakePath,
  inputChain,
  iptablesChain,
  OBSTRUCTION,
} from "../../fakes/packet_filter.ts";
import { access, grant, NOW, scene } from "./standing_scene.ts";

Deno.test("grant() is heard and judged: what others took away is put back with what is open and what was just opened", async () => {
  const { firewall, backends, waiting, lines, state } = await scene();
  waiting.changes.push(change("other"), change("ours"));
  const live = [grant(80, 60)];
  const outcomes = await firewall.grant([grant(22)], live, NOW);
  assert.deepEqual(outcomes, [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  assert.deepEqual(backends.nftables.calls, [`grant 22@${NOW + 30}`, `repair 80@${NOW + 60},22@${NOW + 30}`]);
  assert.equal(state.heard.length, 2);
  assert.deepEqual(lines, [], "nothing was missing");
});

Deno.test("grant() looks through nothing that is open besides where nothing has to be put back", async () => {
  const opens = (batch: readonly unknown[]) =>
    Promise.resolve(batch.map(() => ({ ok: true, alreadyOpen: false }) as const));
  const { firewall } = await scene({ nftables: { grant: opens } });
  const live = liveOnDemand(() => assert.fail("looked through"));
  assert.deepEqual(await firewall.grant([grant(22)], live, NOW), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
});

Deno.test("grant() says that something was put back, and a place that is gone makes a survey due", async () => {
  let found: Repaired = "restored";
  const { firewall, waiting, lines, live } = await scene({ nftables: { repair: () => Promise.resolve(found) } });
  waiting.changes.push(change("ours"));
  await firewall.grant([grant(22)], live, NOW);
  assert.deepEqual(lines, [
    "warning: The ruleset was changed by somebody else: put back what belongs to fwknopd (nftables)",
  ]);
  assert.equal(firewall.surveyDueAt, 60_000);
  found = "gone";
  assert.equal(await firewall.repair(live, NOW), false);
  assert.equal(firewall.surveyDueAt, 0);
});

Deno.test("grant() looks at nothing of ours for changes that do not concern it, and for our own", async () => {
  const { firewall, backends, waiting, state } = await scene();
  waiting.changes.push(change("other"), change("ours", 1), change("theirs", 1));
  await firewall.grant([grant(22)], [], NOW);
  assert.deepEqual(backends.nftables.calls, [`grant 22@${NOW + 30}`]);
  assert.equal(state.heard.length, 3, "our own jumps stand on the way of packets too");
  assert.equal(firewall.surveyDueAt, 60_000, "but nothing of ours makes a survey due");
});

Deno.test("grant() is no success where what others took away cannot be put back, and leaves nothing open then", async () => {
  const { firewall, backends, waiting, live } = await scene({
    nftables: { repair: () => Promise.reject(new FirewallError("Cannot list the set", "see nft")) },
  });
  await firewall.grant([grant(80, 60)], [], NOW);
  live.push(grant(80, 60));
  waiting.changes.push(change("ours"));
  const outcomes = await firewall.grant([grant(22), grant(80, 90)], live, NOW);
  assert.deepEqual(outcomes, Array(2).fill({ ok: false, reason: "Cannot list the set" }));
  assert.ok(!backends.nftables.recording.admits(access(22)), "what is said not to be open is not");
  assert.ok(backends.nftables.recording.admits(access(80)), "what was open before stays");
});

Deno.test("grant() counts what was opened where news cannot be read: they are lost ones, and everything is looked at", async () => {
  const { firewall, backends, waiting, state } = await scene();
  waiting.failure = new FfiError("Cannot read the packet filter's answer: errno 5", { library: "libc.so.6", code: 5 });
  const outcomes = await firewall.grant([grant(22)], [], NOW);
  assert.deepEqual(outcomes, [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  assert.deepEqual(backends.nftables.calls, [`grant 22@${NOW + 30}`, `repair 22@${NOW + 30}`]);
  assert.deepEqual(state.heard, ["lost"]);
  assert.equal(firewall.surveyDueAt, 0);
  assert.throws(() => firewall.events?.drain(), FfiError, "the loop says why");
});

Deno.test("repair() that failed is tried again after the next survey, although no event says so", async () => {
  let isBroken = true;
  const { firewall, backends, waiting, survey, time } = await scene({
    nftables: {
      repair: () => {
        backends.nftables.calls.push("repair");
        return isBroken
          ? Promise.reject(new FirewallError("Cannot list the set", "see nft"))
          : Promise.resolve("intact");
      },
    },
  });
  waiting.changes.push(change("ours"));
  assert.equal(firewall.events?.drain(), true);
  await assert.rejects(firewall.repair([], NOW), FirewallError);
  assert.equal(firewall.surveyDueAt, time.steady + 10_000);
  isBroken = false;
  await survey(inputChain());
  await survey(inputChain());
  assert.deepEqual(backends.nftables.calls, ["repair", "adapt ", "repair", "adapt "]);
});

Deno.test("what a packet filter does itself is known to the path before anything is judged by it", async () => {
  for (const owner of ["nftables", "iptables-legacy"] as const) {
    const { path, state } = fakePath([inputChain()]);
    const { listener, waiting } = fakeListener();
    const { backend } = fakeBackend(owner, () => NOW, {
      prepare: () => Promise.resolve(void waiting.changes.push(change("ours", 1))).then(() => []),
    });
    const choice = { backend: backend.name, owner, because: "of the test" };
    const firewall = new StandingFirewall({
      ...{ path, listener, decide: () => choice, open: () => Promise.resolve(backend) },
      ...{ slots: ["input"], needs: [], log: () => {}, steady: () => 0 },
    }, { choice, backend });
    await firewall.prepare();
    assert.equal(state.heard.length, 1);
    assert.equal(state.surveys, owner === "nftables" ? 0 : 1, "legacy iptables tells of no change");
  }
});

Deno.test("drain() asks for a repair where something of ours may be gone, and for a survey where chains changed", async () => {
  const { firewall, waiting } = await scene();
  const { events } = firewall;
  assert.ok(events !== null);
  assert.equal(events.fd, 5);
  waiting.changes.push(change("other"));
  assert.equal(events.drain(), false);
  assert.equal(firewall.surveyDueAt, 60_000);
  assert.equal(firewall.judgingDueAt, 0, "what others do may shut a door, wherever they do it");
  waiting.changes.push(change("theirs"));
  assert.equal(events.drain(), false);
  assert.equal(firewall.surveyDueAt, 0);
  waiting.changes.push(change("ours"));
  assert.equal(events.drain(), true);
});

Deno.test("drain() after changes were lost: a look at what is ours, and one survey", async () => {
  const { firewall, waiting, survey, state } = await scene();
  waiting.lost = true;
  assert.equal(firewall.events?.drain(), true);
  assert.deepEqual(state.heard, ["lost"]);
  assert.equal(firewall.surveyDueAt, 0);
  assert.equal(firewall.judgingDueAt, null, "the survey may mend what would be said of the doors");
  const looking = survey(inputChain());
  assert.equal(firewall.judgingDueAt, null);
  await looking;
  assert.equal(firewall.judgingDueAt, 0);
  assert.equal(state.surveys, 1);
  assert.equal(firewall.surveyDueAt, 60_000);
});

Deno.test("surveys come once a second at most, whatever others do, and never beside another", async () => {
  const { firewall, waiting, time, state } = await scene();
  const slow = Promise.withResolvers<void>();
  state.looking = slow.promise;
  const all = { live: () => [], now: () => NOW };
  const first = firewall.survey(all);
  const second = firewall.survey(all);
  waiting.changes.push(change("theirs"));
  firewall.events?.drain();
  assert.equal(firewall.surveyDueAt, null, "one is under way");
  time.steady = 400;
  slow.resolve();
  await Promise.all([first, second]);
  assert.equal(state.surveys, 1);
  assert.equal(firewall.surveyDueAt, 4400, "ten times as long as it took");
  await firewall.survey(all);
  waiting.changes.push(change("theirs"));
  firewall.events?.drain();
  assert.equal(firewall.surveyDueAt, 1400);
});

Deno.test("grant() that a silent chain keeps shut has it looked at again, because no event says that it went", async () => {
  const { firewall, survey, live, time } = await scene();
  await survey(inputChain(), inputChain({ table: "owned", locked: true }));
  assert.equal(firewall.surveyDueAt, time.steady + 5000, "a table goes with its process");
  time.steady += 1000;
  const granting = firewall.grant([grant(22)], live, NOW);
  await Promise.resolve();
  await survey(inputChain());
  assert.deepEqual(await granting, [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  assert.equal(firewall.surveyDueAt, time.steady + 60_000);
});

Deno.test("grant() that others keep shut asks for no survey where each change is told", async () => {
  const { firewall, state } = await scene();
  state.shutBy = [OBSTRUCTION];
  assert.deepEqual(await firewall.grant([grant(22)], [], NOW), [{
    ok: true,
    alreadyOpen: false,
    shutBy: [OBSTRUCTION],
  }]);
  assert.equal(firewall.surveyDueAt, 60_000);
});

Deno.test("a survey that fails is due again, and what is open stays", async () => {
  const { firewall, state, time } = await scene();
  await firewall.grant([grant(22)], [], NOW);
  state.looking = Promise.reject(new FirewallError("Cannot read the ruleset", "see nft"));
  await assert.rejects(firewall.survey({ live: () => [], now: () => NOW }), /Cannot read the ruleset/);
  assert.equal(firewall.surveyDueAt, time.steady + 10_000);
  assert.equal((await firewall.list()).length, 1);
});

Deno.test("grant() that would stay shut waits for a survey that is near, and opens where that leads", async () => {
  const { firewall, backends, waiting, survey, state } = await scene({
    nftables: { grant: (batch) => Promise.resolve(batch.map(() => ({ ok: false, reason: "the table is gone" }))) },
  });
  waiting.changes.push(change("theirs"));
  firewall.events?.drain();
  assert.equal(firewall.surveyDueAt, 0);
  const knock = firewall.grant([grant(22)], [], NOW);
  await survey(iptablesChain());
  assert.deepEqual(await knock, [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  assert.equal(backends["iptables-nft"].recording.admits(access(22)), true);
  state.shutBy = [OBSTRUCTION];
  const shut = await firewall.grant([grant(23)], [], NOW);
  assert.deepEqual(shut, [{ ok: true, alreadyOpen: false, shutBy: [OBSTRUCTION] }], "no survey is near: nothing waits");
});

Deno.test("grant() that waited says of what it opened itself that it is new", async () => {
  const { firewall, waiting, survey, state } = await scene();
  state.shutBy = [OBSTRUCTION];
  waiting.changes.push(change("theirs"));
  firewall.events?.drain();
  const knock = firewall.grant([grant(22)], [], NOW);
  state.shutBy = [];
  await survey(inputChain());
  assert.deepEqual(await knock, [{ ok: true, alreadyOpen: false, shutBy: [] }]);
});

Deno.test("judgeAll() says of each what keeps it shut, and rests afterwards", async () => {
  const { firewall, state, waiting, time } = await scene();
  waiting.changes.push(change("other"));
  firewall.events?.drain();
  state.shutBy = [OBSTRUCTION];
  const foreign: Access = { slot: "foreign", family: 4, table: "filter", chain: "FWKNOP_INPUT", rule: "-j ACCEPT" };
  const live = [grant(22), { access: foreign, expiresAt: NOW + 30 }];
  assert.deepEqual(await firewall.judgeAll(live), [[OBSTRUCTION], []]);
  assert.equal(firewall.judgingDueAt, null);
  time.steady = 10;
  waiting.changes.push(change("other"));
  firewall.events?.drain();
  assert.equal(firewall.judgingDueAt, 1000);
});

Deno.test("judge() before prepare() takes for open what the packet filter will go into, and afterwards what is there", async () => {
  const { path } = fakePath([inputChain({ locked: true })]);
  const { backend } = fakeBackend("nftables", () => NOW);
  const choice = { backend: "nftables", owner: null, because: "of the test" };
  const firewall = new StandingFirewall({
    ...{ path, listener: null, decide: () => choice, open: () => Promise.resolve(backend) },
    ...{ slots: ["input"], needs: [], log: () => {}, steady: () => 0 },
  }, { choice, backend });
  assert.equal(firewall.events, null);
  assert.deepEqual(firewall.judge(access(22)), []);
  await firewall.prepare();
  assert.deepEqual(firewall.judge(access(22)), [OBSTRUCTION]);
});

Deno.test("describe() ends with what is open and kept shut by others", async () => {
  const { firewall, state } = await scene();
  await firewall.grant([grant(22)], [], NOW);
  const open = await firewall.describe(false);
  assert.doesNotMatch(open, /shut/);
  state.shutBy = [OBSTRUCTION];
  assert.equal(
    (await firewall.describe(false)).slice(open.length),
    "192.0.2.7 -> 0.0.0.0/0 tcp/22 is open in recording input, but inet block input keeps it shut: it drops by policy; " +
      "let it in\n",
  );
  assert.doesNotMatch(await firewall.describe(true), /shut/);
});

Deno.test("a survey looks whether what is open is still there only where nobody tells of changes, and the kernel closes it", async () => {
  for (
    const [owner, listens, looks] of [["nftables", false, 1], ["nftables", true, 0], [
      "iptables-nft",
      false,
      0,
    ]] as const
  ) {
    const { backend, calls } = fakeBackend(owner, () => NOW);
    const { path } = fakePath([inputChain()]);
    const name = owner === "nftables" ? owner : "iptables";
    const choice = { backend: name, owner, because: "it is named" } as const;
    const firewall = new StandingFirewall({
      ...{ path, listener: listens ? fakeListener().listener : null, decide: () => choice },
      open: () => Promise.resolve(backend),
      ...{ slots: ["input"], needs: [], log: () => {}, steady: () => 0 },
    }, { choice, backend });
    await firewall.prepare();
    calls.length = 0;
    await firewall.survey({ live: () => [grant(22)], now: () => NOW });
    assert.equal(calls.filter((call) => call.startsWith("repair")).length, looks, `${owner} ${listens}`);
  }
});
