import assert from "node:assert/strict";
import { sendPacket } from "../../../cli/send/sender.ts";
import { type Destination, findDestinations, tryEach } from "../../../cli/send/destination.ts";
import { formatHttpRequest } from "../../../cli/send/http.ts";
import { connectStream } from "../../../ffi/libc/socket.ts";
import { captureTcp, closedPort } from "./capture_stream.ts";
import { PACKET } from "./send_namespace.ts";
import { targetOf } from "./targets.ts";

Deno.test("sendPacket() by tcp sends the packet alone, from the source port asked for", async () => {
  const server = captureTcp();
  const sourcePort = closedPort();
  const report = await sendPacket("tcp", PACKET, targetOf({ port: server.port, sourcePort }));
  assert.deepEqual(await server.connection, { text: PACKET, sourcePort });
  assert.deepEqual(report, { bytesSent: PACKET.length, remote: "127.0.0.1", port: server.port });
});

Deno.test("sendPacket() by tcp works over IPv6", async () => {
  const server = captureTcp({ hostname: "::1" });
  const report = await sendPacket("tcp", PACKET, targetOf({ host: "::1", port: server.port }));
  assert.equal(report.remote, "::1");
  assert.equal((await server.connection).text, PACKET);
});

Deno.test("tryEach() goes on to the next address of a name and tells the last failure", async () => {
  const server = captureTcp({ hostname: "::1" });
  const [six] = await findDestinations("::1", { port: server.port, family: null });
  const [closed] = await findDestinations("127.0.0.1", { port: closedPort(), family: null });
  const connect = (destination: Destination) => connectStream(destination, { timeoutMs: 5000 });
  {
    using socket = await tryEach([closed!, six!], connect);
    assert.equal(socket.remote.family, 6);
  }
  assert.equal((await server.connection).text, "");
  await assert.rejects(tryEach([closed!], connect), /Could not create socket: Connection refused/);
});

Deno.test("sendPacket() by tcp says in one sentence why nothing was sent", async () => {
  const port = closedPort();
  await assert.rejects(sendPacket("tcp", PACKET, targetOf({ port })), (error: Error & { hint?: string }) => {
    assert.equal(
      error.message,
      `Could not create socket: Connection refused (connect to port ${port}, 127.0.0.1)`,
    );
    return /nothing listens/.test(error.hint ?? "");
  });
});

Deno.test("sendPacket() by http says when the proxy wants a password", async () => {
  const proxy = captureTcp({ answer: "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n" });
  const httpProxy = { host: "127.0.0.1", port: proxy.port };
  await assert.rejects(
    sendPacket("http", PACKET, targetOf({ httpProxy })),
    /proxy "127.0.0.1" wants a user and password/,
  );
  await proxy.connection;
});

Deno.test("formatHttpRequest() brackets IPv6, leaves zones out, and refuses forged and overlong requests", () => {
  const shape = { host: "fe80::1%eth0", httpProxy: null, userAgent: "Fwknop/2" };
  assert.match(formatHttpRequest(PACKET, shape), /\r\nHost: \[fe80::1\]\r\n/);
  const proxied = { ...shape, httpProxy: { host: "2001:db8::9", port: null } };
  assert.match(formatHttpRequest(PACKET, proxied), /^GET http:\/\/\[fe80::1\]\/.*\r\nHost: \[2001:db8::9\]\r\n/s);
  assert.throws(() => formatHttpRequest(PACKET, { ...shape, userAgent: "a\r\nX: y" }), /control characters/);
  assert.throws(() => formatHttpRequest(PACKET, { ...shape, userAgent: "a\nb" }), /control characters/);
  assert.throws(() => formatHttpRequest(PACKET, { ...shape, userAgent: "a".repeat(2000) }), /the server reads 1999/);
});
