/** What decide() remembers of packets, and what it takes for the same packet. */
import assert from "node:assert/strict";
import type { Datagram } from "../../../daemon/packet/datagram.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import type { SeenPacket } from "../../../daemon/replay/store.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import { isAuthentic } from "../../../daemon/verify/findings.ts";
import { datagram, decisionContext, ip, KEYS, knock, lastLine, linesOf, NOW, stanza } from "../../fakes/knock.ts";
import { withCipher } from "../../fakes/secrets.ts";

const otherKey = withCipher(KEYS, { key: new TextEncoder().encode("another key altogether") });
const otherHmac = { ...KEYS, hmac: { name: "sha256" as const, key: new TextEncoder().encode("another HMAC key") } };

Deno.test("F1: decide() opens for one of two copies, whichever spelling the other has", async () => {
  const wire = await knock();
  const bench = decisionContext();
  assert.equal((await decide(datagram(wire), bench, NOW)).kind, "admit");
  const again = await decide(datagram(wire), bench, NOW + 1);
  assert.equal(again.kind, "refuse");
  assert.match(
    lastLine(again),
    /^Replay detected from source IP: 198\.51\.100\.7, Destination proto\/port: 17\/62201, /,
  );
  for (const spelling of [`${wire}=`, `U2FsdGVkX1${wire}`, `${wire}A`, wire.slice(0, -1), `${wire}\n`]) {
    assert.notEqual((await decide(datagram(spelling), bench, NOW)).kind, "admit", spelling);
  }
});

Deno.test("decide() records an authentic packet even when a gate refuses it, and no other", async () => {
  const bench = decisionContext([stanza({ requireUsername: "bob" })]);
  const wire = await knock();
  assert.equal((await decide(datagram(wire), bench, NOW)).kind, "refuse");
  assert.match(lastLine(await decide(datagram(wire), bench, NOW)), /^Replay detected/);
  const forged = await knock({}, otherHmac);
  for (let i = 0; i < 2; i++) {
    assert.match(lastLine(await decide(datagram(forged), bench, NOW)), /Non-corresponding HMAC/);
  }
});

Deno.test("decide() in test mode looks replays up but records nothing", async () => {
  const bench = decisionContext([stanza()], { testMode: true });
  const wire = await knock();
  for (let i = 0; i < 2; i++) assert.equal((await decide(datagram(wire), bench, NOW)).kind, "admit");
});

Deno.test("decide() admits no packet again without its HMAC, whichever of the two comes first", async () => {
  const unauthenticated = stanza({ number: 2, secrets: [{ ...KEYS, hmac: null }] });
  const whole = await knock();
  const bare = whole.slice(0, -43);
  for (const [first, second] of [[whole, bare], [bare, whole]] as const) {
    const both = decisionContext([stanza(), unauthenticated]);
    assert.equal((await decide(datagram(first), both, NOW)).kind, "admit");
    const again = await decide(datagram(second), both, NOW);
    assert.equal(again.kind, "refuse");
    assert.match(lastLine(again), /Replay detected/);
  }
});

Deno.test("decide() knows the copy without its HMAC after the HMAC key was taken out of the configuration", async () => {
  const wire = await knock();
  const before = decisionContext();
  assert.equal((await decide(datagram(wire), before, NOW)).kind, "admit");
  const reloaded = decisionContext([stanza({ secrets: [{ ...KEYS, hmac: null }] })], { store: before.store });
  const bare = wire.slice(0, -43);
  for (const judgeNow of [reloaded, { ...reloaded, testMode: true }]) {
    assert.match(
      lastLine(await decide(datagram(bare), judgeNow, NOW)),
      /^Replay detected from source IP: 198\.51\.100\.7,/,
    );
  }
  assert.equal((await decide(datagram(await knock({}, { ...KEYS, hmac: null })), reloaded, NOW)).kind, "admit");
});

