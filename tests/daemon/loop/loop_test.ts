import assert from "node:assert/strict";
import type { Batch, Datagram, PacketSource } from "../../../daemon/packet/datagram.ts";
import type { Door } from "../../../daemon/firewall/firewall.ts";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { createLedger } from "../../../daemon/grants/ledger.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { createPatience } from "../../../daemon/loop/patience.ts";
import { memoryStore, type ReplayStore } from "../../../daemon/replay/store.ts";
import type { ActiveConfig, Ending, Runtime } from "../../../daemon/loop/active_config.ts";
import { runLoop } from "../../../daemon/loop/loop.ts";
import { createFacts } from "../../../daemon/report/facts.ts";
import { refusalLogs } from "../../../daemon/report/refusal_log.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { datagram, ip, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";

const FD = 7;
const door = (source: string, port: number): Door => ({
  slot: "input",
  source: ip(source),
  destination: null,
  service: { proto: "tcp", port },
});

/** One wake-up: packets that arrive, or time that passes, or both. */
interface Turn {
  readonly packets?: readonly Datagram[];
  readonly seconds?: number;
  /** Seconds by which somebody sets the wall clock, back when negative. */
  readonly set?: number;
  readonly before?: () => void;
  readonly hangup?: boolean;
  readonly broken?: boolean;
}

/** Runs the loop through the turns with everything real but the clock, the wait, the packets and the packet filter. */
async function play(
  turns: readonly Turn[],
  changes: Partial<Runtime> = {},
  { stanzas = [stanza()], verbose = true, from = {} }: {
    readonly stanzas?: readonly Stanza[];
    readonly verbose?: boolean;
    readonly from?: Partial<PacketSource>;
  } = {},
) {
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const clock = { now: NOW, set: 0 };
  const firewall = recordingFirewall({ now: () => clock.now + clock.set });
  await firewall.prepare();
  const signals = { stop: null as "SIGTERM" | null, hangup: false };
  let at = -1;
  let inbox: Batch | "broken" | null = null;
  const waits: number[] = [];
  const disposed: string[] = [];

  const source: PacketSource = {
    banner: [],
    fd: FD,
    read: () => {
      if (inbox === "broken") throw new Error("the interface disappeared");
      assert.ok(inbox !== null, "read only when something is there");
      return inbox;
    },
    statistics: () => null,
    [Symbol.dispose]: () => void disposed.push("source"),
    ...from,
  };
  const active: ActiveConfig = {
    context: {
      engine: nobleEngine,
      stanzas,
      policy: { maxAge: 120, http: { enabled: false, anyUserAgent: false, trustForwardedFor: false } },
      store: memoryStore(),
      recordNothing: false,
    },
    grantOptions: { destinationRule: false, output: false },
    source,
    log,
    refusals: refusalLogs(log, verbose),
    batchLimit: 100,
  };
  const house: Runtime = {
    waiter: {
      watch: () => {},
      unwatch: () => {},
      wait: (timeout) => {
        waits.push(timeout);
        const turn = turns[++at];
        if (turn === undefined) {
          signals.stop = "SIGTERM";
          return Promise.resolve(new Set());
        }
        turn.before?.();
        clock.now += turn.seconds ?? 0;
        clock.set += turn.set ?? 0;
        signals.hangup = turn.hangup ?? false;
        const packets = turn.packets ?? [];
        inbox = turn.broken ? "broken" : { datagrams: packets, taken: packets.length, more: false, ended: false };
        return Promise.resolve(new Set(turn.packets || turn.broken ? [FD] : []));
      },
    },
    patience: createPatience(60_000, () => {}),
    facts: createFacts(),
    signals: {
      get stop() {
        return signals.stop;
      },
      get hangup() {
        return signals.hangup;
      },
      takeHangup: () => {
        const came = signals.hangup;
        signals.hangup = false;
        return came;
      },
      [Symbol.dispose]: () => {},
    },
    store: active.context.store as ReplayStore,
    alreadyOpen: "already exists",
    firewall,
    ledger: createLedger(),
    packetLimit: 0,
    testMode: false,
    clock: () => (clock.now + clock.set) * 1000,
    steady: () => clock.now * 1000,
    reload: (current) => Promise.resolve(current),
    recover: () => null,
    ...changes,
  };
  const ending: Ending = await runLoop(active, house);
  return { lines, firewall, ending, waits, disposed };
}

