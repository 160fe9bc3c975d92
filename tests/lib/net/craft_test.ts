import assert from "node:assert/strict";
import { parseIp } from "../../../lib/net/address.ts";
import { craftIcmp, craftTcpSyn, craftUdp, internetChecksum } from "../../../lib/net/craft.ts";
import { checksumsAreRight, packetFields } from "../../cli/send/packet_fields.ts";

function ip(text: string) {
  const parsed = parseIp(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const V4 = { source: ip("192.0.2.1"), destination: ip("198.51.100.7"), id: 0xbeef };
const V6 = { source: ip("2001:db8::1"), destination: ip("2001:db8::2"), id: 1 };
const PORTS = { sourcePort: 40000, destinationPort: 62201 };

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("internetChecksum() gives the example of RFC 1071 section 3 and counts an odd byte as the high one", () => {
  assert.equal(internetChecksum(new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])), 0x220d);
  assert.equal(internetChecksum(new Uint8Array([0x12])), 0xedff);
  assert.equal(internetChecksum(), 0xffff);
});

Deno.test("F24: the crafted packets have the fields of facts/client 8 and right checksums for every payload length", () => {
  for (const route of [V4, V6]) {
    for (let length = 0; length < 40; length++) {
      const payload = new Uint8Array(length).fill(0xff);
      const packets = [
        craftUdp(route, PORTS, payload),
        craftTcpSyn(route, PORTS, payload),
        craftIcmp(route, { type: 8, code: 0, echoId: 7 }, payload),
      ];
      for (const packet of packets) {
        const fields = packetFields(hex(packet));
        assert.ok(
          fields && checksumsAreRight(fields),
          `${fields?.protocol} over IPv${route.source.family}, ${length} bytes`,
        );
        assert.equal(fields.ip.lengthRight, 1);
        assert.equal(fields.ip.ttl, 255);
      }
    }
  }
});

Deno.test("craftUdp() is byte for byte what RFC 768 and RFC 791 ask for", () => {
  const packet = craftUdp(V4, PORTS, new TextEncoder().encode("knock"));
  assert.equal(
    hex(packet),
    "45000021beef0000ff11" + "10a0" + "c0000201" + "c6336407" + "9c40" + "f2f9" + "000d" + "3e8b" + "6b6e6f636b",
  );
});

Deno.test("craftUdp() never sends the checksum zero, which would mean none", () => {
  for (let low = 0; low < 0x10000; low++) {
    const packet = craftUdp(V4, { ...PORTS, sourcePort: low }, new Uint8Array(0));
    assert.notEqual((packet[26]! << 8) | packet[27]!, 0);
  }
});

Deno.test("craftIcmp() leaves the second word of anything but an echo request empty", () => {
  const packet = craftIcmp(V4, { type: 0, code: 0, echoId: 7 }, new Uint8Array(4));
  assert.equal(hex(packet.subarray(24, 28)), "00000000");
  assert.equal(hex(craftIcmp(V4, { type: 8, code: 0, echoId: 7 }, new Uint8Array(4)).subarray(24, 28)), "00070001");
  assert.equal(packetFields(hex(craftIcmp(V6, { type: 8, code: 0, echoId: 7 }, new Uint8Array(4))))?.header.type, 128);
});

Deno.test("the crafting functions refuse addresses of two families", () => {
  assert.throws(() => craftUdp({ ...V4, source: V6.source }, PORTS, new Uint8Array(0)), RangeError);
});
