import assert from "node:assert/strict";
import { openSynSource } from "../../../daemon/fingerprint/source.ts";
import { formatSyn } from "../../../daemon/fingerprint/syn.ts";
import type { PacketSource } from "../../../daemon/packet/datagram.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { Waiter } from "../../../ffi/libc/poll.ts";
import { labTest } from "../../lab/gate.ts";
import { openNamespace, probeTcp } from "../../lab/sockets.ts";
import { ip } from "../../fakes/knock.ts";
import { ethernet, ipv4, tcp } from "../../lib/net/frame_bytes.ts";
import { ADDRESS, Cable } from "../packet/cable.ts";
import { synPacket, SYSTEMS } from "./syn_packets.ts";

const SHUT_PORT = 9;

function openOn(cable: Cable): PacketSource {
  const spec = { kind: "syn", device: "wire", promiscuous: true, direction: "in" } as const;
  return cable.inside("near", () => openSynSource(spec, () => performance.now()));
}

const textsOf = (source: PacketSource, address: string) =>
  source.synsOf?.(ip(address)).map(({ syn }) => formatSyn(syn)) ?? [];

/** When a frame waits to be read. */
async function readable(source: PacketSource): Promise<void> {
  using waiter = new Waiter();
  waiter.watch(source.fd ?? -1);
  assert.equal((await waiter.wait(3000)).size, 1, "nothing came");
}

labTest(
  "openSynSource() knows a connection of this kernel before anybody has read it, over both IP versions",
  async () => {
    using cable = new Cable();
    using source = openOn(cable);
    const far = openNamespace(cable.name("far"));
    for (const family of [4, 6] as const) {
      assert.deepEqual(textsOf(source, ADDRESS.far[family]), []);
      // Nobody listens: the answer, a segment of this host, is no SYN and comes from here.
      assert.equal(await probeTcp(far, ADDRESS.near[family], SHUT_PORT, 1000), "refused");
      const [text, ...more] = textsOf(source, ADDRESS.far[family]);
      assert.match(text ?? "", /^ttl=64 (?:df=yes )?window=\d+ mss=\d+ scale=\d+ options=mss,sackok,ts,nop,ws$/);
      assert.deepEqual(more, []);
      assert.deepEqual(textsOf(source, ADDRESS.near[family]), []);
    }
  },
);

labTest("openSynSource() sees every known SYN and nothing else, and brings no packets", async () => {
  using cable = new Cable();
  using source = openOn(cable);
  assert.deepEqual(source.banner, ["Looking at TCP SYNs on interface: wire, for REQUIRE_OS"]);
  const send = (packet: Uint8Array<ArrayBuffer>) =>
    cable.sendFrame("far", ethernet((packet[0] ?? 0) >> 4 === 4 ? 0x0800 : 0x86dd, packet));
  send(ipv4(tcp(new Uint8Array(200)), { protocol: 6, source: "10.0.0.200" }));
  for (const flags of [0x12, 0x10, 0x04, 0x03]) {
    for (const family of [4, 6] as const) send(synPacket({ family, host: 201, flags, window: 1, options: "" }));
  }
  for (const [host, [, fields]] of SYSTEMS.entries()) send(synPacket({ ...fields, host: host + 1 }));
  await readable(source);
  const { datagrams, taken, more } = source.read(SYSTEMS.length);
  assert.deepEqual([datagrams, taken, more], [[], 0, true], "-C counts none of them");
  for (const [host, [name, fields]] of SYSTEMS.entries()) {
    const address = fields.family === 6 ? `fd00::${(host + 1).toString(16)}` : `10.0.0.${host + 1}`;
    assert.equal(textsOf(source, address).length, 1, name);
  }
  for (const other of ["10.0.0.200", "10.0.0.201", "fd00::c9"]) assert.deepEqual(textsOf(source, other), []);
  assert.equal(source.statistics()?.received, SYSTEMS.length, "the kernel leaves out everything else");
  assert.equal(source.read(10).more, false);
});

labTest("an interface that went down is told to whoever reads, not to whoever asks for a system", async () => {
  using cable = new Cable();
  using source = openOn(cable);
  const down = (error: unknown) => error instanceof FfiError && /"wire": it was taken down/.test(error.message);
  cable.ip("near", "link set wire down");
  assert.deepEqual(textsOf(source, ADDRESS.far[4]), []);
  assert.throws(() => source.read(10), down);
  cable.ip("near", "link set wire up");
  assert.deepEqual(source.check?.(), ["TCP SYNs on interface wire are seen again"]);
  cable.ip("near", "link set wire down");
  assert.deepEqual(textsOf(source, ADDRESS.far[4]), []);
  assert.throws(() => source.check?.(), down);
  cable.ip("near", "link set wire up");
  assert.equal(await probeTcp(openNamespace(cable.name("far")), ADDRESS.near[4], SHUT_PORT, 1000), "refused");
  assert.equal(textsOf(source, ADDRESS.far[4]).length, 1, "it goes on when it is up again");
});
