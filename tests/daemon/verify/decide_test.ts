import assert from "node:assert/strict";
import fc from "fast-check";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import type { Datagram } from "../../../daemon/packet/datagram.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import type { SeenPacket } from "../../../daemon/replay/store.ts";
import { decide, type DecisionContext } from "../../../daemon/verify/decide.ts";
import { twinBase64, twinSeal } from "../../lib/spa/twin.ts";
import {
  addresses,
  datagram,
  decisionContext,
  ip,
  KEYS,
  knock,
  lastLine,
  linesOf,
  NOW,
  stanza,
} from "../../fakes/knock.ts";
import { isAuthentic } from "../../../daemon/verify/findings.ts";
import { withCipher } from "../../fakes/secrets.ts";

const otherKey = withCipher(KEYS, { key: new TextEncoder().encode("another key altogether") });
const otherHmac = { ...KEYS, hmac: { name: "sha256" as const, key: new TextEncoder().encode("another HMAC key") } };

Deno.test("decide() admits an authentic knock for the address in it", async () => {
  const decision = await decide(datagram(await knock()), decisionContext(), NOW);
  assert.equal(decision.kind, "admit");
  assert.ok(decision.kind === "admit");
  assert.equal(decision.admission.access.text, "192.0.2.10");
  assert.ok(
    linesOf(decision).map(({ text }) => text).includes(
      "(stanza #1) SPA Packet from IP: 198.51.100.7 received with access source match",
    ),
  );
});

Deno.test("decide() takes the source of the packet for 0.0.0.0, over IPv6 too", async () => {
  const text = await knock({ message: "0.0.0.0,tcp/22" });
  const decision = await decide(datagram(text, { source: ip("2001:db8::7") }), decisionContext(), NOW);
  assert.equal(decision.kind === "admit" && decision.admission.access.text, "2001:db8::7");
});

Deno.test("decide() says first and once that a packet came whose addresses match a stanza, whatever becomes of it", async () => {
  const came = (number: number) => [
    `(stanza #${number}) SPA Packet from IP: 198.51.100.7 received with access source match`,
  ];
  const elsewhere = stanza({ source: addresses("10.0.0.0/8") });
  const two = stanza({ number: 2 });
  const wire = await knock();
  const seen = decisionContext();
  await decide(datagram(wire, { sourcePort: 40001 }), seen, NOW);
  const cases: [what: string, wire: string, context: DecisionContext, expected: readonly string[]][] = [
    ["admitted by the second", wire, decisionContext([stanza({ secrets: [otherKey] }), two]), came(2)],
    ["wrong HMAC key", await knock({}, otherHmac), decisionContext([elsewhere, two]), came(2)],
    ["expired", wire, decisionContext([stanza({ expiresAt: NOW - 1 })]), came(1)],
    ["replay", wire, seen, came(1)],
    ["other source", wire, decisionContext([elsewhere]), []],
    ["other destination", wire, decisionContext([stanza({ destination: addresses("10.0.0.1") })]), []],
    ["no SPA packet", "x", decisionContext(), []],
  ];
  for (const [what, sent, by, expected] of cases) {
    const lines = linesOf(await decide(datagram(sent), by, NOW)).map(({ text }) => text);
    assert.deepEqual(lines.filter((line) => line.includes("access source match")), expected, what);
    if (expected.length > 0) assert.equal(lines[0], expected[0], what);
  }
});

