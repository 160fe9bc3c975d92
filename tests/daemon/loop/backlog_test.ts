/** While more packets wait the next batch is decided beside the disk's work for the one before. */
import assert from "node:assert/strict";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import type { Runtime } from "../../../daemon/loop/active_config.ts";
import type { Batch, Datagram } from "../../../daemon/packet/datagram.ts";
import { datagram, knock, NOW } from "../../fakes/knock.ts";
import { type Disk, type Events, storeOn } from "./disk.ts";
import { play, type Turn } from "./play.ts";

/** How the loop is played, after a knock for which this thread waits. */
interface Played {
  /** What each read gives, then nothing. */
  readonly reads: readonly (Batch | Error)[];
  /** Turns after the first, in which the source becomes readable. */
  readonly turns?: readonly Turn[];
  readonly disk?: Disk;
  readonly changes?: (events: Events) => Partial<Runtime>;
}

/** Lines that count as events. */
const NOTED = /^(\* )?(Added|Removed|Replay|Incoming packet count|Nothing is opened for \d+ packets)/;

async function played({ reads, turns = [{}], disk = {}, changes = () => ({}) }: Played) {
  const events: Events = [];
  const clock = { ms: NOW * 1000 };
  const left = [batch(false, await knockFor(9)), ...reads];
  const read = (): Batch => {
    const next = left.shift() ?? batch(false);
    if (next instanceof Error) throw next;
    return next;
  };
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const grant: typeof firewall.grant = (...args) => {
    for (const { access } of args[0]) events.push(`open ${access.slot === "input" ? access.service?.port : ""}`);
    return firewall.grant(...args);
  };
  const run = await play(
    [{ packets: [] }, { packets: [] }, ...turns].map((turn) => ({ ...turn, before: () => void events.push("wait") })),
    { firewall: { ...firewall, grant }, steady: () => clock.ms, ...changes(events) },
    {
      decides: { store: storeOn(disk, events, clock) },
      from: { read },
      through: (log) => (level, text) => {
        const noted = NOTED.exec(text)?.[0];
        if (noted !== undefined) events.push(noted);
        log(level, text);
      },
    },
  );
  let waits = 0;
  const seen = events.flatMap((event) => {
    if (event !== "wait") return event;
    return run.waits[waits++] === 0 ? [] : "rest";
  });
  assert.deepEqual(seen.splice(0, 6), ["rest", "claim", ...here(0), ...opened(9)]);
  return { ...run, events: seen };
}

const batch = (more: boolean, ...datagrams: readonly Datagram[]): Batch => ({
  datagrams,
  taken: datagrams.length,
  more,
  ended: false,
});

/** A knock for a port. */
const knockFor = async (port: number) => datagram(await knock({ message: `192.0.2.10,tcp/${port}` }));

const here = (number: number) => [`flush ${number} here`, `disk ${number}`];
const opened = (...ports: number[]) => [...ports.map((port) => `open ${port}`), ...ports.map(() => "Added")];

Deno.test("runLoop() waits itself for the disk where nothing else waits to be read", async () => {
  const { events } = await played({ reads: [batch(false, await knockFor(1))] });
  assert.deepEqual(events, ["rest", "claim", ...here(1), ...opened(1), "rest"]);
});

/** Three batches of a knock each. */
async function threeBatches(disk: Disk) {
  const [one, two, three] = await Promise.all([1, 2, 3].map(knockFor));
  const reads = [batch(true, one!), batch(true, two!), batch(false, three!)];
  const { events } = await played({ reads, turns: [{}, {}, {}], disk });
  return events;
}

Deno.test("runLoop() decides the next batch while the disk is busy, and opens in order", async () => {
  assert.deepEqual(await threeBatches({ looks: 0 }), [
    ...["rest", "claim", "flush 1 elsewhere", "disk 1", "claim", ...opened(1)],
    ...["flush 2 elsewhere", "disk 2", "claim", ...opened(2)],
    ...[...here(3), ...opened(3), "rest"],
  ]);
});

