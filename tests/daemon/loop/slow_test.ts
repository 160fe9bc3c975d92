import assert from "node:assert/strict";
import { createSlowLane, MAX_PENDING, type Slow } from "../../../daemon/loop/slow.ts";
import { datagram } from "../../fakes/knock.ts";

/** A decision that is taken up when `finish` is called. */
function slow(authenticated = false) {
  const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>();
  return { authenticated, finished, finish, fail };
}

/** A lane, and how often it woke somebody. */
function lane(limit?: number) {
  const woken = { times: 0 };
  return { woken, lane: createSlowLane<Slow>(() => void woken.times++, limit) };
}

/** Lets what is settled be noticed. */
const settle = () => new Promise<void>((done) => queueMicrotask(() => queueMicrotask(done)));

const packet = datagram("slow");

Deno.test("createSlowLane() gives back what has finished, in the order of arrival, and wakes for each", async () => {
  const { lane: held, woken } = lane();
  const entries = [slow(), slow(), slow()];
  for (const pending of entries) assert.equal(held.add({ datagram: packet, pending }), null);
  assert.equal(held.hasFinished, false);
  entries[2]?.finish();
  entries[0]?.finish();
  await settle();
  assert.equal(held.hasFinished, true);
  assert.equal(held.size, 3);
  assert.equal(woken.times, 2);
  assert.deepEqual(held.takeFinished().map(({ pending }) => pending), [entries[0], entries[2]]);
  assert.deepEqual(held.takeFinished(), []);
  assert.equal(held.hasFinished, false);
  assert.equal(held.size, 1, "the one between them does not keep the others waiting");
});

Deno.test("createSlowLane() takes one that failed for finished", async () => {
  const { lane: held, woken } = lane();
  const pending = slow();
  held.add({ datagram: packet, pending });
  pending.fail();
  await settle();
  assert.equal(woken.times, 1);
  assert.deepEqual(held.takeFinished().map((one) => one.pending), [pending]);
});

Deno.test("createSlowLane() keeps the arrival of one that waits again", async () => {
  const { lane: held } = lane();
  const first = slow(), second = slow(), again = slow();
  held.add({ datagram: packet, pending: first });
  held.add({ datagram: packet, pending: second });
  first.finish();
  await settle();
  const [taken] = held.takeFinished();
  assert.ok(taken);
  held.add({ ...taken, pending: again });
  second.finish();
  again.finish();
  await settle();
  assert.deepEqual(held.takeFinished().map(({ pending }) => pending), [again, second]);
});

Deno.test("createSlowLane() refuses the oldest stranger over its limit, who is then forgotten", async () => {
  const { lane: held, woken } = lane(3);
  const keyHolder = slow(true), stranger = slow(), other = slow(), newest = slow(true);
  for (const pending of [keyHolder, stranger, other]) assert.equal(held.add({ datagram: packet, pending }), null);
  assert.equal(held.add({ datagram: packet, pending: newest })?.pending, stranger);
  assert.equal(held.size, 3);
  stranger.finish();
  await settle();
  assert.equal(woken.times, 0);
  assert.deepEqual(held.takeFinished(), []);
});

Deno.test("createSlowLane() refuses the newcomer where everybody has a key", () => {
  const { lane: held } = lane(1);
  const first = slow(true), second = slow(true), stranger = slow();
  held.add({ datagram: packet, pending: first });
  assert.equal(held.add({ datagram: packet, pending: second })?.pending, second);
  assert.equal(held.add({ datagram: packet, pending: stranger })?.pending, stranger);
  assert.equal(held.size, 1);
});

Deno.test("createSlowLane() holds no more than MAX_PENDING, whoever sends them", () => {
  const { lane: held } = lane();
  const refused = Array.from({ length: 1000 }, () => held.add({ datagram: packet, pending: slow() }))
    .filter((out) => out !== null);
  assert.equal(held.size, MAX_PENDING);
  assert.deepEqual(refused.map(({ arrival }) => arrival), Array.from({ length: 1000 - MAX_PENDING }, (_, i) => i));
});