Deno.test("decide() refuses with the words that scripts match", async () => {
  const tcp22 = [{ proto: "tcp" as const, port: 22 }];
  const cases: [what: string, wire: string, stanza: Partial<Stanza>, now: number, words: RegExp][] = [
    ["wrong encryption key", await knock({}, otherKey), {}, NOW, /stanza #1\) Error creating fko context: .*/],
    ["wrong HMAC key", await knock({}, otherHmac), {}, NOW, /\(stanza #1\) Non-corresponding HMAC for this stanza/],
    ["121 s old", await knock(), {}, NOW + 121, /SPA data time difference is too great \(121 seconds\)\./],
    ["121 s ahead", await knock(), {}, NOW - 121, /SPA data time difference is too great \(121 seconds\)\./],
    ["expired stanza", await knock(), { expiresAt: NOW - 1 }, NOW, /Access stanza has expired/],
    ["other source", await knock(), { source: addresses("10.0.0.0/8") }, NOW, /No access data found for source IP: /],
    [
      "other destination",
      await knock(),
      { destination: addresses("10.0.0.1") },
      NOW,
      /filtered by SOURCE and\/or DEST/,
    ],
    ["0.0.0.0", await knock({ message: "0.0.0.0,tcp/22" }), { requireSourceAddress: true }, NOW, /Got 0\.0\.0\.0 when/],
    [
      "other user",
      await knock(),
      { requireUsername: "bob" },
      NOW,
      /Username in SPA data \(alice\) does not match .* bob$/,
    ],
    ["port not open", await knock(), { openPorts: [{ proto: "udp", port: 22 }] }, NOW, /protocol\/ports was denied/],
    ["restricted port", await knock(), { openPorts: tcp22, restrictPorts: tcp22 }, NOW, /protocol\/ports was denied/],
    ["one of two", await knock({ message: "192.0.2.10,tcp/22,tcp/80" }), { openPorts: tcp22 }, NOW, /was denied/],
    ["NAT", await knock({ type: 2, natAccess: "10.0.0.1,22" }), {}, NOW, /requested NAT access, but is not enabled/],
    ["command", await knock({ type: 0, message: "192.0.2.10,id" }), {}, NOW, /Command messages are not allowed/],
    ["GPG stanza", await knock(), { secrets: [] }, NOW, /No stanza encryption mode match for encryption type: 1\./],
    ["GPG packet", "A".repeat(500), {}, NOW, /No stanza encryption mode match for encryption type: 2\./],
  ];
  for (const [what, wire, changes, now, words] of cases) {
    const decision = await decide(datagram(wire), decisionContext([stanza(changes)]), now);
    assert.equal(decision.kind, "refuse", what);
    assert.match(lastLine(decision), words, what);
  }
});

Deno.test("F23: decide() admits a knock made after January 2038, and tells its age", async () => {
  const now = 2 ** 31 + 1000;
  const wire = await knock({ timestamp: now });
  assert.equal((await decide(datagram(wire), decisionContext(), now + 120)).kind, "admit");
  assert.match(lastLine(await decide(datagram(wire), decisionContext(), now + 121)), /too great \(121 seconds\)/);
});

Deno.test("decide() lets packets through at the very edge of the time window", async () => {
  for (const now of [NOW - 120, NOW + 120]) {
    assert.equal((await decide(datagram(await knock()), decisionContext(), now)).kind, "admit");
  }
  const ageless = decisionContext([stanza()], { policy: { ...decisionContext().policy, maxAge: null } });
  assert.equal((await decide(datagram(await knock()), ageless, NOW + 10_000)).kind, "admit");
});

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

Deno.test("K20, F26: decide() refuses fields in another spelling, however right the keys are", async () => {
  const message = (text: string) => twinBase64(new TextEncoder().encode(text));
  const refused = async (time: string, version: string, type: string, text: string) => {
    const encoded = ["1234567890123456", "YWxpY2U", time, version, type, text].join(":");
    const decision = await decide(
      datagram(twinSeal(encoded, "sha256", KEYS, new Uint8Array(8))),
      decisionContext(),
      NOW,
    );
    return decision.kind === "refuse";
  };
  const [time, version, type, text] = [`${NOW}`, "3.0.0", "1", message("192.0.2.10,tcp/22")] as const;
  assert.equal(await refused(time, version, type, text), false);
  assert.equal(await refused(time, version, type, message("192.0.02.10,tcp/22")), true);
  assert.equal(await refused(time, version, " 1", text), true);
  assert.equal(await refused(time, version, "1x", text), true);
  assert.equal(await refused(`${time}x`, version, type, text), true);
  assert.equal(await refused(time, "new", type, text), true);
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

Deno.test("decide() goes on to the next stanza until one admits", async () => {
  const first = stanza({ number: 1, secrets: [otherHmac] });
  const second = stanza({ number: 2, requireUsername: "bob" });
  const third = stanza({ number: 3 });
  const decision = await decide(datagram(await knock()), decisionContext([first, second, third]), NOW);
  assert.equal(decision.kind === "admit" && decision.admission.stanza.number, 3);
});

Deno.test("decide() tells key holders from strangers", async () => {
  const authentic = async (wire: string, changes: Partial<Stanza>) => {
    const decision = await decide(datagram(wire), decisionContext([stanza(changes)]), NOW);
    return decision.kind === "refuse" && isAuthentic(decision.findings);
  };
  assert.equal(await authentic(await knock(), { requireUsername: "bob" }), true);
  assert.equal(await authentic(await knock({}, otherHmac), {}), false);
});

Deno.test("decide() never throws and never admits what no key of ours made", async () => {
  const bench = decisionContext();
  const real = new TextEncoder().encode(await knock());
  const mutated = fc.tuple(fc.nat(real.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
    const copy = real.slice();
    copy[at] = (copy[at] ?? 0) ^ flip;
    return copy;
  });
  const payloads = fc.oneof(fc.uint8Array({ maxLength: 1600 }), mutated);
  const http = { enabled: true, anyUserAgent: true, trustForwardedFor: true };
  const overHttp = decisionContext([stanza()], { policy: { maxAge: 120, http } });
  const [start, end] = ["GET /", " HTTP/1.1\r\nX-Forwarded-For: "].map((text) => new TextEncoder().encode(text));
  await fc.assert(fc.asyncProperty(payloads, fc.uint8Array({ maxLength: 40 }), async (payload, tail) => {
    const request = Uint8Array.from([...start!, ...payload, ...end!, ...tail, 10, 10]);
    for (const [bytes, one] of [[payload, bench], [payload, overHttp], [request, overHttp]] as const) {
      assert.notEqual((await decide({ ...datagram(""), payload: bytes }, one, NOW)).kind, "admit");
    }
  }));
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

Deno.test("decide() opens for the client that the proxy names, and for nobody where it names none", async () => {
  const http = { enabled: true, anyUserAgent: false, trustForwardedFor: true };
  const bench = decisionContext([stanza()], { policy: { maxAge: 120, http } });
  const visit = async (forwarded: string) => {
    const path = (await knock({ message: "0.0.0.0,tcp/22" })).replaceAll("+", "-").replaceAll("/", "_");
    const request = `GET /${path} HTTP/1.1\r\nUser-Agent: Fwknop/2.6.11\r\nX-Forwarded-For: ${forwarded}\r\n\r\n`;
    return await decide(datagram(request, { protocol: 6 }), bench, NOW);
  };
  const named = await visit("198.51.100.1, 192.0.2.9:80");
  assert.equal(named.kind === "admit" && named.admission.access.text, "192.0.2.9");
  const refused = await visit("unknown");
  assert.deepEqual([refused.kind, refused.kind === "refuse" && isAuthentic(refused.findings)], ["refuse", false]);
  assert.match(
    lastLine(refused),
    /Error parsing X-Forwarded-For header: value 'unknown' is not an IP address: .*198\.51/,
  );
});

Deno.test("decide() remarks in one line that a door is for another address than the sender's", async () => {
  const remarks = async (message: string, source: string) => {
    const decision = await decide(datagram(await knock({ message }), { source: ip(source) }), decisionContext(), NOW);
    assert.equal(decision.kind, "admit");
    return linesOf(decision).filter(({ level }) => level !== "debug").map(({ text }) => text).filter((line) =>
      /asks to let in/.test(line)
    );
  };
  assert.deepEqual(await remarks("192.0.2.10,tcp/22", "198.51.100.7"), [
    "[198.51.100.7] (stanza #1) The packet asks to let in 192.0.2.10, but came from 198.51.100.7",
  ]);
  assert.deepEqual(await remarks("198.51.100.7,tcp/22", "198.51.100.7"), []);
  assert.deepEqual(await remarks("0.0.0.0,tcp/22", "198.51.100.7"), []);
});

Deno.test("decide() takes the client behind the proxy for the sender", async () => {
  const http = { enabled: true, anyUserAgent: true, trustForwardedFor: true };
  const bench = decisionContext([stanza()], { policy: { maxAge: 120, http } });
  const path = (await knock({ message: "192.0.2.9,tcp/22" })).replaceAll("+", "-").replaceAll("/", "_");
  const decision = await decide(datagram(`GET /${path} HTTP/1.1\r\nx-forwarded-for: 192.0.2.9\r\n\r\n`), bench, NOW);
  assert.equal(decision.kind, "admit");
  assert.ok(!linesOf(decision).some(({ text }) => /asks to let in/.test(text)));
});

Deno.test("decide() opens for no packet that names no address and comes from none", async () => {
  for (const source of ["0.0.0.0", "::"]) {
    const wire = await knock({ message: "0.0.0.0,tcp/22" });
    const decision = await decide(datagram(wire, { source: ip(source) }), decisionContext(), NOW);
    assert.equal(decision.kind, "refuse");
    assert.match(lastLine(decision), /names no address to let in, and came from none/);
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
    find: () => ({ ...addresses, destinationPort, protocol, sourcePort, seenAt: NOW }),
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