Deno.test("decide() takes the same message for the same packet, whatever it is wrapped in", async () => {
  const random = "9999999999999999";
  const keysOfOthers = [
    KEYS,
    withCipher(KEYS, { mode: "ctr" }),
    otherKey,
    { ...KEYS, hmac: { ...KEYS.hmac!, name: "sha512" as const } },
  ];
  const stanzas = keysOfOthers.map((keys, i) => stanza({ number: i + 1, secrets: [keys] }));
  const packets = await Promise.all(keysOfOthers.map((keys) => knock({ random }, keys)));
  for (const first of packets) {
    const bench = decisionContext(stanzas);
    const decisions = [];
    for (const packet of [first, ...packets]) decisions.push(await decide(datagram(packet), bench, NOW));
    assert.deepEqual(decisions.map(({ kind }) => kind), ["admit", "refuse", "refuse", "refuse", "refuse"]);
    for (const decision of decisions.slice(1)) assert.match(lastLine(decision), /^Replay detected/);
  }
});

Deno.test("decide() raises no alarm for one packet that is captured twice, and opens once", async () => {
  const wire = await knock();
  const first = datagram(wire);
  const level = async (again: Partial<Datagram>) => {
    const trial = decisionContext();
    assert.equal((await decide(first, trial, NOW)).kind, "admit");
    const decision = await decide({ ...first, ...again }, trial, NOW);
    assert.equal(decision.kind, "refuse");
    return linesOf(decision).at(-1)?.level;
  };
  const { receivedAt } = first;
  assert.equal(await level({}), "debug");
  assert.equal(await level({ receivedAt: receivedAt + 100 }), "debug");
  assert.equal(await level({ receivedAt: receivedAt - 100 }), "debug", "queues of two interfaces keep no order");
  const alarms: Partial<Datagram>[] = [
    { receivedAt: receivedAt + 101 },
    { receivedAt: receivedAt - 101 },
    { source: ip("198.51.100.8") },
    { sourcePort: 40001 },
    { destinationPort: 62202 },
    { protocol: 6 },
  ];
  for (const change of alarms) assert.equal(await level(change), "warning", JSON.stringify(change));
});

Deno.test("decide() raises the alarm for what a file knows, however soon it comes", async () => {
  const wire = await knock();
  const { destinationPort, protocol, sourcePort } = datagram(wire);
  const addresses = { source: "198.51.100.7", destination: "203.0.113.1" };
  const store = {
    ...memoryStore(),
    find: () => ({
      seenAt: NOW,
      capturedAt: null,
      facts: () => ({ ...addresses, destinationPort, protocol, sourcePort, seenAt: NOW }),
    }),
  };
  const decision = await decide(datagram(wire), decisionContext(undefined, { store }), NOW);
  assert.equal(linesOf(decision).at(-1)?.level, "warning");
});

Deno.test("decide() records no packet that is too old to open, so that old copies cost no line of the file", async () => {
  for (const [now, size] of [[NOW + 121, 0], [NOW + 120, 1], [NOW - 121, 1]] as const) {
    const trial = decisionContext();
    const store = memoryStore();
    const decision = await decide(datagram(await knock()), { ...trial, store }, now);
    assert.equal(store.size, size, `${now - NOW}`);
    if (decision.kind === "refuse") assert.equal(isAuthentic(decision.findings), size > 0);
  }
});

Deno.test("decide() remembers a packet that is dated ahead for as much longer", async () => {
  const claimed: number[] = [];
  const store = memoryStore();
  const watched = {
    ...store,
    claim: (digests: readonly string[], packet: SeenPacket) => {
      claimed.push(packet.seenAt);
      return store.claim(digests, packet);
    },
  };
  for (const now of [NOW - 100, NOW + 100]) {
    await decide(
      datagram(await knock({ random: String(now).padStart(16, "1") })),
      decisionContext(undefined, { store: watched }),
      now,
    );
  }
  assert.deepEqual(claimed, [NOW, NOW + 100]);
});

Deno.test("decide() admits nothing that may have been seen and forgotten, whatever age is allowed now", async () => {
  for (const maxAge of [120, 86400, null]) {
    for (const [forgottenUntil, kind] of [[NOW - 1, "admit"], [NOW, "refuse"]] as const) {
      const trial = decisionContext(undefined, { store: { ...memoryStore(), forgottenUntil } });
      const decision = await decide(datagram(await knock()), { ...trial, policy: { ...trial.policy, maxAge } }, NOW);
      assert.equal(decision.kind, kind, `${maxAge}`);
      if (kind === "refuse") assert.match(lastLine(decision), /Replay possible: packets dated up to 2026-/);
    }
  }
});
