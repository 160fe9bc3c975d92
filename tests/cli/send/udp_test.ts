import assert from "node:assert/strict";
import { sendPacket } from "../../../cli/send/sender.ts";
import { closedPort } from "./capture_stream.ts";
import { PACKET } from "./send_namespace.ts";
import { targetOf } from "./targets.ts";

Deno.test("sendPacket() by udp reports what it did", async () => {
  const port = closedPort();
  const report = await sendPacket("udp", PACKET, targetOf({ port }));
  assert.deepEqual(report, { bytesSent: PACKET.length, remote: "127.0.0.1", port });
});

Deno.test("sendPacket() by udp says which name did not resolve, and why", async () => {
  await assert.rejects(
    sendPacket("udp", PACKET, targetOf({ host: "no-such-host.invalid" })),
    /^SendError: error in getaddrinfo: .* \("no-such-host.invalid"\)$/,
  );
});

Deno.test("sendPacket() refuses a numeric address of the family that was not asked for", async () => {
  await assert.rejects(sendPacket("udp", PACKET, targetOf({ host: "::1", family: 4 })), /IPv6 address, but IPv4/);
  await assert.rejects(sendPacket("udp", PACKET, targetOf({ host: "127.0.0.1", family: 6 })), /IPv4 address, but IPv6/);
});
