import assert from "node:assert/strict";
import type { Datagram, PacketSource } from "../../../daemon/packet/datagram.ts";
import { openSource } from "../../../daemon/packet/open.ts";
import { openUdpSource } from "../../../daemon/packet/udp.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";
import { payloadOf } from "../../lib/net/frame_bytes.ts";
import { loopbackSender } from "./loopback.ts";

/** Only a failing test waits that long. */
const PATIENCE_MS = 3000;

function test(name: string, fn: () => Promise<void>): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, sanitizeResources: false });
}

function open(): { readonly source: PacketSource; readonly port: number } & Disposable {
  const source = openUdpSource({ port: 0, clock: Date.now });
  const port = Number(/^Kicking off UDP server to listen on port (\d+)\.$/.exec(source.banner[0] ?? "")?.[1]);
  return { source, port, [Symbol.dispose]: () => source[Symbol.dispose]() };
}

async function take(source: PacketSource, count: number): Promise<Datagram[]> {
  const datagrams: Datagram[] = [];
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  for (let taken = 0; taken < count;) {
    assert.equal((await waiter.wait(PATIENCE_MS)).size, 1, `only ${taken} of ${count} datagrams came`);
    const batch = source.read(10_000);
    datagrams.push(...batch.datagrams);
    taken += batch.taken;
  }
  return datagrams;
}

test("openUdpSource() knows which of this host's addresses a datagram was sent to", async () => {
  using server = open();
  const addresses = ["127.0.0.9", "127.1.2.3", "::1"];
  for (const address of addresses) loopbackSender(address, server.port)(payloadOf(150));
  const datagrams = await take(server.source, addresses.length);
  assert.deepEqual(datagrams.map((each) => each.destination?.text), addresses);
  assert.deepEqual(datagrams.map((each) => each.source.text), ["127.0.0.1", "127.0.0.1", "::1"]);
});

test("openUdpSource() makes no datagram of one that is longer than any SPA packet, not even a cut one", async () => {
  using server = open();
  const send = loopbackSender("127.0.0.1", server.port);
  const lengths = [1499, 1500, 1501, 20_000, 60_000, 150];
  for (const length of lengths) send(payloadOf(length));
  const datagrams = await take(server.source, lengths.length);
  assert.deepEqual(datagrams.map(({ payload }) => payload), [payloadOf(1499), payloadOf(150)]);
});

test("openUdpSource() keeps a burst of more datagrams than one system call takes, in order", async () => {
  using server = open();
  const send = loopbackSender("::1", server.port);
  const payloads = Array.from({ length: 100 }, (_, index) => payloadOf(140 + index, index));
  payloads.forEach(send);
  const datagrams = await take(server.source, payloads.length);
  assert.deepEqual(datagrams.map(({ payload }) => payload), payloads);
  assert.deepEqual(server.source.statistics(), { received: 100, dropped: 0, interfaceDropped: 0 });
});

test("openUdpSource() counts what the kernel had no room for", async () => {
  using server = open();
  const send = loopbackSender("127.0.0.1", server.port);
  // Far beyond the receive buffer, whose size the kernel may have limited.
  const large = payloadOf(60_000);
  for (let i = 0; i < 400; i++) send(large);
  const { dropped = 0 } = server.source.statistics() ?? {};
  assert.ok(dropped > 0 && dropped < 400, `${dropped} dropped`);
  await take(server.source, 400 - dropped);
  assert.deepEqual(server.source.statistics(), { received: 400, dropped, interfaceDropped: 0 });
});

test("openUdpSource() says who may have the port that it cannot have", () => {
  using server = open();
  assert.throws(() => openUdpSource({ port: server.port, clock: Date.now }), (error) => {
    assert.ok(error instanceof FfiError);
    assert.equal(error.message, `Cannot listen on UDP port ${server.port}: Address already in use`);
    assert.match(error.details.hint ?? "", new RegExp(`ss -lunp sport = :${server.port}`));
    return true;
  });
  return Promise.resolve();
});

test("openSource() has the words of the C daemon for a port that is taken, and the hint", () => {
  using server = open();
  assert.throws(() => openSource({ kind: "udp", port: server.port }), (error) => {
    assert.ok(error instanceof FfiError);
    assert.match(
      error.message,
      /^Cannot listen on UDP port \d+: .* \(run_udp_server: bind\(\) failed; Fatal run_udp_server\(\) error\)$/,
    );
    assert.match(error.details.hint ?? "", /ss -lunp/);
    return true;
  });
  return Promise.resolve();
});
