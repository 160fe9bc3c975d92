import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DESTINATION_PORT,
  fieldOperand,
  INTERFACE,
  portString,
  SOURCE4,
  STATES,
} from "../../../../daemon/firewall/path/operand.ts";
import {
  cut,
  equals,
  isWithin,
  ordinaryPacket,
  type Partial,
  partialPacket,
} from "../../../../daemon/firewall/path/packet.ts";
import { address } from "../../../contract/addresses.ts";

const packet = partialPacket({
  ...{ family: 4, protocol: 6, source: address("192.0.2.1"), destinationPort: 22, state: "new", interface: "other" },
});

Deno.test("partialPacket() knows what it was told and nothing else", () => {
  assert.equal(equals(packet.see(SOURCE4), "\xc0\x00\x02\x01"), true);
  assert.equal(equals(packet.see(SOURCE4), "\xc0\x00\x02\x02"), false);
  assert.equal(equals(packet.see(DESTINATION_PORT), portString(22)), true);
  assert.equal(equals(packet.see(fieldOperand("transport", 0, 2)), portString(22)), null);
  // Source and destination port in one: the known half can say no, and not yes.
  const ports = fieldOperand("transport", 0, 4);
  assert.equal(equals(packet.see(ports), portString(7) + portString(22)), null);
  assert.equal(equals(packet.see(ports), portString(7) + portString(23)), false);
  assert.equal(equals(packet.see(STATES), "\x08\0\0\0"), true);
});

Deno.test("a packet from outside did not come in by lo, whatever else it came in by", () => {
  assert.equal(equals(packet.see(fieldOperand("meta 6", 0, 3)), "lo\0"), false);
  assert.equal(equals(packet.see(INTERFACE), "lo".padEnd(16, "\0")), false);
  assert.equal(equals(packet.see(INTERFACE), "eth0".padEnd(16, "\0")), null);
  assert.equal(equals(packet.see(fieldOperand("meta 6", 0, 2)), "lo"), null, "an interface such as lo7");
  assert.equal(equals(packet.see(fieldOperand("meta 4", 0, 4)), "\x01\0\0\0"), false);
  const local = partialPacket({ interface: "loopback" });
  assert.equal(equals(local.see(INTERFACE), "lo".padEnd(16, "\0")), true);
  const named = partialPacket({ interface: { name: "eth0" } });
  assert.equal(equals(named.see(INTERFACE), "eth0".padEnd(16, "\0")), true);
  assert.equal(equals(named.see(fieldOperand("meta 4", 0, 4)), "\x01\0\0\0"), false);
});

Deno.test("a packet did not come in by an interface by which none comes", () => {
  const remote = partialPacket({ interface: { never: ["docker0", "vethe1f2a3b"] } });
  const by = (name: string, length = 16) =>
    equals(remote.see(fieldOperand("meta 6", 0, length)), name.padEnd(length, "\0").slice(0, length));
  assert.deepEqual(["lo", "docker0", "vethe1f2a3b", "eth0", "docker01"].map((name) => by(name)), [
    ...[false, false, false, null, null],
  ]);
  assert.equal(by("docker0\0", 8), false, "as iptables compares it");
  assert.equal(by("docker", 6), null, "an interface such as docker7");
});

Deno.test("masks make bits known and hide others", () => {
  const masked = (mask: number, xor = 0) => ({ bytes: [{ field: "transport" as const, at: 13, mask, xor }] });
  assert.equal(equals(packet.see(masked(0x17)), "\x02"), true, "SYN alone of FIN, SYN, RST, ACK");
  assert.equal(equals(packet.see(masked(0xff)), "\x02"), null, "the bits of congestion control are not known");
  assert.equal(equals(packet.see(masked(0xff)), "\x12"), false);
  assert.equal(equals(packet.see({ bytes: [{ field: "opaque", at: 0, mask: 0, xor: 7 }] }), "\x07"), true);
});

Deno.test("ordinaryPacket() is none of what rules name, and what is not understood does not hold for it", () => {
  const ordinary = ordinaryPacket(4, true, "tcp");
  assert.equal(equals(ordinary.see(SOURCE4), "\xc0\x00\x02\x01"), false);
  assert.equal(equals(ordinary.see(DESTINATION_PORT), portString(22)), null);
  assert.equal(equals(ordinaryPacket(4, true).see(DESTINATION_PORT), portString(22)), false);
  assert.equal(equals(ordinary.see(STATES), "\x08\0\0\0"), true);
  assert.equal(ordinaryPacket(4, false, "tcp").see(STATES).opaque, true);
  assert.equal(equals(ordinary.see(fieldOperand("meta 3", 0, 4)), "\0\0\0\0"), true);
  assert.equal(ordinary.see(fieldOperand("meta 30", 0, 4)).opaque, true);
  assert.equal(ordinary.mayBeOpaque, false);
});

Deno.test("equals() and isWithin() say what holds for all values that are possible, and what for none", () => {
  const values = fc.record({ known: fc.nat(255), value: fc.nat(255), low: fc.nat(255), high: fc.nat(255) });
  fc.assert(fc.property(values, ({ known, value, low, high }) => {
    const possible = Array.from({ length: 256 }, (_, one) => one).filter((one) => ((one ^ value) & known) === 0);
    const partial: Partial = {
      low: String.fromCharCode(value & known),
      high: String.fromCharCode(value & known | ~known & 0xff),
      known: [known],
      ...{ elsewhere: false, opaque: false, never: [] },
    };
    const fits = possible.filter((one) => one === low);
    const answer = equals(partial, String.fromCharCode(low));
    assert.equal(answer, fits.length === possible.length ? true : fits.length === 0 ? false : null);
    const inside = possible.filter((one) => one >= low && one <= high);
    const within = isWithin(partial, String.fromCharCode(low), String.fromCharCode(high));
    if (within === true) assert.equal(inside.length, possible.length);
    if (within === false) assert.equal(inside.length, 0);
    if (inside.length === possible.length) assert.equal(within, true);
  }));
});

Deno.test("cut() keeps the first bytes", () => {
  const value = cut(packet.see(fieldOperand("transport", 2, 4)), 2);
  assert.equal(equals(value, portString(22)), true);
});
