/** Packets whose opening takes longer than a turn, through the whole loop, with a fake in the place of what opens them. */
import assert from "node:assert/strict";
import type { Firewall } from "../../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { createSlowLane, MAX_PENDING } from "../../../daemon/loop/slow.ts";
import type { Datagram } from "../../../daemon/packet/datagram.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { fault } from "../../../lib/faults.ts";
import { fail, ok } from "../../../lib/result.ts";
import { open } from "../../../lib/spa/open.ts";
import { notOpened, type SlowOpener } from "../../../daemon/verify/attempt.ts";
import type { StanzaMatch } from "../../../daemon/verify/gates.ts";
import { datagram, decisionContext, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";
import { access, play, type Turn } from "./play.ts";

/** What opens slow packets: each waits until the test lets it go. */
function slowOpener() {
  const asked: { readonly body: string; readonly match: StanzaMatch; readonly answer: PromiseWithResolvers<Answer> }[] =
    [];
  const openSlowly = (body: string, match: StanzaMatch) => {
    const answer = Promise.withResolvers<Answer>();
    asked.push({ body, match, answer });
    return answer.promise;
  };
  return { asked, openSlowly };
}

type Answer = Awaited<ReturnType<SlowOpener>>;

/** A packet that is too long for Rijndael: nothing in it is looked at but its text. */
const slowPacket = (n: number): Datagram => datagram(`${"A".repeat(596)}${String(n).padStart(4, "0")}`);
const slowPackets = (count: number) => Array.from({ length: count }, (_, n) => slowPacket(n));

/** What a packet says that lets this address in. */
async function saying(address: string): Promise<Answer> {
  const opened = await open(nobleEngine, await knock({ message: `${address},tcp/22` }), KEYS);
  assert.ok(opened.ok);
  return ok({ message: opened.value });
}

/** Lets everything that is settled be noticed, as a wait would. */
const aTurn = () => new Promise<void>((done) => setTimeout(done));

const STANZAS = [stanza(), stanza({ number: 2, secrets: [{ hmac: null, cipher: { kind: "gpg" } }] })];

/** Plays with a stanza that is opened in memory and one that is not. */
function playSlowly(
  turns: readonly Turn[],
  opener: ReturnType<typeof slowOpener>,
  changes: Parameters<typeof play>[1] = {},
) {
  return play(turns, changes, { stanzas: STANZAS, decides: { openSlowly: opener.openSlowly } });
}

const opened = (lines: readonly string[]) =>
  lines.flatMap((line) => /Added access rule to .* for (\S+)/.exec(line)?.[1] ?? []);

Deno.test("runLoop() opens a normal knock at once while 100 packets wait, and those when they can be", async () => {
  const opener = slowOpener();
  let woken = 0;
  const answers = await Promise.all(slowPackets(100).map((_, n) => saying(`192.0.2.${100 + n}`)));
  const { lines, ending } = await playSlowly(
    [
      { packets: slowPackets(100) },
      { packets: [datagram(await knock())] },
      {
        before: async () => {
          assert.equal(opener.asked.length, 100);
          assert.equal(woken, 0);
          // Only now, when the knock has been opened, and the last one first.
          for (const [n, { answer }] of [...opener.asked.entries()].reverse()) answer.resolve(answers[n]!);
          await aTurn();
          assert.equal(woken, 100);
        },
      },
      {},
    ],
    opener,
    { slow: createSlowLane(() => void woken++) },
  );
  assert.deepEqual(ending, { reason: "SIGTERM" });
  assert.deepEqual(opened(lines), ["192.0.2.10", ...answers.map((_, n) => `192.0.2.${100 + n}`)]);
});

Deno.test("runLoop() records a packet that had to wait before it opens for it", async () => {
  const opener = slowOpener();
  const order: string[] = [];
  const store = memoryStore();
  const flush = () => {
    order.push("record");
    return store.flush();
  };
  const claim: typeof store.claim = (...args) => {
    order.push("claim");
    return store.claim(...args);
  };
  const real = recordingFirewall({ now: () => NOW });
  await real.prepare();
  const firewall: Firewall = { ...real, grant: (...args) => (order.push("open"), real.grant(...args)) };
  const answer = await saying("192.0.2.20");
  const letGo = async () => {
    assert.deepEqual(order, [], "nothing is claimed yet");
    opener.asked[0]!.answer.resolve(answer);
    await aTurn();
  };
  await play([{ packets: [slowPacket(0)] }, { before: letGo }], { firewall }, {
    stanzas: STANZAS,
    decides: { openSlowly: opener.openSlowly, store: { ...store, size: 0, forgottenUntil: 0, flush, claim } },
  });
  assert.deepEqual(order, ["claim", "record", "open"]);
  assert.equal(real.admits(access("192.0.2.20", 22)), true);
});

Deno.test("runLoop() refuses the oldest stranger when too many wait, whatever becomes of it later", async () => {
  const opener = slowOpener();
  const [first, second, third] = await Promise.all(["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(saying));
  const { lines } = await playSlowly([
    { packets: slowPackets(MAX_PENDING + 2) },
    {
      before: async () => {
        for (const [n, answer] of [first, second, third].entries()) opener.asked[n]!.answer.resolve(answer!);
        await aTurn();
      },
    },
  ], opener);
  assert.equal(lines.filter((line) => line.includes("Too many packets wait to be opened")).length, 2, lines.join("\n"));
  assert.deepEqual(opened(lines), ["192.0.2.3"]);
});

Deno.test("runLoop() refuses a packet whose opening fails, and goes on", async () => {
  const opener = slowOpener();
  const { lines, ending } = await playSlowly([
    { packets: [slowPacket(0), slowPacket(1)] },
    {
      before: async () => {
        opener.asked[0]!.answer.reject(new Error("the program is not there"));
        opener.asked[1]!.answer.resolve(fail([notOpened(opener.asked[1]!.match, fault("packet-length"))]));
        await aTurn();
      },
    },
    { packets: [datagram(await knock())] },
  ], opener);
  assert.deepEqual(ending, { reason: "SIGTERM" });
  assert.equal(lines.filter((line) => line.includes("Error creating fko context")).length, 2, lines.join("\n"));
  assert.deepEqual(opened(lines), ["192.0.2.10"]);
});

Deno.test("runLoop() admits nothing by a stanza that a reload took away while a packet waited", async () => {
  const opener = slowOpener();
  const answer = await saying("192.0.2.20");
  const turns = [
    { packets: [slowPacket(0)] },
    { hangup: true },
    {
      before: async () => {
        opener.asked[0]!.answer.resolve(answer);
        await aTurn();
      },
    },
  ];
  const { lines } = await playSlowly(turns, opener, {
    reload: (current) => {
      const { index } = decisionContext([stanza()]);
      return Promise.resolve(() => ({ ...current, context: { ...current.context, index } }));
    },
  });
  assert.deepEqual(opened(lines), []);
});

Deno.test("runLoop() opens a packet by the stanza that is there after a reload", async () => {
  const opener = slowOpener();
  const answer = await saying("192.0.2.20");
  const letGo = (n: number) => async () => {
    assert.equal(opener.asked.length, n + 1);
    opener.asked[n]!.answer.resolve(answer);
    await aTurn();
  };
  const { lines } = await playSlowly(
    [{ packets: [slowPacket(0)] }, { hangup: true }, { before: letGo(0) }, { before: letGo(1) }],
    opener,
    {
      reload: (current) => {
        const { index } = decisionContext([...STANZAS]);
        return Promise.resolve(() => ({ ...current, context: { ...current.context, index } }));
      },
    },
  );
  assert.deepEqual(opened(lines), ["192.0.2.20"]);
});

Deno.test("runLoop() ends while packets wait, and waits for none of them", async () => {
  const opener = slowOpener();
  const { ending, firewall } = await playSlowly([{ packets: slowPackets(3) }], opener);
  assert.deepEqual(ending, { reason: "SIGTERM" });
  assert.equal(opener.asked.length, 3);
  assert.deepEqual(await firewall.list(), []);
});

Deno.test("runLoop() ends at the packet limit when what was captured before has been decided", async () => {
  const opener = slowOpener();
  const answer = await saying("192.0.2.77");
  const { lines, ending } = await playSlowly(
    [
      { packets: slowPackets(1) },
      { packets: slowPackets(1) },
      {
        before: async () => {
          opener.asked[0]!.answer.resolve(answer);
          await aTurn();
        },
      },
    ],
    opener,
    { packetLimit: 1 },
  );
  assert.deepEqual(ending, { reason: "packet limit" });
  assert.deepEqual(opened(lines), ["192.0.2.77"]);
  assert.equal(opener.asked.length, 1);
});
