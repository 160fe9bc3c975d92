import assert from "node:assert/strict";
import { createPatience } from "../../../daemon/loop/patience.ts";
import { stanzaIndex } from "../../../daemon/verify/stanza_index.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { datagram, knock, NOW } from "../../fakes/knock.ts";
import { access, FD, play } from "./play.ts";

Deno.test("runLoop() opens for a knock, closes on time, and sleeps until then", async () => {
  const packet = datagram(await knock());
  const open = await play([{ packets: [packet] }]);
  assert.equal(open.firewall.admits(access("192.0.2.10", 22)), true);
  assert.equal(open.firewall.admits(access("192.0.2.11", 22)), false);
  assert.ok(
    open.lines.includes(
      `info: Added access rule to recording input for 192.0.2.10 -> 0.0.0.0/0 tcp/22, expires at ${NOW + 30}`,
    ),
  );
  assert.deepEqual(open.waits, [60_000, 30_000]);
  const closed = await play([{ packets: [packet] }, { seconds: 30 }]);
  assert.equal(closed.firewall.admits(access("192.0.2.10", 22)), false);
  assert.deepEqual(closed.waits, [60_000, 30_000, 30_000]);
});

Deno.test("runLoop() keeps trying to close a door that will not close", async () => {
  const packet = datagram(await knock());
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const { lines, waits } = await play([
    { packets: [packet] },
    { seconds: 30, before: () => firewall.refuse("the lock is held") },
    { seconds: 1, before: () => firewall.refuse(null) },
  ], { firewall });
  assert.ok(lines.some((line) => line.includes("Cannot close 1 doors, trying again every second: the lock is held")));
  assert.deepEqual(waits, [60_000, 30_000, 1000, 29_000]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
});

Deno.test("runLoop() takes a new configuration at SIGHUP and keeps the doors", async () => {
  const seen: string[] = [];
  const { firewall } = await play([{ packets: [datagram(await knock())] }, { hangup: true }, {}], {
    reload: (current) => {
      seen.push("reload");
      return Promise.resolve(() => ({ ...current, context: { ...current.context, index: stanzaIndex([]) } }));
    },
  });
  assert.deepEqual(seen, ["reload"]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true);
});

Deno.test("runLoop() asks again for a configuration that may be half written, and knocks go on meanwhile", async () => {
  const asked: string[] = [];
  const knocking = [datagram(await knock())];
  const { firewall, waits } = await play(
    [{ hangup: true }, { packets: knocking, seconds: 0.1 }, { seconds: 0.15 }, {}],
    {
      reload: (current, again) => {
        asked.push(again ? "again" : "first");
        return Promise.resolve(asked.length < 2 ? "later" : () => current);
      },
    },
  );
  assert.deepEqual(asked, ["first", "again"]);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true);
  assert.deepEqual(waits.slice(0, 3), [60_000, 250, 150]);
});

Deno.test("runLoop() opens doors by the old configuration while a new one is looked into, and then by the new one", async () => {
  const keys = Promise.withResolvers<void>();
  const [first, second] = [datagram(await knock()), datagram(await knock())];
  const { firewall } = await play(
    [{ hangup: true }, { packets: [first], hangup: true }, { before: () => keys.resolve() }, { packets: [second] }],
    {
      patience: createPatience(() => 0, () => {}),
      reload: async () => {
        await keys.promise;
        return (current) => ({ ...current, context: { ...current.context, index: stanzaIndex([]) } });
      },
    },
  );
  assert.equal((await firewall.list()).length, 1);
});

Deno.test("runLoop() takes over a rule that somebody else put in our chains, and closes it on time", async () => {
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const foreign = { access: access("203.0.113.9", 80), expiresAt: NOW + 90 };
  const { lines } = await play([
    { before: () => void firewall.grant([foreign], [], NOW), seconds: 60 },
    { seconds: 30 },
  ], { firewall });
  assert.ok(lines.includes(`info: Took over a rule in recording input with expire time of ${NOW + 90}`));
  assert.equal(firewall.admits(foreign.access), false);
});

Deno.test("runLoop() sleeps for as long as nothing happens where the kernel keeps the time", async () => {
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  assert.deepEqual((await play([], { firewall })).waits, [-1]);
});

Deno.test("runLoop() keeps the time of a door when the wall clock is set back", async () => {
  const packet = datagram(await knock());
  const open = await play([{ packets: [packet] }, { seconds: 10, set: -3600 }, { seconds: 19 }]);
  assert.equal(open.firewall.admits(access("192.0.2.10", 22)), true);
  const closed = await play([{ packets: [packet] }, { seconds: 10, set: -3600 }, { seconds: 20 }]);
  assert.equal(closed.firewall.admits(access("192.0.2.10", 22)), false);
  assert.ok(closed.lines.some((line) => line.includes("The clock was set back by 3600 seconds")));
  assert.deepEqual(closed.waits, [60_000, 30_000, 20_000, 30_000]);
});

Deno.test("runLoop() closes a door by the wall clock when that is set forward", async () => {
  const { firewall, lines } = await play([{ packets: [datagram(await knock())] }, { set: 3600 }]);
  const told = lines.filter((line) => /^info: (Added|Removed) /.test(line)).map((line) => line.split(" ")[1]);
  assert.deepEqual(told, ["Added", "Removed"], lines.join("\n"));
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
});

