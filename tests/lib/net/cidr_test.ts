import assert from "node:assert/strict";
import fc from "fast-check";
import { type Ip, ipFromBytes, parseIp } from "../../../lib/net/address.ts";
import { includesList, matchesList, parseAddressList } from "../../../lib/net/cidr.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function matches(list: string, address: string): boolean {
  const parsed = parseAddressList(list);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return matchesList(parsed.value, ip(address));
}

/** The naive twin: addresses as strings of bits. */
function twinMatches(base: Ip, mask: string, address: Ip): boolean {
  const bits = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  if (base.family !== address.family) return false;
  const maskBits = mask.includes(".")
    ? bits(ip(mask).bytes)
    : "1".repeat(Number(mask)).padEnd(base.bytes.length * 8, "0");
  return [...maskBits].every((bit, i) => bit === "0" || bits(base.bytes)[i] === bits(address.bytes)[i]);
}

const address4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const address6 = fc.uint8Array({ minLength: 16, maxLength: 16 });

/** An address and another one that differs from it in one bit at most: so that matches do happen. */
const neighbours = fc.tuple(fc.oneof(address4, address6), fc.nat()).map(([bytes, bit]) => {
  const other = bytes.slice();
  const at = bit % (bytes.length * 8 + 1);
  if (at < bytes.length * 8) other[at >> 3] = (other[at >> 3] ?? 0) ^ (0x80 >> (at & 7));
  return [ipFromBytes(bytes), ipFromBytes(other)] as const;
});

Deno.test("matchesList() agrees with its naive twin for every prefix length of both families", () => {
  let hits = 0;
  fc.assert(
    fc.property(neighbours, fc.nat(), ([base, address], seed) => {
      const length = 1 + seed % (base.bytes.length * 8);
      const expected = twinMatches(base, String(length), address);
      hits += Number(expected);
      assert.equal(matches(`${base.text}/${length}`, address.text), expected);
    }),
    { numRuns: 1000 },
  );
  assert.ok(hits > 100 && hits < 900, `${hits} hits`);
});

Deno.test("matchesList() agrees with its naive twin for dotted masks, contiguous or not", () => {
  fc.assert(fc.property(address4, address4, address4, (base, mask, address) => {
    const [one, other] = [ipFromBytes(base), ipFromBytes(address)];
    const dotted = mask.join(".");
    if (dotted === "0.0.0.32") return;
    assert.equal(matches(`${one.text}/${dotted}`, other.text), twinMatches(one, dotted, other));
  }));
  assert.equal(matches("10.0.0.5/255.0.0.255", "10.9.9.5"), true);
  assert.equal(matches("10.0.0.5/255.0.0.255", "10.9.9.6"), false);
  assert.equal(matches("10.0.0.5/0.0.0.0", "192.0.2.1"), true);
  assert.equal(matches("10.0.0.5/0.0.0.0", "::1"), false);
});

Deno.test("a list matches when one of its items does, and ANY matches both families", () => {
  const list = "192.0.2.0/24, 198.51.100.7,\t2001:db8::/32 ,203.0.113.0/255.255.255.128";
  for (const inside of ["192.0.2.255", "198.51.100.7", "2001:db8:ffff::1", "203.0.113.127", "::ffff:192.0.2.9"]) {
    assert.equal(matches(list, inside), true, inside);
  }
  for (const outside of ["192.0.3.0", "198.51.100.8", "2001:db9::1", "203.0.113.128", "::192.0.2.9"]) {
    assert.equal(matches(list, outside), false, outside);
  }
  for (const any of ["ANY", "any", " Any ", "192.0.2.1,ANY"]) {
    assert.equal(matches(any, "10.0.0.1"), true, any);
    assert.equal(matches(any, "2001:db8::1"), true, any);
  }
});

Deno.test("a mapped item is IPv4: its prefix length counts 96 bits before the address", () => {
  assert.equal(matches("::ffff:10.0.0.0/104", "10.200.0.1"), true);
  assert.equal(matches("::ffff:10.0.0.0/104", "11.0.0.1"), false);
  assert.equal(matches("::ffff:10.0.0.1", "10.0.0.1"), true);
  assert.equal(parseAddressList("::ffff:10.0.0.0/96").ok, false);
});