Deno.test("runLoop() waits itself for a disk that is not slow, also where more can be read", async () => {
  const [one, two, three] = [1, 2, 3].map((number) => ["claim", ...here(number), ...opened(number)]);
  assert.deepEqual(await threeBatches({ hereMs: 3 }), ["rest", ...one!, ...two!, ...three!, "rest"]);
});

Deno.test("runLoop() brings to the disk together what is decided until it has answered", async () => {
  assert.deepEqual(await threeBatches({}), [
    ...["rest", "claim", "flush 1 elsewhere", "claim", "claim", "disk 1", ...opened(1)],
    ...[...here(2), ...opened(2, 3), "rest"],
  ]);
});

Deno.test("runLoop() waits for the disk when enough has been decided meanwhile", async () => {
  const junk = Array.from({ length: 2000 }, () => datagram("junk"));
  const { events } = await played({
    reads: [batch(true, await knockFor(1)), batch(true, ...junk), batch(false, await knockFor(2))],
    turns: [{}, {}, {}],
    disk: { looks: 200 },
  });
  assert.deepEqual(events, [
    ...["rest", "claim", "flush 1 elsewhere", "disk 1", ...opened(1)],
    ...["claim", ...here(2), ...opened(2), "rest"],
  ]);
});

Deno.test("runLoop() opens a batch amid the next one when the disk has answered by then", async () => {
  const many = await Promise.all(Array.from({ length: 400 }, (_, i) => knockFor(1000 + i)));
  const { events } = await played({ reads: [batch(true, await knockFor(1)), batch(false, ...many)] });
  const at = events.indexOf("open 1");
  assert.ok(at > events.indexOf("disk 1"), "not before it is on the disk");
  assert.ok(at < events.lastIndexOf("claim"), "and before all of the next are decided about");
  assert.equal(events.filter((event) => event.startsWith("open")).length, 401);
});

Deno.test("runLoop() opens nothing of a batch that the disk refuses while another is decided, and harms no other", async () => {
  const refused = "Nothing is opened for 1 packets";
  assert.deepEqual(await threeBatches({ looks: 0, failing: [1] }), [
    ...["rest", "claim", "flush 1 elsewhere", "disk 1", "claim", refused],
    ...["flush 2 elsewhere", "disk 2", "claim", ...opened(2)],
    ...[...here(3), ...opened(3), "rest"],
  ]);
  assert.deepEqual(await threeBatches({ failing: [1] }), [
    ...["rest", "claim", "flush 1 elsewhere", "claim", "claim", "disk 1", refused],
    ...[...here(2), ...opened(2, 3), "rest"],
  ]);
  assert.deepEqual(await threeBatches({ failing: [2] }), [
    ...["rest", "claim", "flush 1 elsewhere", "claim", "claim", "disk 1", ...opened(1)],
    ...[...here(2), "Nothing is opened for 2 packets", "rest"],
  ]);
});

Deno.test("runLoop() takes copies of a packet that is on its way to the disk for replays, be it opened or not", async () => {
  const packet = await knockFor(1);
  const copies = Array.from({ length: 40 }, () => packet);
  for (const failing of [[], [1]]) {
    const { events } = await played({
      reads: [batch(true, packet), batch(false, ...copies)],
      disk: { failing },
      turns: [{}, {}],
    });
    const first = failing.length === 0 ? opened(1) : ["Nothing is opened for 1 packets"];
    assert.deepEqual(events.filter((event, at) => event !== events[at - 1]), [
      ...["rest", "claim", "flush 1 elsewhere"],
      ...["disk 1", ...first, "Replay", "rest"],
    ], "it is told after what became of the first");
  }
});

/** What may follow a batch that is on its way to the disk: what is read, what else happens, and what is seen of it. */
interface Follower {
  readonly reads?: readonly (Batch | Error)[];
  readonly turn?: Turn;
  readonly changes?: (events: Events, batches: number) => Partial<Runtime>;
  /** Behind what was opened. */
  readonly then: readonly string[];
}

const count = (events: Events, what: string) => events.filter((event) => event === what).length;
const note = (events: Events, what: string) => void events.push(what);

