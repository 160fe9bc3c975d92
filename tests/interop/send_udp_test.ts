/** Datagrams of both clients, field by field. */
import assert from "node:assert/strict";
import { makeSendNamespace, PACKET, sendTest } from "../cli/send/send_namespace.ts";

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