Deno.test("runLoop() says that a door was removed when it is, also where the kernel goes on by its own clock", async () => {
  // In the kernel no time has passed.
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  const packets = [datagram(await knock())];
  const { lines } = await play([{ packets }, { set: 3600 }], { firewall });
  assert.equal(lines.filter((line) => line.includes("Removed rule")).length, 1, lines.join("\n"));
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
  const stuck = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await stuck.prepare();
  const told = await play([{ packets }, { set: 3600, before: () => stuck.refuse("no answer") }], {
    firewall: stuck,
  });
  assert.equal(told.lines.filter((line) => line.includes("Removed rule")).length, 0, "and only then");
  assert.ok(told.lines.some((line) => line.includes("Cannot close 1 doors")), told.lines.join("\n"));
});

Deno.test("runLoop() leaves the closing to the kernel where the clock was not set", async () => {
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  const idle = { ...firewall, revoke: () => assert.fail("each closing door would cost a look at all of them") };
  const { lines } = await play([{ packets: [datagram(await knock())] }, { seconds: 30 }], { firewall: idle });
  assert.equal(lines.filter((line) => line.includes("Removed rule")).length, 1);
});

Deno.test("runLoop() begins a survey when it is due and goes on beside it, one at a time", async () => {
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  const slow = Promise.withResolvers<void>();
  let surveys = 0;
  let knocked = false;
  const surveying = {
    ...firewall,
    surveyDueAt: NOW * 1000 + 5000,
    survey: () => {
      surveys++;
      return slow.promise;
    },
    grant: (...asked: Parameters<typeof firewall.grant>) => {
      assert.equal(surveys, 1);
      knocked = true;
      return firewall.grant(...asked);
    },
  };
  const { waits } = await play([
    { seconds: 5 },
    { packets: [datagram(await knock())] },
    { before: slow.resolve },
  ], { firewall: surveying });
  assert.equal(waits[0], 5000);
  assert.equal(knocked, true);
  assert.ok(surveys >= 1);
});

Deno.test("runLoop() tells of an open door that others shut, and when that is over", async () => {
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  const due = { at: null as number | null };
  const judging = {
    ...firewall,
    get judgingDueAt() {
      return due.at;
    },
    judgeAll: (...asked: Parameters<typeof firewall.judgeAll>) => {
      due.at = null;
      return firewall.judgeAll(...asked);
    },
  };
  const { lines } = await play([
    { packets: [datagram(await knock())] },
    {
      before: () => {
        firewall.obstruct([{ chain: "inet block input", how: "drops by policy", remedy: "let it in" }]);
        due.at = 0;
      },
    },
    {},
    {
      before: () => {
        firewall.obstruct([]);
        due.at = 0;
      },
    },
  ], { firewall: judging });
  const told = lines.filter((line) => /^(?!debug).*tcp\/22/.test(line)).map((line) =>
    line.replace(/for .*tcp\/22|, expires.*/g, "")
  );
  assert.equal(told.length, 3, told.join("\n"));
  assert.match(told[1] ?? "", /^warning: .*keeps it shut: it drops by policy; let it in$/);
  assert.match(told[2] ?? "", /^info: .*nothing else keeps it shut any more$/);
});

Deno.test("runLoop() looks after its files in time, and sleeps until then", async () => {
  const looks: number[] = [];
  let steady = 0;
  const stateFiles = {
    get dueAt() {
      return steady;
    },
    look: () => {
      looks.push(steady);
      steady += 7000;
    },
  };
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  steady = NOW * 1000 + 5000;
  const { waits } = await play([{ seconds: 4 }, { seconds: 1 }, { seconds: 6 }, { seconds: 1 }], {
    firewall,
    stateFiles,
  });
  assert.deepEqual(waits, [5000, 1000, 7000, 1000, 7000]);
  assert.deepEqual(looks.map((at) => at - NOW * 1000), [5000, 12_000]);
});

Deno.test("runLoop() survives news of the ruleset that cannot be read, and closes on time all the same", async () => {
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const deaf = {
    fd: FD,
    drain: () => {
      throw new Error("the socket is broken");
    },
  };
  const { lines } = await play([{ packets: [datagram(await knock())] }, { seconds: 30 }], {
    firewall: { ...firewall, events: deaf },
  });
  assert.ok(lines.some((line) => line.includes("the socket is broken")));
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
});

Deno.test("runLoop() closes on time also what a packet filter opened without saying so", async () => {
  const real = recordingFirewall({ now: () => NOW });
  await real.prepare();
  const mute = {
    ...real,
    grant: async (...args: Parameters<typeof real.grant>) => {
      await real.grant(...args);
      throw new Error("it did not end in time and was stopped");
    },
  };
  const { lines } = await play([{ packets: [datagram(await knock())] }, { seconds: 30 }], { firewall: mute });
  assert.ok(lines.some((line) => line.includes("it did not end in time")));
  assert.equal(real.admits(access("192.0.2.10", 22)), false);
});

Deno.test("runLoop() asks the packet filter again soon when it did not say what is open", async () => {
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const silent = { ...firewall, list: () => Promise.reject(new Error("the lock is held")) };
  const { waits } = await play([{ seconds: 60 }, {}], { firewall: silent });
  assert.deepEqual(waits, [60_000, 5000, 5000]);
});

Deno.test("runLoop() says once that a door will not close, and again only after it did", async () => {
  const packet = datagram(await knock());
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const { lines } = await play([
    { packets: [packet] },
    { seconds: 30, before: () => firewall.refuse("the lock is held") },
    { seconds: 1 },
    { seconds: 1 },
    { seconds: 1, before: () => firewall.refuse(null) },
  ], { firewall });
  assert.equal(lines.filter((line) => line.includes("the lock is held")).length, 1);
  assert.equal(lines.filter((line) => line.includes("Removed rule 1 from")).length, 1);
});
