/** Packets that wait until the keys of all stanzas may be tried for them, in the loop with everything else real. */
import assert from "node:assert/strict";
import { createStrangers } from "../../../daemon/loop/strangers.ts";
import type { Datagram } from "../../../daemon/packet/datagram.ts";
import type { DecisionContext } from "../../../daemon/verify/decision.ts";
import { randomBytes } from "../../../lib/host/entropy.ts";
import { datagram, decisionContext, ip, KEYS, knock, NOW, stanza } from "../../fakes/knock.ts";
import { rijndael } from "../../fakes/secrets.ts";
import { play, type Turn } from "./play.ts";

const OTHERS = rijndael(new Uint8Array(32).fill(7), { hmac: { name: "sha256", key: new Uint8Array(64).fill(9) } });
/** What a pass over all keys takes, in milliseconds. */
const PASS_MS = 3;

/** A daemon whose passes over all keys take their time, with a fifth of the time for strangers. */
function busyDaemon() {
  const clock = { ms: NOW * 1000 };
  const strangers = createStrangers(() => clock.ms, randomBytes);
  strangers.use(0.2);
  const base = decisionContext();
  const sift: NonNullable<typeof base.sieve>["sift"] = (wire, turns, hint) => {
    clock.ms += PASS_MS;
    base.sieve!.sift(wire, turns, hint);
  };
  const decides: Partial<DecisionContext> = { sieve: { ...base.sieve!, sift }, trialTime: strangers.onArrival };
  /** A turn so many seconds later. */
  const later = (seconds: number, turn: Turn = {}): Turn => ({
    ...turn,
    seconds,
    before: async () => {
      clock.ms += seconds * 1000;
      await turn.before?.();
    },
  });
  return { clock, strangers, decides, later };
}

async function junk(n: number): Promise<Datagram> {
  return datagram(await knock({}, OTHERS), { source: ip(`10.0.${n >> 8}.${n & 255}`) });
}
const junks = async (count: number) => await Promise.all(Array.from({ length: count }, (_, n) => junk(n)));
const mine = async (port: number, hintedAt: number | null) =>
  datagram(await knock({ message: `192.0.2.10,tcp/${port}` }, KEYS, hintedAt), { source: ip("192.0.2.10") });

/** The ports that were opened, in order. */
const opened = (lines: readonly string[]) =>
  lines.flatMap((line) => /^info: Added access rule .* tcp\/(\d+),/.exec(line)?.[1] ?? []).map(Number);

Deno.test("a packet that names its key opens in the turn in which it came, whatever waits; one without opens when there is time", async () => {
  const { strangers, decides, later } = busyDaemon();
  const flood = await junks(20);
  const waiting: number[] = [];
  const look: Turn["before"] = () => void waiting.push(strangers.size);
  const { lines } = await play(
    [
      { packets: [...flood, await mine(22, null), await mine(23, NOW)] },
      { before: look, packets: [await mine(24, NOW)] },
      later(0.1, { before: look }),
      later(0.1),
      later(10),
    ],
    { strangers },
    { decides },
  );
  assert.deepEqual(opened(lines), [23, 24, 22]);
  assert.ok(waiting[0]! > 15 && waiting[1]! > 15, waiting.join());
});

Deno.test("who opened something goes before those of whom nothing is known", async () => {
  const { strangers, decides, later } = busyDaemon();
  const { lines } = await play(
    [
      { packets: [await mine(22, NOW)] },
      { packets: [...await junks(60), await mine(23, null)] },
      later(0.02),
    ],
    { strangers },
    { decides },
  );
  assert.deepEqual(opened(lines), [22, 23]);
});

Deno.test("a packet that is dropped is counted, and told of among the refused", async () => {
  const { strangers, decides } = busyDaemon();
  const { lines } = await play([{ packets: await junks(300) }], { strangers }, { decides, verbose: false });
  const counted = lines.flatMap((line) => /and (\d+) more refused packets, (\d+) of them dropped/.exec(line) ?? []);
  assert.ok(Number(counted[2]) > 200, lines.join("\n"));
  assert.ok(Number(counted[1]) >= Number(counted[2]));
});

