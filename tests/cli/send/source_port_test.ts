/** `-S`: the port that packets leave from. */
import assert from "node:assert/strict";
import { sendPacket } from "../../../cli/send/sender.ts";
import { captureTcp, captureUdp, closedPort } from "./capture_stream.ts";
import { PACKET } from "./send_namespace.ts";
import { targetOf } from "./targets.ts";

Deno.test("-S holds for udp, tcp and http over both families, also twice in a row", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    for (const proto of ["tcp", "http"] as const) {
      const sourcePort = closedPort();
      for (let run = 0; run < 2; run++) {
        const server = captureTcp({ hostname });
        await sendPacket(proto, PACKET, targetOf({ host: hostname, port: server.port, sourcePort }));
        assert.equal((await server.connection).sourcePort, sourcePort, `${proto} ${hostname}`);
      }
    }
    await using server = await captureUdp(hostname);
    const { port } = server;
    const sourcePort = closedPort();
    for (let run = 0; run < 2; run++) {
      await sendPacket("udp", PACKET, targetOf({ host: hostname, port, sourcePort }));
      assert.deepEqual(await server.next(), { text: PACKET, sourcePort });
    }
  }
});

Deno.test("without -S udp, tcp and http leave from a port of the system's choice, each from another", async () => {
  await using server = await captureUdp();
  const ports = new Set<number>();
  for (let run = 0; run < 3; run++) {
    await sendPacket("udp", PACKET, targetOf({ port: server.port }));
    ports.add((await server.next()).sourcePort);
    const stream = captureTcp();
    await sendPacket("tcp", PACKET, targetOf({ port: stream.port }));
    ports.add((await stream.connection).sourcePort);
  }
  assert.ok(ports.size > 1, [...ports].join());
});