Deno.test("runLoop() opens for a knock, closes on time, and sleeps until then", async () => {
  const packet = datagram(await knock());
  const open = await play([{ packets: [packet] }]);
  assert.equal(open.firewall.admits(door("192.0.2.10", 22)), true);
  assert.equal(open.firewall.admits(door("192.0.2.11", 22)), false);
  assert.ok(
    open.lines.includes(
      `info: Added access rule to recording input for 192.0.2.10 -> 0.0.0.0/0 tcp/22, expires at ${NOW + 30}`,
    ),
  );
  assert.deepEqual(open.waits, [60_000, 30_000]);
  const closed = await play([{ packets: [packet] }, { seconds: 30 }]);
  assert.equal(closed.firewall.admits(door("192.0.2.10", 22)), false);
  assert.deepEqual(closed.waits, [60_000, 30_000, 30_000]);
});

Deno.test("runLoop() opens once for two copies in one batch", async () => {
  const wire = await knock();
  const { lines } = await play([{ packets: [datagram(wire), datagram(wire)] }]);
  assert.equal(lines.filter((line) => line.includes("Added access rule")).length, 1);
  assert.equal(lines.filter((line) => line.includes("Replay detected")).length, 1);
});

Deno.test("runLoop() opens nothing when the digest cannot be recorded", async () => {
  const store = memoryStore();
  const broken: ReplayStore = {
    ...store,
    size: 0,
    flush: () => {
      throw new Error("no space left on device");
    },
  };
  const { lines, firewall } = await play([{ packets: [datagram(await knock())] }], { store: broken });
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => /^error: Nothing is opened for 1 packets: no space left/.test(line)));
});

Deno.test("runLoop() records before it opens", async () => {
  const order: string[] = [];
  const store = memoryStore();
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  await play([{ packets: [datagram(await knock())] }], {
    store: { ...store, size: 0, flush: () => void order.push("record") },
    firewall: {
      ...firewall,
      grant: (...args) => {
        order.push("open");
        return firewall.grant(...args);
      },
    },
  });
  assert.deepEqual(order, ["record", "open"]);
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
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
});

Deno.test("runLoop() in test mode leaves the packet filter alone", async () => {
  const { lines, firewall } = await play([{ packets: [datagram(await knock())] }], { testMode: true });
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => line.includes("--test mode enabled, skipping firewall manipulation.")));
});

Deno.test("runLoop() stops at the packet limit, junk included", async () => {
  const junk = datagram("junk");
  const { ending, lines } = await play([{ packets: [junk, junk] }, { packets: [junk] }, { packets: [junk] }], {
    packetLimit: 3,
  });
  assert.deepEqual(ending, { reason: "packet limit" });
  assert.ok(lines.includes("warning: * Incoming packet count limit of 3 reached"));
});

Deno.test("runLoop() goes on with another source when the capture breaks, and ends when there is none", async () => {
  assert.deepEqual((await play([{ broken: true }])).ending, { reason: "capture broken" });
  const replaced = await play([{ broken: true }, {}], {
    recover: (current) => ({ ...current.source }),
  });
  assert.deepEqual(replaced.ending, { reason: "SIGTERM" });
  assert.deepEqual(replaced.disposed, ["source"]);
});

