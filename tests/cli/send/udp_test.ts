import assert from "node:assert/strict";
import { sendPacket } from "../../../cli/send/sender.ts";
import { closedPort } from "./capture_stream.ts";
import { makeSendNamespace, PACKET, sendTest } from "./send_namespace.ts";
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

sendTest(
  "sendPacket() by udp sends what the C client sends, from the port asked for, over both families and zones",
  async () => {
    await using net = await makeSendNamespace();
    const ofKnock = ({ header }: { header: Readonly<Record<string, number>> }) => header.destinationPort === 62201;
    await net.sendC("-D", "198.51.100.2");
    await net.sendOurs({ proto: "udp", host: "198.51.100.2", sourcePort: 40123 });
    const [theirs, ours] = await net.packets(2, ofKnock);
    assert.deepEqual({ ...ours!.ip, fragment: 0 }, { ...theirs!.ip, fragment: 0 });
    assert.equal(ours!.source, theirs!.source);
    assert.equal(ours!.header.sourcePort, 40123);
    assert.equal(ours!.payload, PACKET);
    await net.sendOurs({ proto: "udp", host: "2001:db8:1::2" });
    await net.sendOurs({ proto: "udp", host: "fe80::2%d0", family: 6, sourcePort: 40124 });
    const [six, zone] = (await net.packets(4, ofKnock)).slice(2);
    assert.equal(six!.source, "2001:db8:1:0:0:0:0:1");
    assert.equal(zone!.destination, "fe80:0:0:0:0:0:0:2");
    assert.equal(zone!.header.sourcePort, 40124);
    const unreachable = await net.sendOurs({ proto: "udp", host: "203.0.113.1" });
    assert.match(unreachable.error!, /^Could not create socket: Network is unreachable/);
    assert.match(unreachable.hint!, /no route/);
  },
  { client: "c" },
);

sendTest(
  "sendPacket() prefers IPv4 of a name, takes IPv6 when there is nothing else, and obeys -4 and -6",
  async () => {
    await using net = await makeSendNamespace();
    // A mount namespace of its own gives the name without touching the machine's /etc/hosts.
    const hosts = Deno.makeTempFileSync();
    Deno.writeTextFileSync(hosts, "2001:db8:1::2 both.test six.test\n198.51.100.2 both.test four.test\n");
    Deno.chmodSync(hosts, 0o644);
    const as = ["unshare", "-m", "sh", "-c", `mount --bind ${hosts} /etc/hosts && exec "$@"`, "sh"];
    const send = (host: string, family: 4 | 6 | null) => net.sendOurs({ proto: "udp", host, family }, as);
    assert.equal((await send("both.test", null)).remote, "198.51.100.2");
    assert.equal((await send("both.test", 6)).remote, "2001:db8:1::2");
    assert.equal((await send("six.test", null)).remote, "2001:db8:1::2");
    assert.match((await send("four.test", 6)).error!, /^error in getaddrinfo: /);
    Deno.removeSync(hosts);
  },
);
