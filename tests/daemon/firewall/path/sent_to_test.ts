import assert from "node:assert/strict";
import fc from "fast-check";
import { sentToByTarget, sentToByWords } from "../../../../daemon/firewall/path/sent_to.ts";
import { address } from "../../../contract/addresses.ts";

const at = (text: string) => String.fromCharCode(...address(text).bytes);
const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (octet) => parseInt(octet, 16));
const zeros = (octets: number) => "00".repeat(octets);

/** `struct nf_nat_range2` of an IPv4 rule as iptables-nft 1.8.9 writes it. */
const range = (flags: string, [first, last]: readonly [string, string], ports: string) =>
  hex(`${flags}000000${first}${zeros(12)}${last}${zeros(12)}${ports}${zeros(8)}`);
const [TWO, NINE] = ["0a4e0002", "0a4e0009"];

Deno.test("sentToByTarget() reads DNAT in all forms that iptables writes", () => {
  const by = (info: Uint8Array) => sentToByTarget("DNAT", info);
  const found = by(range("03", [TWO, TWO], "00500050"));
  assert.deepEqual([found?.address?.[4], found?.port], [at("10.78.0.2"), 80]);
  assert.equal(by(range("01", [TWO, TWO], "00000000"))?.port, null, "the port stays");
  assert.equal(by(range("03", [TWO, NINE], "00500050")), null, "one of several addresses");
  assert.equal(by(range("03", [TWO, TWO], "0050005a")), null, "one of several ports");
  assert.equal(by(range("23", [TWO, TWO], "00500050")), null, "as many ports on as the asked one");
  assert.equal(by(range("43", [TWO, TWO], "00500050")), null, "a network");
  assert.deepEqual(by(range("02", [zeros(4), zeros(4)], "00500050")), { address: null, port: 80 });
  const six = "fd780000000000000000000000000002";
  assert.equal(by(hex(`03000000${six}${six}00500050${zeros(8)}`))?.address?.[6], at("fd78::2"));
  // Of older versions: without the last port, and the list of one range of IPv4.
  assert.equal(by(hex(`03000000${six}${six}00500050`))?.port, 80);
  const old = by(hex(`0100000003000000${TWO}${TWO}00500050`));
  assert.deepEqual([old?.address, old?.port], [{ 4: at("10.78.0.2") }, 80]);
  assert.equal(by(hex(`0200000003000000${TWO}${TWO}00500050`)), null, "a list of two");
  assert.equal(by(hex("0100")), null);
});

Deno.test("sentToByTarget() reads REDIRECT, and of no other target where it sends", () => {
  const info = hex(`0100000002000000${zeros(8)}1f901f90${zeros(4)}`);
  assert.deepEqual(sentToByTarget("REDIRECT", info), { address: null, port: 8080 });
  assert.deepEqual(sentToByTarget("REDIRECT", hex(`01000000${zeros(20)}`)), { address: null, port: null });
  for (const name of ["SNAT", "NETMAP", "TPROXY", "ACCEPT"]) assert.equal(sentToByTarget(name, info), null);
});

Deno.test("sentToByTarget() and sentToByWords() take anything", () => {
  fc.assert(fc.property(fc.constantFrom("DNAT", "REDIRECT"), fc.uint8Array({ maxLength: 60 }), (name, info) => {
    sentToByTarget(name, info);
  }));
  const word = fc.oneof(fc.constantFrom("--to-destination", "--to-ports", "[", "]:", ":80", "10.0.0.1:"), fc.string());
  fc.assert(fc.property(fc.constantFrom("DNAT", "REDIRECT"), fc.array(word), (name, words) => {
    sentToByWords(name, words);
  }));
});

const WORDS: readonly (readonly [text: string, address: string | null, port: number | null])[] = [
  ["DNAT --to-destination 10.78.0.2:80", "10.78.0.2", 80],
  ["DNAT --to-destination 10.78.0.2", "10.78.0.2", null],
  ["DNAT --to-destination 10.78.0.2:80 --random --persistent", "10.78.0.2", 80],
  ["DNAT --to-destination :80", null, 80],
  ["DNAT --to-destination [fd78::2]:80", "fd78::2", 80],
  ["DNAT --to-destination fd78::2", "fd78::2", null],
  ["REDIRECT --to-ports 8080", null, 8080],
  ["REDIRECT", null, null],
];

for (const [text, to, port] of WORDS) {
  Deno.test(`sentToByWords(): ${text}`, () => {
    const [name = "", ...words] = text.split(" ");
    const family = to?.includes(":") ? 6 : 4;
    assert.deepEqual(sentToByWords(name, words), { address: to === null ? null : { [family]: at(to) }, port });
  });
}

const UNCERTAIN = [
  ...["DNAT", "DNAT --to-destination 10.78.0.2-10.78.0.9", "DNAT --to-destination 10.78.0.2:80-90"],
  ...["DNAT --to-destination 10.78.0.2:80-90/85", "DNAT --to-destination 10.78.0.2:0", "DNAT --to-destination x"],
  ...["DNAT --to-destination fd78::2-fd78::9", "DNAT --to-destination [fd78::2]:http", "DNAT --to-ports 80"],
  ...["REDIRECT --to-ports 80-90", "REDIRECT --to-destination 10.78.0.2", "NETMAP --to 10.78.0.0/24"],
  ...["DNAT --to-destination 10.78.0.2 --what"],
];

for (const text of UNCERTAIN) {
  Deno.test(`sentToByWords() is not certain of ${text}`, () => {
    const [name = "", ...words] = text.split(" ");
    assert.equal(sentToByWords(name, words), null);
  });
}
