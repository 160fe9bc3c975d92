import assert from "node:assert/strict";
import fc from "fast-check";
import type { Access, NatMatch } from "../../../../daemon/firewall/firewall.ts";
import { accessKey } from "../../../../daemon/firewall/firewall.ts";
import { accessOfElement, dataText, elementOf, keyText } from "../../../../daemon/firewall/nftables/elements.ts";
import type { Ip } from "../../../../lib/net/address.ts";
import { ipFromBytes } from "../../../../lib/net/address.ts";
import type { Service } from "../../../../lib/net/service.ts";
import { address } from "../../../contract/addresses.ts";

const SSH = { proto: "tcp", port: 22 } as const;

Deno.test("elementOf() puts a door into the set for its parts", () => {
  const source = address("10.0.0.1");
  const element = elementOf({ slot: "input", source, destination: null, service: SSH });
  assert.equal(element?.layout.name, "fwknop_input4");
  assert.equal(element?.key.toHex(), "0a0000010600000000160000");
  assert.equal(element?.data, null);
  const narrow = elementOf({ slot: "input", source, destination: address("10.0.0.2"), service: SSH });
  assert.equal(narrow?.layout.name, "fwknop_input4_to");
  assert.equal(narrow?.key.toHex(), "0a0000010a0000020600000000160000");
});

Deno.test("elementOf() pads what is concatenated and leaves alone what is not", () => {
  const match: NatMatch = { destination: address("10.0.0.2"), service: { proto: "udp", port: 53 } };
  const masquerade = elementOf({ slot: "masquerade", match, toPort: 8080 });
  assert.equal(masquerade?.key.toHex(), "0a0000021100000000350000");
  assert.equal(masquerade?.data?.toHex(), "1f90");
  const to = address("2001:db8::7");
  const dnat = elementOf({
    slot: "dnat",
    source: address("fd77::2"),
    destination: null,
    service: SSH,
    to,
    toPort: 80,
  });
  assert.equal(dnat?.data?.toHex(), "20010db800000000000000000000000700500000");
  const all = elementOf({ slot: "forward", source: address("10.0.0.1"), target: null, service: null });
  assert.equal(all?.key.toHex(), "0a000001");
});

Deno.test("elementOf() has no set for a foreign rule or a port without a protocol", () => {
  assert.equal(elementOf({ slot: "foreign", family: 4, table: "t", chain: "c", rule: "r" }), null);
  const source = address("10.0.0.1");
  assert.equal(elementOf({ slot: "dnat", source, destination: null, service: null, to: source, toPort: 80 }), null);
  assert.equal(elementOf({ slot: "masquerade", match: { source }, toPort: 80 }), null);
});

Deno.test("elementOf() gives doors that a map cannot hold together the same id, and others another", () => {
  const access = (to: string): Access => ({
    slot: "dnat",
    source: address("10.0.0.1"),
    destination: null,
    service: SSH,
    to: address(to),
    toPort: 80,
  });
  assert.equal(elementOf(access("10.0.0.2"))?.id, elementOf(access("10.0.0.3"))?.id);
  const input = (source: string): Access => ({
    slot: "input",
    source: address(source),
    destination: null,
    service: SSH,
  });
  assert.notEqual(elementOf(input("10.0.0.1"))?.id, elementOf(input("10.0.0.2"))?.id);
});

Deno.test("doorOfElement() knows no door for another protocol or a key of another length", () => {
  const element = elementOf({ slot: "input", source: address("10.0.0.1"), destination: null, service: SSH });
  assert.ok(element);
  const icmp = element.key.slice();
  icmp[4] = 1;
  assert.equal(accessOfElement({ ...element, key: icmp }), null);
  assert.equal(accessOfElement({ ...element, key: element.key.slice(0, 6) }), null);
});

Deno.test("keyText() and dataText() are nft's language", () => {
  const access: Access = {
    slot: "dnat",
    source: address("fd77::2"),
    destination: address("fd77::1"),
    service: SSH,
    to: address("fd78::2"),
    toPort: 8022,
  };
  const element = elementOf(access);
  assert.ok(element);
  assert.equal(keyText(element), "fd77::2 . fd77::1 . tcp . 22");
  assert.equal(dataText(element), "fd78::2 . 8022");
});

const ip = (length: number): fc.Arbitrary<Ip> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(ipFromBytes).filter(({ bytes }) =>
    bytes.length === length
  );
const service: fc.Arbitrary<Service> = fc.record({
  proto: fc.constantFrom("tcp" as const, "udp" as const),
  port: fc.integer({ min: 1, max: 65535 }),
});

/** Any grant that a set can hold, with all addresses of one family. */
const accesses: fc.Arbitrary<Access> = fc.constantFrom(4, 16).chain((length) => {
  const some = ip(length);
  const maybe: fc.Arbitrary<Ip | null> = fc.option(some);
  const maybePort: fc.Arbitrary<number | null> = fc.option(fc.integer({ min: 1, max: 65535 }));
  const inner = fc.record({ destination: some, service });
  const match: fc.Arbitrary<NatMatch> = fc.oneof(fc.record({ source: some }), inner);
  const filter = { source: some, destination: maybe, service };
  const dnat = { slot: fc.constant("dnat" as const), source: some, destination: maybe, to: some };
  return fc.oneof<fc.Arbitrary<Access>[]>(
    fc.record({ slot: fc.constant("input" as const), ...filter }),
    fc.record({ slot: fc.constant("output" as const), ...filter }),
    fc.record({
      slot: fc.constant("forward" as const),
      source: some,
      target: maybe,
      service: fc.option(service, { nil: null }),
    }),
    fc.record({ ...dnat, service, toPort: maybePort }),
    fc.record({ ...dnat, service: fc.constant(null), toPort: fc.constant(null) }),
    fc.record({ slot: fc.constant("snat" as const), match, to: some }),
    fc.record({ slot: fc.constant("masquerade" as const), match: inner, toPort: maybePort }),
    fc.record({ slot: fc.constant("masquerade" as const), match, toPort: fc.constant(null) }),
  );
});

Deno.test("doorOfElement() undoes elementOf()", () => {
  fc.assert(fc.property(accesses, (access) => {
    const element = elementOf(access);
    assert.ok(element);
    const back = accessOfElement(element);
    assert.ok(back);
    assert.equal(accessKey(back), accessKey(access));
  }));
});