Deno.test("a packet that waits opens once, and a copy of it is a replay, whether it waits as well or comes later", async () => {
  const { strangers, decides, later } = busyDaemon();
  const knocked = await mine(22, null);
  const copy = { ...knocked, receivedAt: knocked.receivedAt + 5000, source: ip("192.0.2.66") };
  const { lines } = await play(
    [{ packets: [...await junks(3), knocked, copy] }, later(10), later(10), later(10, { packets: [copy] })],
    { strangers },
    { decides },
  );
  assert.deepEqual(opened(lines), [22]);
  assert.equal(lines.filter((line) => line.includes("Replay detected")).length, 2, lines.join("\n"));
});

Deno.test("what waits is decided by the stanzas that are in force when its turn comes", async () => {
  const { strangers, decides, later } = busyDaemon();
  const gone = [stanza({ secrets: [rijndael(new Uint8Array(32))] })];
  const packets = [...await junks(3), await mine(22, null)];
  const { lines } = await play(
    [{ packets }, { hangup: true }, later(10), later(10), later(10)],
    {
      strangers,
      reload: (current) => Promise.resolve(() => ({ ...current, context: decisionContext(gone) })),
    },
    { decides },
  );
  assert.deepEqual(opened(lines), []);
  assert.equal(strangers.size, 0);
});

Deno.test("the packet limit waits for what waits", async () => {
  const { strangers, decides, later } = busyDaemon();
  const packets = [...await junks(3), await mine(22, null)];
  const { lines, ending } = await play(
    [{ packets }, later(10), later(10), later(10), later(10)],
    { strangers, packetLimit: 4 },
    { decides },
  );
  assert.deepEqual(opened(lines), [22]);
  assert.deepEqual(ending, { reason: "packet limit" });
});

Deno.test("the time of knocks by our keys is not that of strangers", async () => {
  const { strangers, decides } = busyDaemon();
  const packets = await Promise.all(Array.from({ length: 6 }, (_, n) => mine(22 + n, null)));
  const turns = Array.from({ length: 6 }, (): Turn => ({}));
  const { lines } = await play([{ packets }, ...turns], { strangers }, { decides });
  assert.equal(opened(lines).length, 6, "no time went by, but for the passes");
});

Deno.test("without strangers there is nothing to wake up for", async () => {
  const { strangers } = busyDaemon();
  assert.equal(strangers.dueAt(NOW * 1000), null);
  assert.equal(strangers.next(), null);
  strangers.add(await junk(1));
  assert.equal(strangers.dueAt(NOW * 1000), NOW * 1000);
});

Deno.test("of many knocks at once by our keys none is lost, whoever sends them", async () => {
  for (const from of [() => "192.0.2.10", (n: number) => `10.1.${n >> 8}.${n & 255}`]) {
    const { strangers, decides, later } = busyDaemon();
    const packets: Datagram[] = [];
    for (let n = 0; n < 400; n++) packets.push({ ...await mine(1000 + n, null), source: ip(from(n)) });
    const turns = Array.from({ length: 80 }, () => later(0));
    const { lines } = await play([{ packets }, ...turns], { strangers }, { decides });
    assert.equal(new Set(opened(lines)).size, 400);
  }
});

Deno.test("of the stanzas in front of the one that its salt names a knock has no lines, and with -v all of them", async () => {
  const others = [1, 2, 3].map((number) => stanza({ number, secrets: [OTHERS] }));
  const stanzas = [...others, stanza({ number: 4 })];
  const lines = async (hintedAt: number | null, verbose: boolean) => {
    const played = await play([{ packets: [await mine(22, hintedAt)] }], {}, { stanzas, verbose });
    assert.deepEqual(opened(played.lines), [22]);
    return played.lines.filter((line) => line.includes("Non-corresponding HMAC")).length;
  };
  assert.deepEqual([await lines(NOW, false), await lines(null, false), await lines(NOW, true)], [0, 3, 3]);
});
