import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { type DatagramServer, openDatagramServer } from "../../../ffi/libc/datagram_server.ts";
import { connectDatagram } from "../../../ffi/libc/socket.ts";

function test(name: string, fn: () => void): void {
  // Deno 2.6 counts a library that is opened at first use as a leak of the test that comes first.
  Deno.test({ name, fn, sanitizeResources: false });
}

const HERE4 = new Uint8Array([127, 0, 0, 9]);
const MAPPED = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 9]);
const HERE6 = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/** Sends to an own address; loopback delivers before this returns. */
function send(server: DatagramServer, bytes: Uint8Array, length: number): void {
  using socket = connectDatagram({ family: bytes.length === 4 ? 4 : 6, bytes, scopeId: 0, port: server.port });
  socket.sendDatagram(new Uint8Array(length).fill(length & 0xff));
}

test("openDatagramServer() tells the destination on a socket for both families", () => {
  using server = openDatagramServer({ port: 0, bufferBytes: 100_000, longest: 1500 });
  send(server, HERE4, 5);
  send(server, HERE6, 6);
  const { datagrams, taken } = server.receive(10);
  assert.equal(taken, 2);
  assert.deepEqual(datagrams.map(({ destination }) => destination), [MAPPED, HERE6]);
  assert.deepEqual(datagrams.map(({ payload }) => [...payload]), [[5, 5, 5, 5, 5], [6, 6, 6, 6, 6, 6]]);
});

test("openDatagramServer() does so where there is only IPv4", () => {
  using server = openDatagramServer({ port: 0, bufferBytes: 100_000, longest: 1500, families: [4] });
  send(server, HERE4, 5);
  const [datagram] = server.receive(10).datagrams;
  assert.deepEqual(datagram?.destination, HERE4);
  assert.deepEqual(datagram?.source, new Uint8Array([127, 0, 0, 1]));
  assert.ok((datagram?.sourcePort ?? 0) > 0);
});

test("receive() takes and leaves out what is too short or too long, and stops at its limit", () => {
  using server = openDatagramServer({ port: 0, bufferBytes: 1_000_000, longest: 1500 });
  for (const length of [9, 10, 1500, 1501, 30_000]) send(server, HERE4, length);
  assert.deepEqual(server.receive(2, 10).datagrams.map(({ payload }) => payload.length), [10]);
  const rest = server.receive(10, 10);
  assert.deepEqual([rest.taken, ...rest.datagrams.map(({ payload }) => payload.length)], [3, 1500]);
  assert.deepEqual(server.receive(10), { datagrams: [], taken: 0 });
  assert.deepEqual(server.statistics(), { received: 5, dropped: 0 });
});

test("receive() never writes to what it gave away", () => {
  using server = openDatagramServer({ port: 0, bufferBytes: 1_000_000, longest: 1500 });
  send(server, HERE4, 100);
  const [first] = server.receive(10).datagrams;
  const kept = structuredClone(first);
  for (let length = 200; length < 270; length++) send(server, HERE6, length);
  assert.equal(server.receive(100).taken, 70);
  assert.deepEqual(first, kept);
});

test("a closed server says so, and closing twice is closing once", () => {
  const server = openDatagramServer({ port: 0, bufferBytes: 100_000, longest: 1500 });
  server[Symbol.dispose]();
  server[Symbol.dispose]();
  assert.throws(() => server.receive(1), FfiError);
  assert.throws(() => server.fd, FfiError);
});
