import assert from "node:assert/strict";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { ipFromBytes, parseIp, parseIpv4, parseIpv6 } from "../../../lib/net/address.ts";

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Runs of zeros are what the short form is about; random bytes hardly ever have them. */
const sparse16 = fc.array(fc.constantFrom(0, 0, 0, 1, 0xab), { minLength: 16, maxLength: 16 }).map((list) =>
  Uint8Array.from(list)
);

Deno.test("ipFromBytes() prints IPv6 as ipaddr.js does by RFC 5952, and reads it back", () => {
  fc.assert(
    fc.property(fc.oneof(bytes16, sparse16), (bytes) => {
      const ip = ipFromBytes(bytes);
      if (ip.family === 4) return assert.deepEqual(bytes.subarray(12), ip.bytes);
      assert.equal(ip.text, new ipaddr.IPv6([...bytes]).toRFC5952String());
      assert.deepEqual(parseIp(ip.text), { ok: true, value: ip });
    }),
    { numRuns: 1000 },
  );
});

Deno.test("parseIpv6() reads each form of RFC 4291 to the bytes that ipaddr.js reads", () => {
  const rows = [
    "::",
    "::1",
    "1::",
    "2001:DB8:0:0:8:800:200C:417A",
    "2001:db8::8:800:200c:417a",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2::7:8",
    "0001:0:0:0:0:0:0:0010",
    "64:ff9b::192.0.2.33",
    "1:2:3:4:5:6:1.2.3.4",
  ];
  for (const text of rows) {
    const ip = parseIpv6(text);
    assert.ok(ip.ok, text);
    assert.deepEqual([...ip.value.bytes], ipaddr.IPv6.parse(text).toByteArray(), text);
  }
});

Deno.test("parseIpv6() reads an IPv4-compatible address as RFC 4291 says; ipaddr.js makes a mapped one of it", () => {
  const ip = parseIpv6("::13.1.68.3");
  assert.ok(ip.ok && ip.value.family === 6);
  assert.equal(ip.value.text, "::d01:4403");
  assert.equal(ipaddr.IPv6.parse("::13.1.68.3").toNormalizedString(), "0:0:0:0:0:ffff:d01:4403");
});

Deno.test("parseIpv6() refuses what is not one of these forms", () => {
  const rows = [
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4:5:6:7::8",
    "::1:2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "12345::",
    "g::",
    "::1%eth0",
    "[::1]",
    "::1/64",
    " ::1",
    "::1 ",
    "::0x1",
    "::+1",
    "1.2.3.4",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::01.2.3.4",
    "::1.2.3.256",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1::١",
  ];
  for (const text of rows) assert.equal(parseIpv6(text).ok, false, text);
});

Deno.test("parseIpv6() takes no text that ipaddr.js refuses, and then means the same", () => {
  const texts = fc.string({ unit: fc.constantFrom(...":::::0019afF.2"), maxLength: 20 });
  let taken = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const ip = parseIpv6(text);
      if (!ip.ok) return;
      taken++;
      const twin = ipaddr.IPv6.parse(text);
      const expected = twin.isIPv4MappedAddress() ? twin.toIPv4Address().toByteArray() : twin.toByteArray();
      assert.deepEqual([...ip.value.bytes], expected, text);
    }),
    { numRuns: 5000 },
  );
  assert.ok(taken > 20, `${taken} texts taken`);
});

Deno.test("parseIpv4() takes four plain decimal numbers and nothing else", () => {
  for (const text of ["0.0.0.0", "255.255.255.255", "192.0.2.10"]) {
    const ip = parseIpv4(text);
    assert.ok(ip.ok && ip.value.text === text);
  }
  const rows = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "1.2.3.00",
    "0x1.2.3.4",
    "1..2.3",
    "1.2.3.4 ",
    "1.2.3.-4",
    "1.2.3.1e1",
    "16909060",
    "１.2.3.4",
  ];
  for (const text of rows) assert.equal(parseIpv4(text).ok, false, text);
});

Deno.test("a mapped address is its IPv4 address, however it is written", () => {
  for (const text of ["::ffff:192.0.2.7", "::FFFF:c000:207", "0:0:0:0:0:ffff:192.0.2.7"]) {
    const [mapped, plain] = [parseIp(text), parseIp("192.0.2.7")];
    assert.ok(mapped.ok && plain.ok, text);
    assert.deepEqual(mapped.value, plain.value);
  }
});

Deno.test("ipFromBytes() copies, and throws on any other length", () => {
  const bytes = Uint8Array.of(192, 0, 2, 7);
  const ip = ipFromBytes(bytes);
  bytes[0] = 1;
  assert.equal(ip.bytes[0], 192);
  assert.throws(() => ipFromBytes(new Uint8Array(5)), RangeError);
});