Deno.test("runLoop() asks every second for a source whose interface is not there yet, and then knocks open", async () => {
  const asked: (Error | null)[] = [];
  const packets = [datagram(await knock())];
  const { firewall, ending } = await play(
    [{}, { seconds: 1 }, { seconds: 0.5 }, { seconds: 0.5 }, { packets }],
    {
      recover: (current, error) => {
        asked.push(error);
        const { absent: _absent, ...there } = current.source;
        return asked.length < 3 ? "later" : there;
      },
    },
    { from: { absent: true } },
  );
  assert.deepEqual(asked, [null, null, null]);
  assert.deepEqual(ending, { reason: "SIGTERM" });
  assert.equal(firewall.admits(door("192.0.2.10", 22)), true);
});

Deno.test("runLoop() takes a new configuration at SIGHUP and keeps the doors", async () => {
  const seen: string[] = [];
  const { firewall } = await play([{ packets: [datagram(await knock())] }, { hangup: true }, {}], {
    reload: (current) => {
      seen.push("reload");
      return Promise.resolve({ ...current, context: { ...current.context, stanzas: [] } });
    },
  });
  assert.deepEqual(seen, ["reload"]);
  assert.equal(firewall.admits(door("192.0.2.10", 22)), true);
});

Deno.test("runLoop() asks again for a configuration that may be half written, and knocks go on meanwhile", async () => {
  const asked: string[] = [];
  const knocking = [datagram(await knock())];
  const { firewall, waits } = await play(
    [{ hangup: true }, { packets: knocking, seconds: 0.1 }, { seconds: 0.15 }, {}],
    {
      reload: (current, again) => {
        asked.push(again ? "again" : "first");
        return Promise.resolve(asked.length < 2 ? "later" : current);
      },
    },
  );
  assert.deepEqual(asked, ["first", "again"]);
  assert.equal(firewall.admits(door("192.0.2.10", 22)), true);
  assert.deepEqual(waits.slice(0, 3), [60_000, 250, 150]);
});

Deno.test("runLoop() takes over a rule that somebody else put in our chains, and closes it on time", async () => {
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const foreign = { door: door("203.0.113.9", 80), expiresAt: NOW + 90 };
  const { lines } = await play([
    { before: () => void firewall.grant([foreign], [], NOW), seconds: 60 },
    { seconds: 30 },
  ], { firewall });
  assert.ok(lines.includes(`info: Took over a rule in recording input with expire time of ${NOW + 90}`));
  assert.equal(firewall.admits(foreign.door), false);
});

Deno.test("runLoop() sleeps for as long as nothing happens where the kernel keeps the time", async () => {
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  assert.deepEqual((await play([], { firewall })).waits, [-1]);
});

Deno.test("runLoop() closes doors on time while it waits for a capture that broke, and tries it every second", async () => {
  const asked: boolean[] = [];
  const { lines, firewall, waits } = await play([
    { packets: [datagram(await knock())] },
    { broken: true },
    { seconds: 1 },
    { seconds: 29 },
    {},
  ], {
    recover: (current, error) => {
      asked.push(error !== null);
      return asked.length < 3 ? "later" : { ...current.source };
    },
  });
  assert.deepEqual(asked, [true, false, false]);
  assert.deepEqual(waits, [60_000, 30_000, 1000, 1000, 30_000, 30_000]);
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => line.includes("Removed rule 1 from")));
});

Deno.test("runLoop() keeps the time of a door when the wall clock is set back", async () => {
  const packet = datagram(await knock());
  const open = await play([{ packets: [packet] }, { seconds: 10, set: -3600 }, { seconds: 19 }]);
  assert.equal(open.firewall.admits(door("192.0.2.10", 22)), true);
  const closed = await play([{ packets: [packet] }, { seconds: 10, set: -3600 }, { seconds: 20 }]);
  assert.equal(closed.firewall.admits(door("192.0.2.10", 22)), false);
  assert.ok(closed.lines.some((line) => line.includes("The clock was set back by 3600 seconds")));
  assert.deepEqual(closed.waits, [60_000, 30_000, 20_000, 30_000]);
});

