import assert from "node:assert/strict";
import { openPcapSource } from "../../../daemon/packet/pcap.ts";
import type { Datagram, PacketSource } from "../../../daemon/packet/datagram.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";
import type { LiveOptions } from "../../../ffi/pcap/capture.ts";
import { E } from "../../../ffi/abi.ts";
import { labTest } from "../../lab/gate.ts";
import { ethernet, icmp, ipv4, ipv6, payloadOf, tcp, udp } from "../../lib/net/frame_bytes.ts";
import { ADDRESS, Cable } from "./cable.ts";

const PORT = 62201;
const PAYLOAD = payloadOf(200);
/** Only a failing test waits that long. */
const PATIENCE_MS = 3000;
const { far, near } = ADDRESS;

function openOn(cable: Cable, options: Partial<LiveOptions> = {}): PacketSource {
  return cable.inside("near", () =>
    openPcapSource({
      device: "wire",
      filter: `udp port ${PORT}`,
      snaplen: 1500,
      promiscuous: false,
      direction: "in",
      ...options,
    }));
}

/** What comes until `count` packets were taken; then there must be nothing more. */
async function take(source: PacketSource, count: number): Promise<Datagram[]> {
  const datagrams: Datagram[] = [];
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  for (let taken = 0; taken < count;) {
    assert.equal((await waiter.wait(PATIENCE_MS)).size, 1, `only ${taken} of ${count} packets came`);
    const batch = source.read(100);
    datagrams.push(...batch.datagrams);
    taken += batch.taken;
  }
  assert.equal(source.read(100).taken, 0);
  return datagrams;
}

/** The error of the next read, once the descriptor says that there is one. */
async function failureOf(source: PacketSource): Promise<FfiError> {
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  assert.equal((await waiter.wait(PATIENCE_MS)).size, 1, "nothing happened");
  try {
    source.read(100);
  } catch (error) {
    assert.ok(error instanceof FfiError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "expected an FfiError" });
}

labTest("openPcapSource() announces itself with the lines of the C program", () => {
  using cable = new Cable();
  using source = openOn(cable);
  assert.deepEqual(source.banner, ["Sniffing interface: wire", "PCAP filter is: 'udp port 62201'"]);
  using unfiltered = openOn(cable, { device: "any", filter: "" });
  assert.deepEqual(unfiltered.banner, ["Sniffing interface: any"]);
  return Promise.resolve();
});

labTest("openPcapSource() sees through one and two VLAN tags, on the interface and on any", async () => {
  using cable = new Cable();
  using onWire = openOn(cable);
  using onAny = openOn(cable, { device: "any" });
  using doubly = openOn(cable, { filter: `vlan and vlan and udp port ${PORT}` });
  const packets = [
    ethernet(0x0800, ipv4(udp(PAYLOAD)), [[0x8100, 7]]),
    ethernet(0x86dd, ipv6(udp(PAYLOAD)), [[0x8100, 7]]),
  ];
  for (const packet of packets) cable.sendFrame("far", packet);
  for (const source of [onWire, onAny]) {
    const datagrams = await take(source, 2);
    assert.deepEqual(datagrams.map(({ payload }) => payload), [PAYLOAD, PAYLOAD]);
    assert.deepEqual(datagrams.map((each) => each.source.text), ["192.0.2.1", "2001:db8::1"]);
  }
  cable.sendFrame("far", ethernet(0x0800, ipv4(udp(PAYLOAD)), [[0x88a8, 5], [0x8100, 9]]));
  assert.deepEqual((await take(doubly, 1)).map(({ payload }) => payload), [PAYLOAD]);
});

labTest("openPcapSource() takes TCP, ICMP and ICMPv6 payloads when the filter lets them in", async () => {
  using cable = new Cable();
  using source = openOn(cable, { filter: "tcp port 62201 or icmp or icmp6" });
  cable.sendFrame("far", ethernet(0x0800, ipv4(tcp(PAYLOAD), { protocol: 6 })));
  cable.sendFrame("far", ethernet(0x0800, ipv4(icmp(PAYLOAD), { protocol: 1 })));
  cable.sendFrame("far", ethernet(0x86dd, ipv6(icmp(PAYLOAD, 128), { protocol: 58 })));
  const datagrams = await take(source, 3);
  assert.deepEqual(datagrams.map((each) => [each.protocol, each.sourcePort, each.destinationPort]), [
    [6, 40000, 62201],
    [1, 0, 0],
    [58, 0, 0],
  ]);
  assert.deepEqual(datagrams.map(({ payload }) => payload), [PAYLOAD, PAYLOAD, PAYLOAD]);
});

