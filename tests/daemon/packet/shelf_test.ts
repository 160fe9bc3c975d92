import assert from "node:assert/strict";
import { datagramShelf } from "../../../daemon/packet/shelf.ts";
import { datagram, ip } from "../../fakes/knock.ts";

const SMALL = datagram("a".repeat(140));
const LARGE = datagram("b".repeat(1499), {
  source: ip("2001:db8::7"),
  destination: ip("2001:db8::1"),
  protocol: 6,
  sourcePort: 65535,
  destinationPort: 1,
  receivedAt: 1_700_000_000_123.5,
});
const UNTOLD = datagram("c".repeat(200), { destination: null, protocol: 1, sourcePort: 0, destinationPort: 0 });
/** More than any candidate has. */
const HUGE = datagram("d".repeat(70_000));

Deno.test("a packet comes back as it was put there, whatever was there before", () => {
  const shelf = datagramShelf(2);
  shelf.put(1, UNTOLD);
  for (const packet of [SMALL, LARGE, SMALL, UNTOLD, HUGE, LARGE]) {
    shelf.put(0, packet);
    assert.deepEqual(shelf.labelOf(0), packet.source);
    assert.deepEqual(shelf.take(0), packet);
    assert.deepEqual(shelf.take(1), UNTOLD);
  }
});

Deno.test("what was taken stays as it is when its place is used again, and what was put is no part of the shelf", () => {
  const shelf = datagramShelf(1);
  const given = datagram("a".repeat(140), { source: ip("192.0.2.1") });
  shelf.put(0, given);
  given.payload.fill(0);
  const [label, taken] = [shelf.labelOf(0), shelf.take(0)];
  shelf.put(0, LARGE);
  assert.deepEqual(label, ip("192.0.2.1"));
  assert.deepEqual(taken, { ...SMALL, source: ip("192.0.2.1") });
  assert.deepEqual(given.source, ip("192.0.2.1"));
});