Deno.test("runLoop() closes a door by the wall clock when that is set forward", async () => {
  const { firewall, lines } = await play([{ packets: [datagram(await knock())] }, { set: 3600 }]);
  const told = lines.filter((line) => /^info: (Added|Removed) /.test(line)).map((line) => line.split(" ")[1]);
  assert.deepEqual(told, ["Added", "Removed"], lines.join("\n"));
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
});

Deno.test("runLoop() says that a door was removed when it is, also where the kernel goes on by its own clock", async () => {
  // In the kernel no time has passed.
  const firewall = recordingFirewall({ now: () => NOW, kernelTimed: true });
  await firewall.prepare();
  const packets = [datagram(await knock())];
  const { lines } = await play([{ packets }, { set: 3600 }], { firewall });
  assert.equal(lines.filter((line) => line.includes("Removed rule")).length, 1, lines.join("\n"));
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
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
  assert.equal(firewall.admits(door("192.0.2.10", 22)), false);
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
  assert.equal(real.admits(door("192.0.2.10", 22)), false);
});

Deno.test("runLoop() asks the packet filter again soon when it did not say what is open", async () => {
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const silent = { ...firewall, list: () => Promise.reject(new Error("the lock is held")) };
  const { waits } = await play([{ seconds: 60 }, {}], { firewall: silent });
  assert.deepEqual(waits, [60_000, 5000, 5000]);
});

Deno.test("runLoop() lets junk cost no line while digests cannot be recorded", async () => {
  const store = memoryStore();
  const broken: ReplayStore = {
    ...store,
    size: 0,
    flush: () => {
      throw new Error("no space left on device");
    },
  };
  const junk = datagram("junk");
  const { lines } = await play([{ packets: [datagram(await knock())] }, { packets: [junk] }, { packets: [junk] }], {
    store: broken,
  });
  assert.equal(lines.filter((line) => line.includes("no space left")).length, 1);
});

/** Knocks of one stanza, each for an address of its own or for the services named. */
const knocksFor = async (...messages: string[]) =>
  await Promise.all(messages.map(async (message) => datagram(await knock({ message, timestamp: NOW }))));
const added = (lines: readonly string[]) => lines.filter((line) => line.includes("Added access rule")).length;

Deno.test("runLoop() opens no more doors for a stanza than MAX_OPEN_GRANTS, and says so", async () => {
  const stanzas = [stanza({ maxOpenGrants: 3 })];
  const first = await knocksFor("192.0.2.1,tcp/22", "192.0.2.2,tcp/22,tcp/80", "192.0.2.3,tcp/22");
  const { firewall, lines } = await play([{ packets: first }], {}, { stanzas });
  assert.equal(added(lines), 3, lines.join("\n"));
  assert.equal(firewall.admits(door("192.0.2.2", 80)), true);
  assert.equal(firewall.admits(door("192.0.2.3", 22)), false);
  assert.ok(lines.includes(
    "warning: [198.51.100.7] (stanza #1) Nothing is opened for 192.0.2.3: 3 doors are open for this stanza, " +
      "and MAX_OPEN_GRANTS allows 3",
  ));
});

Deno.test("runLoop() counts a door that is asked for again once, in a batch and later, and no door that is closed", async () => {
  const stanzas = [stanza({ maxOpenGrants: 2, timeout: 30 })];
  const again = () => knocksFor("192.0.2.1,tcp/22", "192.0.2.1,tcp/22", "192.0.2.2,tcp/22");
  const turns = [{ packets: await again() }, { seconds: 10, packets: await again() }];
  const renewed = await play(turns, {}, { stanzas });
  assert.equal(added(renewed.lines), 6, renewed.lines.join("\n"));
  const later = { seconds: 30, packets: await knocksFor("192.0.2.8,tcp/22", "192.0.2.9,tcp/22", "192.0.2.10,tcp/22") };
  const closed = await play([{ packets: await again() }, later], {}, { stanzas });
  assert.equal(added(closed.lines), 5, closed.lines.join("\n"));
});

