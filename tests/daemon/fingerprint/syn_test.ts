import assert from "node:assert/strict";
import fc from "fast-check";
import { formatSyn, readSyn } from "../../../daemon/fingerprint/syn.ts";
import { LINK_TYPE } from "../../../lib/net/frame_link.ts";
import { RECORDED_LINUX, synPacket, SYSTEMS } from "./syn_packets.ts";

const { raw: RAW, ethernet: ETHERNET } = LINK_TYPE;
const PLAIN = { window: 1024, options: "020405b4" };

const text = (packet: Uint8Array, linkType: number = RAW) => {
  const sent = readSyn(packet, linkType);
  return sent === null ? null : formatSyn(sent.syn);
};

Deno.test("readSyn() tells the traits of a recorded SYN and who sent it", () => {
  const [four, six] = [RECORDED_LINUX[4], RECORDED_LINUX[6]].map((frame) =>
    readSyn(Uint8Array.fromHex(frame), ETHERNET)
  );
  assert.deepEqual(four?.source, Uint8Array.of(10, 79, 0, 2));
  assert.deepEqual(six?.source, Uint8Array.fromHex("fd790000000000000000000000000002"));
  assert.equal(
    four && formatSyn(four.syn),
    "ttl=64 df=yes window=64240 mss=1460 scale=10 options=mss,sackok,ts,nop,ws",
  );
  assert.equal(six && formatSyn(six.syn), "ttl=64 window=64800 mss=1440 scale=10 options=mss,sackok,ts,nop,ws");
});

Deno.test("readSyn() takes the time to live that a system most likely began with", () => {
  const cases = [[0, 32], [1, 32], [32, 32], [33, 64], [64, 64], [65, 128], [128, 128], [129, 255], [
    255,
    255,
  ]] as const;
  for (const [ttl, initial] of cases) {
    for (const family of [4, 6] as const) {
      assert.equal(readSyn(synPacket({ ...PLAIN, family, ttl }), RAW)?.syn.ttl, initial, `${ttl}`);
    }
  }
});

Deno.test("readSyn() names options in order, those it does not know by their number, and none behind the end", () => {
  const options = (hex: string) => readSyn(synPacket({ window: 1, options: hex }), RAW)?.syn.options;
  assert.equal(options(""), "none");
  assert.equal(options("01010101"), "nop,nop,nop,nop");
  assert.equal(options("020405b4 00ffffff"), "mss,eol");
  assert.equal(options("fd04f989 2202 1e0a00000000 00000000"), "253,tfo,mptcp");
  assert.equal(
    text(synPacket({ window: 1, options: "", dontFragment: false })),
    "ttl=64 df=no window=1 mss=none scale=none options=none",
  );
  for (const broken of ["02010000", "02000000", "02050000", "01010102", "020405b4 01010103"]) {
    assert.equal(options(broken), undefined, broken);
  }
  assert.equal(text(synPacket({ window: 1, options: "02030500 03040707" }))?.includes("mss=none scale=none"), true);
});

Deno.test("readSyn() takes the first packet of a connection and no other", () => {
  for (
    const [flags, taken] of [[0x02, true], [0xc2, true], [0x42, true], [0x12, false], [0x10, false], [0x03, false], [
      0x06,
      false,
    ], [0, false]] as const
  ) {
    assert.equal(text(synPacket({ ...PLAIN, flags })) !== null, taken, flags.toString(16));
  }
  const udp = synPacket(PLAIN);
  udp[9] = 17;
  assert.equal(text(udp), null);
  for (const words of [4, 15]) {
    const packet = synPacket(PLAIN);
    packet[32] = words << 4;
    assert.equal(text(packet), null);
  }
  assert.equal(text(synPacket(PLAIN), 9999), null);
});

Deno.test("readSyn() of a cut or changed frame is nothing or a SYN, never an exception", () => {
  const links = Object.values(LINK_TYPE);
  const packets = SYSTEMS.map(([, fields]) => synPacket(fields));
  const change = fc.record({ at: fc.nat(100), byte: fc.nat(255) });
  fc.assert(fc.property(
    fc.constantFrom(...packets),
    fc.array(change, { maxLength: 6 }),
    fc.nat(100),
    fc.constantFrom(...links),
    (packet, changes, length, linkType) => {
      const hostile = packet.slice(0, length);
      for (const { at, byte } of changes) if (at < hostile.length) hostile[at] = byte;
      for (const link of [RAW, linkType]) {
        const sent = readSyn(hostile, link);
        if (sent === null) continue;
        assert.ok(sent.source.length === 4 || sent.source.length === 16);
        assert.match(formatSyn(sent.syn), /^ttl=\d+ (?:df=\w+ )?window=\d+ mss=\w+ scale=\w+ options=[a-z0-9,]+$/);
      }
    },
  ));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...links), (bytes, linkType) => {
    readSyn(bytes, linkType);
  }));
  for (const packet of packets) {
    for (let length = 0; length < packet.length; length++) assert.equal(text(packet.subarray(0, length)), null);
  }
});
