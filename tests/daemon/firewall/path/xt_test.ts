import assert from "node:assert/strict";
import { partialPacket } from "../../../../daemon/firewall/path/packet.ts";
import { matches } from "../../../../daemon/firewall/path/rule.ts";
import { matchConditions, targetEffect, targetOutcome } from "../../../../daemon/firewall/path/xt.ts";

/** What a match says of the first packet to tcp/22, from a port that is not known, or of an ICMP message. */
function answer(name: string, revision: number, info: Uint8Array) {
  const conditions = matchConditions({ name, revision, info });
  const packet = partialPacket(
    name.startsWith("icmp")
      ? { family: 6, protocol: 58, icmpType: 135 }
      : { family: 4, protocol: 6, destinationPort: 22, state: "new" },
  );
  return matches({ handle: 1, conditions, outcome: { kind: "drop" }, effect: null }, packet, () => ({
    hit: null,
    verdicts: [],
  }));
}

/** A structure of that many bytes: 16-bit numbers at places. */
function structure(
  size: number,
  words: Readonly<Record<number, number>>,
  octets: Readonly<Record<number, number>> = {},
) {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of Object.entries(words)) view.setUint16(Number(at), value, true);
  for (const [at, value] of Object.entries(octets)) view.setUint8(Number(at), value);
  return bytes;
}

Deno.test("matchConditions() reads ports and flags of tcp", () => {
  const tcp = (from: number, to: number, octets = {}) => structure(12, { 2: 0xffff, 4: from, 6: to }, octets);
  assert.equal(answer("tcp", 0, tcp(22, 22)), true);
  assert.equal(answer("tcp", 0, tcp(23, 99)), false);
  assert.equal(answer("tcp", 0, tcp(22, 22, { 11: 2 })), false, "inverted");
  assert.equal(answer("tcp", 0, tcp(0, 0xffff, { 9: 0x17, 10: 2 })), true, "--syn");
  assert.equal(answer("tcp", 0, tcp(0, 0xffff, { 9: 0x17, 10: 2, 11: 4 })), false, "! --syn");
  assert.equal(answer("tcp", 0, tcp(0, 0xffff, { 8: 3 })), null, "an option");
  assert.equal(answer("tcp", 0, structure(12, { 0: 1, 2: 9, 6: 0xffff })), null, "a source port");
  assert.equal(answer("tcp", 0, new Uint8Array(3)), null);
});

Deno.test("matchConditions() reads what was asked for, of a packet that somebody sends on", () => {
  const asked = { state: 1, originalDestination: 1 << 3, originalPort: 1 << 9, direction: 1 << 12 };
  const published = partialPacket({ family: 4, protocol: 6, state: "new", published: { port: 8080 } });
  const plain = partialPacket({ family: 4, protocol: 6, state: "new", untranslated: true });
  const says = (packet: typeof plain, words: Readonly<Record<number, number>>, revision = 3) => {
    const conditions = matchConditions({ name: "conntrack", revision, info: structure(164, words) });
    const rule = { handle: 1, conditions, outcome: { kind: "drop" }, effect: null } as const;
    return matches(rule, packet, () => ({ hit: null, verdicts: [] }));
  };
  const port = (from: number, to: number, turned = 0) => ({ 140: from, 146: asked.originalPort, 148: turned, 156: to });
  assert.equal(says(published, port(8080, 8080)), true);
  assert.equal(says(published, port(80, 90)), false);
  assert.equal(says(published, port(80, 90, asked.originalPort)), true, "! --ctorigdstport");
  assert.equal(says(published, port(8080, 8080), 2), null, "without ranges");
  assert.equal(says(plain, port(8080, 8080)), null);
  const state = (states: number, turned = 0) => ({ 146: asked.state, 148: turned, 150: states });
  assert.equal(says(published, state(1 << 7)), true, "DNAT");
  assert.equal(says(plain, state(1 << 7)), false);
  assert.equal(says(published, state(1 << 7, 1)), false, "! --ctstate DNAT");
  assert.equal(says(published, state(1 << 7 | 2)), true, "DNAT,ESTABLISHED");
  assert.equal(says(plain, state(1 << 7 | 8)), true, "DNAT,NEW");
  assert.equal(says(published, state(1 << 6)), null, "SNAT");
  assert.equal(says(published, { 146: asked.direction }), true);
  assert.equal(says(published, { 146: asked.direction, 148: asked.direction }), false, "REPLY");
  assert.equal(says(published, { 146: asked.originalDestination }), null, "--ctorigdst");
});

