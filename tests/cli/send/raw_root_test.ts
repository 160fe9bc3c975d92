import assert from "node:assert/strict";
import { checksumsAreRight, type PacketFields } from "./packet_fields.ts";
import { makeSendNamespace, PACKET, sendTest } from "./send_namespace.ts";

const toServer = ({ destination }: PacketFields) => destination === "198.51.100.2";

sendTest("sendPacket() by icmp numbers an echo request, and answers in ICMPv6 terms on IPv6", async () => {
  await using net = await makeSendNamespace();
  await net.sendOurs({ proto: "icmp", host: "198.51.100.2", icmpType: 8 });
  const [echo] = await net.packets(1, toServer);
  assert.deepEqual({ ...echo!.header, id: 0 }, { type: 8, code: 0, id: 0, sequence: 1 });
  assert.ok(checksumsAreRight(echo!));
  for (const icmpType of [0, 8]) await net.sendOurs({ proto: "icmp", host: "2001:db8:1::2", icmpType });
  const six = await net.packets(
    2,
    ({ destination, payload }) => destination === "2001:db8:1:0:0:0:0:2" && payload === PACKET,
  );
  assert.deepEqual(six.map(({ header }) => [header.type, header.sequence]), [[129, 0], [128, 1]]);
  assert.ok(six.every(checksumsAreRight));
});

sendTest("sendPacket() in raw modes fills in the own IPv6 address, takes a spoofed one, and knows zones", async () => {
  await using net = await makeSendNamespace();
  await net.sendOurs({ proto: "udpraw", host: "2001:db8:1::2" });
  await net.sendOurs({ proto: "tcpraw", host: "2001:db8:1::2", spoofSource: "2001:db8:9::9", sourcePort: 4444 });
  await net.sendOurs({ proto: "udpraw", host: "fe80::2%d0" });
  const [udp, tcp, zone] = await net.packets(3, ({ payload }) => payload === PACKET);
  assert.equal(udp!.source, "2001:db8:1:0:0:0:0:1");
  assert.ok(udp!.header.sourcePort! >= 10000 && udp!.header.sourcePort! <= 65534);
  assert.equal(tcp!.source, "2001:db8:9:0:0:0:0:9");
  assert.deepEqual(tcp!.header, {
    sourcePort: 4444,
    destinationPort: 62201,
    sequence: 1,
    acknowledgement: 0,
    offsetAndFlags: 0x5002,
    window: 32767,
    urgent: 0,
  });
  assert.equal(zone!.destination, "fe80:0:0:0:0:0:0:2");
  for (const packet of [udp, tcp, zone]) assert.ok(checksumsAreRight(packet!));
});

/** Nobody, who may read the project wherever it lies, and with these rights more. */
function ordinary(...rights: readonly string[]): string[] {
  const set = ["-all", "+dac_read_search", ...rights.map((right) => `+${right}`)].join(",");
  const who = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  return ["setpriv", ...who, `--inh-caps=${set}`, `--ambient-caps=${set}`];
}

sendTest(
  "sendPacket() in raw modes works for an ordinary user with CAP_NET_RAW and tells one without how to get it",
  async () => {
    await using net = await makeSendNamespace();
    const job = { proto: "udpraw", host: "198.51.100.2" };
    const allowed = await net.sendOurs(job, ordinary("net_raw"));
    assert.equal(allowed.error, undefined);
    const [packet] = await net.packets(1, toServer);
    assert.equal(packet!.payload, PACKET);
    const refused = await net.sendOurs(job, ordinary());
    assert.match(refused.error!, /^Could not create socket: Operation not permitted/);
    assert.match(refused.hint!, /CAP_NET_RAW.*setcap cap_net_raw\+ep/);
  },
);

sendTest("sendPacket() refuses a spoofed source of the other family", async () => {
  await using net = await makeSendNamespace();
  const said = await net.sendOurs({ proto: "icmp", host: "198.51.100.2", spoofSource: "2001:db8::1" });
  assert.match(said.error!, /^Cannot send to "198\.51\.100\.2" from "2001:db8::1": /);
  assert.equal(said.hint, "give -Q an IPv4 address");
  const explicit = await net.sendOurs({ proto: "icmp", host: "h", family: 4, spoofSource: "2001:db8::1" });
  assert.match(explicit.error!, /Cannot send by IPv4 from "2001:db8::1"/);
});
