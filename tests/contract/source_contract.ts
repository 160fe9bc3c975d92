/** What every `PacketSource` promises, as tests that run against each way of getting packets. */
import assert from "node:assert/strict";
import type { Batch, Datagram, PacketSource } from "../../daemon/packet/datagram.ts";
import { FfiError } from "../../ffi/errors.ts";
import { Waiter } from "../../ffi/libc/poll.ts";

/** One UDP payload on its way to the source. */
export interface Knock {
  readonly family: 4 | 6;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A source that will see exactly the knocks it was opened for. */
export interface Rig extends Disposable {
  readonly source: PacketSource;
  /** The address pair of each family, and the port that knocks are sent to. */
  readonly addresses: Readonly<Record<4 | 6, { readonly source: string; readonly destination: string }>>;
  readonly port: number;
  /** Sends more; null for a source that is complete from the start (a file). */
  readonly send: ((knock: Knock) => void) | null;
  /** Unix milliseconds between which the knocks were sent. */
  readonly sentBetween: readonly [from: number, to: number];
}

/** Opens a source for these knocks: a live one before they are sent, a file after they were written. */
export type OpenRig = (knocks: readonly Knock[]) => Rig;

/** How tests are registered: `Deno.test`, or a gate in front of it. */
export type Register = (name: string, body: (t: Deno.TestContext) => Promise<void>) => void;

/** Far longer than any packet takes; only a failing test waits for it. */
const PATIENCE_MS = 3000;

/** The kernel's time stamps and `Date.now()` are not read off the same tick. */
const CLOCKS_APART_MS = 50;

/** An SPA packet's payload lengths: shorter and longer ones are taken, but make no datagram. */
const SHORTEST = 140;
const LONGEST = 1499;

/** A knock that is unlike any other of the test. */
export function knock(family: 4 | 6, seed: number, length = 200): Knock {
  return { family, payload: Uint8Array.from({ length }, (_, index) => (index * 3 + seed) & 0xff) };
}

/** Reads until `count` packets were taken, in batches of at most `limit`. */
async function gather(source: PacketSource, count: number, limit = 1000): Promise<Batch[]> {
  using waiter = new Waiter();
  if (source.fd !== null) waiter.watch(source.fd);
  const batches: Batch[] = [];
  let taken = 0;
  while (taken < count) {
    if (source.fd !== null && !batches.at(-1)?.more) {
      const ready = await waiter.wait(PATIENCE_MS);
      assert.ok(ready.has(source.fd), `only ${taken} of ${count} packets came`);
    }
    const batch = source.read(limit);
    assert.ok(batch.taken > 0 || source.fd !== null, `only ${taken} of ${count} packets came`);
    batches.push(batch);
    taken += batch.taken;
  }
  return batches;
}

function all(batches: readonly Batch[]): Datagram[] {
  return batches.flatMap((batch) => batch.datagrams);
}

/** Libraries are opened at first use and stay: Deno 2.6 counts that as a leak of the test that comes first. */
const plainTest: Register = (name, fn) => Deno.test({ name, fn, sanitizeResources: false });

/** Registers the suite. */
export function testPacketSource(kind: string, open: OpenRig, register: Register = plainTest): void {
  register(`${kind}: payload, addresses, ports and time of both families arrive as sent, in order`, async () => {
    const knocks = [knock(4, 1), knock(6, 2), knock(4, 3, SHORTEST), knock(6, 4, LONGEST), knock(4, 5)];
    using rig = open(knocks);
    const datagrams = all(await gather(rig.source, knocks.length));
    assert.deepEqual(datagrams.map(({ payload }) => payload), knocks.map(({ payload }) => payload));
    for (const [index, datagram] of datagrams.entries()) {
      const { destination, source } = rig.addresses[knocks[index]?.family ?? 4];
      assert.equal(datagram.source.text, source);
      assert.equal(datagram.destination?.text, destination);
      assert.deepEqual([datagram.protocol, datagram.destinationPort], [17, rig.port]);
      assert.ok(datagram.sourcePort > 0 && datagram.sourcePort < 65536);
      const [from, to] = rig.sentBetween;
      const { receivedAt } = datagram;
      assert.ok(receivedAt > from - CLOCKS_APART_MS && receivedAt < to + CLOCKS_APART_MS, `${receivedAt}, not ${from}`);
    }
  });

  register(`${kind}: each knock counts once, and then there is nothing`, async () => {
    using rig = open([knock(4, 1), knock(6, 2)]);
    const batches = await gather(rig.source, 2);
    assert.equal(all(batches).length, 2);
    const rest = rig.source.read(10);
    const offline = rig.source.fd === null;
    const { again, ...without } = rest;
    assert.deepEqual(without, { datagrams: [], taken: 0, more: false, ended: offline });
    assert.equal(again !== undefined, offline, "what has no descriptor says when to look again");
    assert.deepEqual(rig.source.read(10), rest);
  });

  register(`${kind}: a limit stops the read, and says that more may wait`, async () => {
    const knocks = Array.from({ length: 7 }, (_, index) => knock(index % 2 === 0 ? 4 : 6, index));
    using rig = open(knocks);
    const batches = await gather(rig.source, knocks.length, 3);
    assert.ok(batches.every((batch) => batch.taken <= 3));
    assert.ok(batches.every((batch) => batch.more === (batch.taken === 3)));
    assert.deepEqual(all(batches).map(({ payload }) => payload), knocks.map(({ payload }) => payload));
  });

  register(`${kind}: what no SPA packet can be is taken, but makes no datagram`, async () => {
    const lengths = [0, 1, SHORTEST - 1, SHORTEST, LONGEST, LONGEST + 1];
    using rig = open(lengths.map((length, index) => knock(4, index, length)));
    const datagrams = all(await gather(rig.source, lengths.length));
    assert.deepEqual(datagrams.map(({ payload }) => payload.length), [SHORTEST, LONGEST]);
  });

  register(`${kind}: a payload is the receiver's own: later reads leave it alone`, async () => {
    const knocks = [knock(4, 11), knock(4, 22), knock(6, 33)];
    using rig = open(knocks);
    const [first, ...others] = all(await gather(rig.source, knocks.length, 1));
    assert.deepEqual(first?.payload, knocks[0]?.payload);
    first?.payload.fill(0);
    assert.deepEqual(others.map(({ payload }) => payload), knocks.slice(1).map(({ payload }) => payload));
  });

  register(`${kind}: the descriptor is readable when there is something, and only then`, async () => {
    using rig = open([knock(4, 1)]);
    const { send, source } = rig;
    if (source.fd === null || send === null) return;
    using waiter = new Waiter();
    waiter.watch(source.fd);
    await gather(source, 1);
    assert.equal((await waiter.wait(0)).size, 0);
    send(knock(6, 2));
    assert.ok((await waiter.wait(PATIENCE_MS)).has(source.fd));
    assert.equal(source.read(10).taken, 1);
    assert.equal((await waiter.wait(0)).size, 0);
  });

  register(`${kind}: statistics count every packet, or there are none`, async () => {
    using rig = open([knock(4, 1), knock(6, 2), knock(4, 3, 20)]);
    await gather(rig.source, 3);
    const statistics = rig.source.statistics();
    if (rig.source.fd === null) assert.equal(statistics, null);
    else {assert.deepEqual({ dropped: statistics?.dropped, enough: (statistics?.received ?? 0) >= 3 }, {
        dropped: 0,
        enough: true,
      });}
  });

  register(`${kind}: the banner is made of whole lines`, () => {
    using rig = open([]);
    assert.ok(rig.source.banner.length > 0);
    assert.ok(rig.source.banner.every((line) => /^[^\n]+$/.test(line)));
    return Promise.resolve();
  });

  register(`${kind}: closing twice is closing once, and a closed source says so`, () => {
    using rig = open([knock(4, 1)]);
    rig.source[Symbol.dispose]();
    rig.source[Symbol.dispose]();
    assert.throws(() => rig.source.read(1), FfiError);
    return Promise.resolve();
  });
}