Deno.test("matchConditions() reads of addrtype whether it was sent to this host", () => {
  const [local, inverted] = [1 << 2, 1 << 1];
  const here = partialPacket({ family: 4, local: true });
  const says = (packet: typeof here, words: Readonly<Record<number, number>>, revision = 1) => {
    const conditions = matchConditions({ name: "addrtype", revision, info: structure(8, words) });
    const rule = { handle: 1, conditions, outcome: { kind: "drop" }, effect: null } as const;
    return matches(rule, packet, () => ({ hit: null, verdicts: [] }));
  };
  assert.equal(says(here, { 2: local }), true);
  assert.equal(says(here, { 2: local, 4: inverted }), false, "! --dst-type LOCAL");
  assert.equal(says(partialPacket({ family: 4 }), { 2: local }), null);
  assert.equal(says(here, { 2: local | 1 << 3 }), true, "another type as well");
  assert.equal(says(here, { 2: 1 << 3 }), false, "BROADCAST");
  assert.equal(says(here, { 0: local, 2: local }), null, "the type of its source");
  assert.equal(says(here, { 2: local, 4: 1 << 2 }), null, "--limit-iface-in");
  assert.equal(says(here, { 2: local }, 0), null);
  assert.equal(answer("addrtype", 1, new Uint8Array(3)), null);
});

Deno.test("matchConditions() reads ports of multiport", () => {
  const multiport = (octets: Readonly<Record<number, number>>) =>
    structure(48, { 2: 80, 4: 20, 6: 30 }, { 0: 1, 1: 3, ...octets });
  assert.equal(answer("multiport", 1, multiport({ 33: 1 })), true, "20:30");
  assert.equal(answer("multiport", 1, multiport({})), false, "80,20,30");
  assert.equal(answer("multiport", 1, multiport({ 33: 1, 47: 1 })), false, "inverted");
  assert.equal(answer("multiport", 1, multiport({ 0: 0, 33: 1 })), null, "source ports");
  assert.equal(answer("multiport", 1, multiport({ 0: 2, 33: 1 })), true, "either");
  assert.equal(answer("multiport", 0, multiport({})), null);
});

Deno.test("matchConditions() reads states", () => {
  const conntrack = (asked: number, inverted: number, states: number) =>
    structure(164, { 146: asked, 148: inverted, 150: states });
  assert.equal(answer("conntrack", 3, conntrack(1, 0, 8)), true);
  assert.equal(answer("conntrack", 3, conntrack(1, 0, 6)), false);
  assert.equal(answer("conntrack", 3, conntrack(1, 1, 6)), true);
  assert.equal(answer("conntrack", 3, conntrack(1 | 1 << 13, 0, 8)), true, "-m state");
  assert.equal(answer("conntrack", 3, conntrack(3, 0, 8)), null, "and something else");
  assert.equal(answer("conntrack", 3, conntrack(3, 0, 6)), false);
  assert.equal(answer("conntrack", 1, conntrack(1, 0, 8)), null);
  assert.equal(answer("state", 0, structure(4, { 0: 8 })), true);
});

Deno.test("matchConditions() reads the type of icmp, and passes over comments", () => {
  assert.equal(answer("icmp6", 0, Uint8Array.from([135, 0, 255, 0])), true);
  assert.equal(answer("icmp6", 0, Uint8Array.from([136, 0, 255, 0])), false);
  assert.equal(answer("icmp6", 0, Uint8Array.from([136, 0, 255, 1])), true);
  assert.equal(answer("icmp6", 0, Uint8Array.from([135, 1, 1, 0])), null);
  assert.equal(answer("icmp", 0, Uint8Array.from([255, 0, 255, 0])), true);
  assert.equal(answer("comment", 0, new Uint8Array(256)), true);
  assert.equal(answer("recent", 1, new Uint8Array(256)), null);
});

Deno.test("targetOutcome() and targetEffect() know targets by their names", () => {
  for (
    const [name, kind] of [["REJECT", "drop"], ["LOG", "continue"], ["NFQUEUE", "queue"], ["DNAT", "accept"]] as const
  ) {
    assert.equal(targetOutcome(name).kind, kind);
  }
  assert.equal(targetOutcome("SOMETHING").kind, "whatever");
  assert.equal(targetEffect("CT"), "untrack");
  assert.equal(targetEffect("REDIRECT"), "translate");
  assert.equal(targetEffect("LOG"), null);
});