labTest("openPcapSource() leaves out what this host sends, unless it is asked for", async () => {
  using cable = new Cable();
  using inbound = openOn(cable);
  using both = openOn(cable, { direction: "any" });
  cable.send("near", far[4], PORT, PAYLOAD);
  cable.send("far", near[4], PORT, PAYLOAD, 5555);
  assert.deepEqual((await take(both, 2)).map((each) => each.source.text), [near[4], far[4]]);
  assert.deepEqual((await take(inbound, 1)).map((each) => [each.source.text, each.sourcePort]), [[far[4], 5555]]);
});

labTest("openPcapSource() shows a knock over lo once, whatever the direction", async () => {
  using cable = new Cable();
  for (const device of ["lo", "any"]) {
    for (const direction of ["in", "any"] as const) {
      using source = openOn(cable, { device, direction });
      cable.send("near", "127.0.0.1", PORT, PAYLOAD);
      cable.send("near", "::1", PORT, PAYLOAD);
      assert.deepEqual((await take(source, 2)).map((each) => each.destination?.text), ["127.0.0.1", "::1"]);
    }
  }
});

labTest("openPcapSource() drops a frame that the snap length cut", async () => {
  using cable = new Cable();
  using source = openOn(cable, { snaplen: 241 });
  cable.send("far", near[4], PORT, PAYLOAD);
  cable.send("far", near[4], PORT, PAYLOAD.subarray(0, 199));
  assert.deepEqual((await take(source, 2)).map(({ payload }) => payload.length), [199]);
});

labTest("openPcapSource() drops fragments, first and later ones", async () => {
  using cable = new Cable();
  using source = openOn(cable, { filter: "ip proto 17" });
  cable.sendFrame("far", ethernet(0x0800, ipv4(udp(PAYLOAD), { fragment: 0x2000 })));
  cable.sendFrame("far", ethernet(0x0800, ipv4(udp(PAYLOAD), { fragment: 0x0010 })));
  cable.sendFrame("far", ethernet(0x0800, ipv4(udp(PAYLOAD))));
  assert.equal((await take(source, 3)).length, 1);
});

labTest("a source says once that its interface was taken down, and goes on when it is up again", async () => {
  using cable = new Cable();
  using source = openOn(cable);
  for (let round = 0; round < 2; round++) {
    cable.ip("near", "link set wire down");
    const error = await failureOf(source);
    assert.equal(error.details.code, E.NETDOWN);
    assert.equal(error.message, 'Cannot read from interface "wire": it was taken down');
    assert.equal(source.read(10).taken, 0);
    cable.ip("near", "link set wire up");
    const frame = ethernet(0x0800, ipv4(udp(PAYLOAD)));
    cable.sendFrame("far", frame);
    assert.equal((await take(source, 1)).length, 1);
  }
});

labTest("a source says that its interface is gone", async () => {
  using cable = new Cable();
  using source = openOn(cable);
  cable.ip("near", "link delete wire");
  const error = await failureOf(source);
  assert.deepEqual([error.details.code, error.message], [
    E.NODEV,
    'Cannot read from interface "wire": The interface disappeared',
  ]);
});

labTest("what came before the interface failed is handed on first", async () => {
  using cable = new Cable();
  using source = openOn(cable);
  cable.send("far", near[4], PORT, PAYLOAD);
  cable.ip("near", "link delete wire");
  const batch = source.read(10);
  assert.deepEqual([batch.datagrams.length, batch.ended], [1, false]);
  assert.throws(() => source.read(10), (error) => error instanceof FfiError && error.details.code === E.NODEV);
  return await Promise.resolve();
});

labTest("an interface that is down, and one that may not be listened to, are refused with the remedy", () => {
  using cable = new Cable();
  cable.ip("near", "link set wire down");
  assert.throws(
    () => openOn(cable),
    (error) =>
      error instanceof FfiError &&
      error.message === 'Cannot listen on interface "wire": That device is not up (pcap_open_live error)' &&
      error.details.hint === "bring it up first: ip link set dev wire up",
  );
  return Promise.resolve();
});

const BOUND = ["setpriv", "--bounding-set", "-net_raw,-net_admin", "--inh-caps", "-net_raw,-net_admin"];
const OPEN_ANY = `
  import { openPcapSource } from "${new URL("../../../daemon/packet/pcap.ts", import.meta.url)}";
  try {
    openPcapSource({ device: "any", filter: "", snaplen: 1500, promiscuous: false, direction: "in" });
  } catch (error) {
    console.log(JSON.stringify([error.details.code, error.message, error.details.hint]));
  }
`;

labTest("a program without CAP_NET_RAW is told which capability it lacks", async () => {
  const [program = "", ...args] = [...BOUND, Deno.execPath(), "eval", OPEN_ANY];
  const { stdout } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const [code, message, hint] = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(code, 1);
  assert.match(message, /^Cannot listen on interface "any": You don't have permission/);
  assert.match(hint, /CAP_NET_RAW/);
}, { needs: { setpriv: "util-linux" } });