Deno.test("runLoop() opens all that a request asks for, or nothing", async () => {
  const stanzas = [stanza({ maxOpenGrants: 2 })];
  const { firewall, lines } = await play([{ packets: await knocksFor("192.0.2.1,tcp/1,tcp/2,tcp/3") }], {}, {
    stanzas,
  });
  assert.equal(added(lines), 0);
  assert.equal(firewall.admits(door("192.0.2.1", 1)), false);
});

Deno.test("runLoop() counts for each stanza by itself, and keeps counting when the clock is set back", async () => {
  const keys = { ...KEYS, hmac: { name: "sha256" as const, key: new TextEncoder().encode("the key of another") } };
  const stanzas = [stanza({ maxOpenGrants: 1 }), stanza({ number: 2, secrets: [keys], maxOpenGrants: 1 })];
  const other = datagram(await knock({ message: "192.0.2.2,tcp/22" }, keys));
  const turns = [{ packets: await knocksFor("192.0.2.1,tcp/22") }, { packets: [other] }, { set: -20 }];
  const { lines } = await play([...turns, { packets: await knocksFor("192.0.2.3,tcp/22") }], {}, { stanzas });
  assert.equal(added(lines), 2, lines.join("\n"));
  assert.ok(lines.some((line) => /stanza #1\) Nothing is opened for 192\.0\.2\.3: 1 doors/.test(line)));
});

Deno.test("runLoop() limits the lines of refused key holders, with a count", async () => {
  const stanzas = [stanza({ requireUsername: "bob" })];
  const messages = Array.from({ length: 50 }, (_, i) => `192.0.2.${i},tcp/22`);
  const { lines } = await play(
    [{ packets: await knocksFor(...messages) }, { seconds: 60 }],
    {},
    { stanzas, verbose: false },
  );
  const refused = lines.filter((line) => line.includes("does not match required username"));
  assert.equal(refused.length, 11);
  assert.match(refused.at(-1) ?? "", /\(and 39 more refused packets\)$/);
});

Deno.test("runLoop() limits the lines of requests beyond MAX_OPEN_GRANTS, with a count", async () => {
  const messages = Array.from({ length: 50 }, (_, i) => `192.0.2.${i},tcp/22`);
  const { lines } = await play(
    [{ packets: await knocksFor(...messages) }, { seconds: 60 }],
    {},
    { stanzas: [stanza({ maxOpenGrants: 1 })], verbose: false },
  );
  const refused = lines.filter((line) => line.includes("MAX_OPEN_GRANTS"));
  assert.equal(refused.length, 11);
  assert.match(refused.at(-1) ?? "", /\(and 38 more refused packets\)$/);
});

Deno.test("runLoop() opens for others while the packet filter does not answer for one", async () => {
  const real = recordingFirewall({ now: () => NOW });
  await real.prepare();
  const answer = Promise.withResolvers<void>();
  const slow = {
    ...real,
    grant: async (...args: Parameters<typeof real.grant>) => {
      if (JSON.stringify(args[0]).includes("192.0.2.10")) await answer.promise;
      return await real.grant(...args);
    },
  };
  const patience = createPatience(0, () => {});
  const { lines } = await play([
    { packets: [datagram(await knock())] },
    { packets: [datagram(await knock({ message: "192.0.2.20,tcp/22" }))] },
    { before: () => assert.equal(real.admits(door("192.0.2.20", 22)), true), seconds: 1 },
    { before: () => assert.equal(real.admits(door("192.0.2.10", 22)), false) },
    { before: answer.resolve },
  ], { firewall: slow, patience });
  assert.equal(real.admits(door("192.0.2.10", 22)), true);
  const opened = lines.filter((line) => line.includes("Added access rule"));
  assert.deepEqual(opened.map((line) => /for (\S+)/.exec(line)?.[1]), ["192.0.2.20", "192.0.2.10"]);
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