const FOLLOWERS: Readonly<Record<string, Follower>> = {
  "nothing that could be read": { reads: [batch(false)], then: ["rest"] },
  "junk": { reads: [batch(false, datagram("junk"))], then: ["rest"] },
  "junk, and more of it": {
    reads: [batch(true, datagram("junk")), batch(false, datagram("junk"))],
    then: ["rest"],
  },
  "a source that breaks, and is tried again later": {
    reads: [new Error("it disappeared")],
    changes: (events) => ({ recover: () => (note(events, "recover"), "later") }),
    then: ["recover", "rest"],
  },
  "a source that breaks for good": {
    reads: [new Error("it disappeared")],
    changes: (events) => ({ recover: () => (note(events, "recover"), null) }),
    then: ["recover"],
  },
  "SIGHUP": {
    turn: { hangup: true },
    changes: (events) => ({
      reload: () => {
        note(events, "reload");
        return Promise.resolve((current) => (note(events, "take over"), current));
      },
    }),
    then: ["reload", "take over", "rest"],
  },
  "a reload that takes the source away": {
    turn: { hangup: true },
    changes: () => ({ reload: () => Promise.resolve((current) => ({ ...current, sources: [] })) }),
    then: ["rest"],
  },
  "a look at the replay file in the same turn": {
    changes: (events, batches) => ({
      stateFiles: {
        get dueAt() {
          return count(events, "claim") === batches && count(events, "look") === 0 ? 0 : Infinity;
        },
        look: () => note(events, "look"),
      },
    }),
    then: ["look", "rest"],
  },
  "SIGTERM in the same turn": {
    changes: (events, batches) => ({
      signals: {
        get stop() {
          return count(events, "claim") === batches ? "SIGTERM" as const : null;
        },
        hangup: false,
        takeHangup: () => false,
        [Symbol.dispose]() {},
      },
    }),
    then: [],
  },
};

for (const [what, { reads = [], turn = {}, changes = () => ({}), then }] of Object.entries(FOLLOWERS)) {
  Deno.test(`runLoop() opens what is on its way to the disk, and what is decided behind it, before ${what}`, async () => {
    for (const ports of [[1], [1, 2]]) {
      const knocks = await Promise.all(ports.map(knockFor));
      const { events } = await played({
        reads: [...knocks.map((packet) => batch(true, packet)), ...reads],
        turns: [...ports.slice(1).map(() => ({})), turn, {}, {}],
        changes: (events) => changes(events, 1 + ports.length),
      });
      const expected = [
        ...["rest", "claim", "flush 1 elsewhere", ...ports.slice(1).map(() => "claim"), "disk 1", ...opened(1)],
        ...ports.slice(1).flatMap((port) => [...here(2), ...opened(port)]),
        ...then,
      ];
      assert.deepEqual(events.slice(0, expected.length), expected);
    }
  });
}

Deno.test("runLoop() waits itself for the disk where the packet limit lets it read no more, and ends behind that", async () => {
  const [one, two] = await Promise.all([1, 2].map(knockFor));
  const { events, ending } = await played({
    reads: [batch(true, one!), batch(true, two!)],
    changes: () => ({ packetLimit: 3 }),
  });
  assert.deepEqual(events, [
    ...["rest", "claim", "flush 1 elsewhere"],
    ...["claim", "disk 1", ...opened(1), ...here(2), ...opened(2), "* Incoming packet count"],
  ]);
  assert.deepEqual(ending, { reason: "packet limit" });
});

Deno.test("runLoop() opens what one source brings when it ends because another broke in the same turn", async () => {
  const reads = [batch(false, await knockFor(9)), batch(true, await knockFor(1))];
  const beside = { banner: [], fd: 8, read: () => reads.shift()!, statistics: () => null, [Symbol.dispose]() {} };
  const clock = { ms: NOW * 1000 };
  const events: Events = [];
  const { ending, lines } = await play([{ ready: [8] }, { broken: true, ready: [8] }], { steady: () => clock.ms }, {
    beside: [beside],
    decides: { store: storeOn({}, events, clock) },
  });
  assert.deepEqual(ending, { reason: "capture broken" });
  assert.ok(events.includes("flush 1 elsewhere"));
  assert.equal(lines.filter((line) => line.includes("Added access rule")).length, 2);
});
