import assert from "node:assert/strict";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { createPatience } from "../../../daemon/loop/patience.ts";
import type { Firewall } from "../../../daemon/firewall/firewall.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { NOBODY_WAS_FIRST, type ReplayStore } from "../../../daemon/replay/store.ts";
import type { Log, LogLevel } from "../../../lib/log.ts";
import { datagram, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";
import { sharedStore } from "../../fakes/shared_store.ts";
import { access, play } from "./play.ts";

/** Knocks of one stanza, each for an address of its own or for the services named. */
const knocksFor = async (...messages: string[]) =>
  await Promise.all(messages.map(async (message) => datagram(await knock({ message, timestamp: NOW }))));
const added = (lines: readonly string[]) => lines.filter((line) => line.includes("Added access rule")).length;

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
    flush: () => Promise.reject(new Error("no space left on device")),
  };
  const { lines, firewall } = await play([{ packets: [datagram(await knock())] }], {}, { decides: { store: broken } });
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => /^error: Nothing is opened for 1 packets: no space left/.test(line)));
});

Deno.test("runLoop() writes together what it says of the packets of a turn", async () => {
  const rows: string[][] = [];
  let row: string[] | null = null;
  const gathering = (log: Log): Log =>
    Object.assign((level: LogLevel, text: string) => {
      row?.push(text);
      log(level, text);
    }, {
      together(work: () => void) {
        rows.push(row = []);
        work();
        row = null;
      },
    });
  const packets = [...await knocksFor("192.0.2.1,tcp/22", "192.0.2.2,tcp/22"), datagram("junk")];
  const { lines } = await play([{ packets }], {}, { through: gathering });
  assert.equal(added(lines), 2);
  assert.deepEqual(rows.map(added), [0, 2]);
  assert.equal(rows[0]?.length, 1, "the refusal");
});

Deno.test("runLoop() records before it opens", async () => {
  const order: string[] = [];
  const store = memoryStore();
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const watched: Firewall = {
    ...firewall,
    grant: (...args) => {
      order.push("open");
      return firewall.grant(...args);
    },
  };
  const flush = () => {
    order.push("record");
    return Promise.resolve(NOBODY_WAS_FIRST);
  };
  const decides = { store: { ...store, size: 0, flush } };
  await play([{ packets: [datagram(await knock())] }], { firewall: watched }, { decides });
  assert.deepEqual(order, ["record", "open"]);
});

Deno.test("runLoop() does not open what another daemon was the first to claim", async () => {
  const shared = new Map();
  const wire = await knock();
  const elsewhere = await play([{ packets: [datagram(wire)] }], {}, {
    decides: { store: sharedStore("there", shared) },
  });
  assert.equal(elsewhere.firewall.admits(access("192.0.2.10", 22)), true);
  const packets = [datagram(wire), datagram(await knock({ message: "192.0.2.10,tcp/443" }))];
  const { firewall, lines } = await play([{ packets }], {}, { decides: { store: sharedStore("here", shared) } });
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
  assert.equal(firewall.admits(access("192.0.2.10", 443)), true, "the other packet of the batch");
  assert.ok(
    lines.some((line) => /^warning: Replay detected from source IP: 198.*another daemon has admitted/.test(line)),
  );
});

Deno.test("runLoop() in test mode leaves the packet filter alone", async () => {
  const { lines, firewall } = await play([{ packets: [datagram(await knock())] }], {}, { decides: { testMode: true } });
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
  assert.ok(lines.some((line) => line.includes("--test mode enabled, skipping firewall manipulation.")));
});

Deno.test("runLoop() lets junk cost no line while digests cannot be recorded", async () => {
  const store = memoryStore();
  const broken: ReplayStore = {
    ...store,
    size: 0,
    flush: () => Promise.reject(new Error("no space left on device")),
  };
  const junk = datagram("junk");
  const { lines } = await play([{ packets: [datagram(await knock())] }, { packets: [junk] }, { packets: [junk] }], {}, {
    decides: { store: broken },
  });
  assert.equal(lines.filter((line) => line.includes("no space left")).length, 1);
});

Deno.test("runLoop() opens no more doors for a stanza than MAX_OPEN_GRANTS, and says so", async () => {
  const stanzas = [stanza({ maxOpenGrants: 3 })];
  const first = await knocksFor("192.0.2.1,tcp/22", "192.0.2.2,tcp/22,tcp/80", "192.0.2.3,tcp/22");
  const { firewall, lines } = await play([{ packets: first }], {}, { stanzas });
  assert.equal(added(lines), 3, lines.join("\n"));
  assert.equal(firewall.admits(access("192.0.2.2", 80)), true);
  assert.equal(firewall.admits(access("192.0.2.3", 22)), false);
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
  assert.equal(firewall.admits(access("192.0.2.1", 1)), false);
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
  const patience = createPatience(() => 0, () => {});
  const { lines } = await play([
    { packets: [datagram(await knock())] },
    { packets: [datagram(await knock({ message: "192.0.2.20,tcp/22" }))] },
    { before: () => assert.equal(real.admits(access("192.0.2.20", 22)), true), seconds: 1 },
    { before: () => assert.equal(real.admits(access("192.0.2.10", 22)), false) },
    { before: answer.resolve },
  ], { firewall: slow, patience });
  assert.equal(real.admits(access("192.0.2.10", 22)), true);
  const opened = lines.filter((line) => line.includes("Added access rule"));
  assert.deepEqual(opened.map((line) => /for (\S+)/.exec(line)?.[1]), ["192.0.2.20", "192.0.2.10"]);
});