Deno.test("parseAddressList() names the item that it cannot read, and says what would be right", () => {
  const rows: readonly [string, string, RegExp][] = [
    ["", "", /must not be empty/],
    ["192.0.2.1,", "", /must not be empty/],
    ["192.0.2.1,,192.0.2.2", "", /must not be empty/],
    ["192.0.2.1, 10.1", "10.1", /four decimal numbers/],
    ["0x0a.0.0.1", "0x0a.0.0.1", /four decimal numbers/],
    ["010.0.0.1", "010.0.0.1", /four decimal numbers/],
    ["192.0.2.300", "192.0.2.300", /four decimal numbers/],
    ["ANYTHING", "ANYTHING", /must be ANY/],
    ["host.example", "host.example", /must be ANY/],
    ["fe80::1%eth0", "fe80::1%eth0", /must be ANY/],
    ["192.0.2.1/0", "192.0.2.1/0", /from 1 to 32/],
    ["192.0.2.1/33", "192.0.2.1/33", /from 1 to 32/],
    ["192.0.2.1/", "192.0.2.1/", /from 1 to 32/],
    ["192.0.2.1/+8", "192.0.2.1/+8", /from 1 to 32/],
    ["192.0.2.1/24/8", "192.0.2.1/24/8", /from 1 to 32/],
    ["192.0.2.1/255.255", "192.0.2.1/255.255", /four decimal numbers from 0 to 255/],
    ["192.0.2.1/255.255.255.256", "192.0.2.1/255.255.255.256", /four decimal numbers from 0 to 255/],
    ["192.0.2.1/0.0.0.32", "192.0.2.1/0.0.0.32", /takes for \/32/],
    ["::/0", "::/0", /from 1 to 128/],
    ["2001:db8::/129", "2001:db8::/129", /from 1 to 128/],
    ["2001:db8::/255.0.0.0", "2001:db8::/255.0.0.0", /from 1 to 128/],
  ];
  for (const [text, item, reason] of rows) {
    const result = parseAddressList(text);
    assert.ok(!result.ok, text);
    assert.equal(result.fault.item, item);
    assert.match(result.fault.reason, reason);
  }
});

Deno.test("parseAddressList() answers any text without throwing", () => {
  const texts = fc.string({ unit: fc.constantFrom(..."0129.:/,aAnNyY f"), maxLength: 30 });
  fc.assert(fc.property(texts, (text) => void parseAddressList(text)), { numRuns: 1000 });
});

Deno.test("includesList() says whether every address of one list is in the other", () => {
  const includes = (outer: string, inner: string) => {
    const [a, b] = [parseAddressList(outer), parseAddressList(inner)];
    assert.ok(a.ok && b.ok);
    return includesList(a.value, b.value);
  };
  for (const inner of ["ANY", "192.0.2.1", "::1", "::/1"]) assert.equal(includes("ANY", inner), true, inner);
  assert.equal(includes("::/1,8000::/1,0.0.0.0/1,128.0.0.0/1", "ANY"), false, "ANY is a word");
  assert.equal(includes("::/1,8000::/1", "2001:db8::/32"), true);
  assert.equal(includes("192.0.2.0/24", "::ffff:192.0.2.7"), true);
  assert.equal(includes("192.0.2.0/25,192.0.2.128/26,192.0.2.192/26", "192.0.2.0/24"), true);
  assert.equal(includes("192.0.2.0/25,192.0.2.128/26", "192.0.2.0/24"), false);
  assert.equal(includes("2001:db8::1", "2001:db8::/32"), false);
});

Deno.test("includesList() agrees with asking for every address", () => {
  const addresses = Array.from({ length: 16 }, (_, i) => ip(`192.0.2.${i}`));
  const range = fc.tuple(fc.nat(15), fc.nat(15)).map(([base, mask]) => `192.0.2.${base}/255.255.255.${240 + mask}`);
  const lists = fc.array(range, { minLength: 1, maxLength: 4 }).map((items) => items.join(","));
  fc.assert(fc.property(lists, lists, (outer, inner) => {
    const [a, b] = [parseAddressList(outer), parseAddressList(inner)];
    assert.ok(a.ok && b.ok);
    const expected = addresses.every((one) => !matchesList(b.value, one) || matchesList(a.value, one));
    assert.equal(includesList(a.value, b.value), expected);
  }));
});
