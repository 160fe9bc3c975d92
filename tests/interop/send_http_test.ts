/** Requests over HTTP of both clients. */
import assert from "node:assert/strict";
import { sendPacket } from "../../cli/send/sender.ts";
import { C_CLIENT } from "../lab/mod.ts";
import { captureTcp } from "../cli/send/capture_stream.ts";
import { PACKET } from "../cli/send/send_namespace.ts";
import { targetOf } from "../cli/send/targets.ts";
import { cClientTest } from "../lab/gate.ts";

/** Runs the C client with everything in a throw-away home. */
async function sendByC(...args: string[]): Promise<void> {
  const home = Deno.makeTempDirSync();
  const keys = [
    "-A",
    "tcp/22",
    "-a",
    "192.0.2.10",
    "--key-rijndael",
    "shortkey",
    "--key-hmac",
    "hmackey",
    "--no-save-args",
  ];
  const { success, stderr } = await new Deno.Command(C_CLIENT.argv[0]!, {
    args: [...keys, "-D", "127.0.0.1", ...args],
    env: { HOME: home },
    stdin: "null",
  }).output();
  Deno.removeSync(home, { recursive: true });
  assert.ok(success, new TextDecoder().decode(stderr));
}

// Version 2.6.10 says HTTP/1.0, 2.6.11 says HTTP/1.1 (facts/client 8); all else is compared.
cClientTest("sendPacket() by http writes the C client's request, but for the packet", async () => {
  const theirs = captureTcp();
  await sendByC("-P", "http", "-p", String(theirs.port), "-u", "Fwknop/9 x");
  const ours = captureTcp();
  const target = targetOf({ port: ours.port, userAgent: "Fwknop/9 x" });
  const report = await sendPacket("http", PACKET, target);
  const shape = (text: string) => text.replace(/GET \/[A-Za-z0-9_-]+ HTTP\/1\.[01]\r/, "GET /S\r");
  const { text } = await ours.connection;
  assert.equal(shape(text), shape((await theirs.connection).text));
  assert.equal(text.split(" ")[1], `/${PACKET.replaceAll("/", "_").replaceAll("+", "-")}`);
  assert.equal(report.bytesSent, text.length);
});

cClientTest("sendPacket() by http through a proxy writes the C client's request, but for the packet", async () => {
  const theirs = captureTcp();
  await sendByC("-H", `http://127.0.0.1:${theirs.port}`);
  const ours = captureTcp({ answer: "HTTP/1.1 504 Gateway Timeout\r\n\r\n" });
  const httpProxy = { host: "127.0.0.1", port: ours.port };
  await sendPacket("http", PACKET, targetOf({ httpProxy, userAgent: "Fwknop/2.6.10" }));
  const shape = (text: string) =>
    text.replace(/0.1\/[A-Za-z0-9_-]+ HTTP\/1\.[01]\r/, "0.1/S\r").replace(/Fwknop\/2\.6\.1[01]\r/, "Fwknop/2.6.N\r");
  assert.equal(shape((await ours.connection).text), shape((await theirs.connection).text));
});
