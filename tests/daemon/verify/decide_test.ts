import assert from "node:assert/strict";
import fc from "fast-check";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import type { Decision, DecisionContext } from "../../../daemon/verify/decision.ts";
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

Deno.test("decide() has its answer at once where no key has to open anything", async () => {
  const stranger = decide(datagram(await knock({}, otherHmac)), decisionContext(), NOW);
  assert.ok(!(stranger instanceof Promise) && stranger.kind === "refuse");
  assert.equal(isAuthentic(stranger.findings), false);
  const late = decide(datagram(await knock()), decisionContext([stanza({ expiresAt: NOW - 1 })]), NOW);
  assert.ok(!(late instanceof Promise));
  const opened = decide(datagram(await knock()), decisionContext(), NOW);
  assert.ok(opened instanceof Promise);
  assert.equal((await opened).kind, "admit");
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

Deno.test("decide() tells of each stanza that was looked at in its turn, up to the one that admits", async () => {
  const elsewhere = { source: addresses("10.0.0.0/8") };
  const changes = [elsewhere, { expiresAt: NOW - 1 }, { secrets: [otherHmac] }, elsewhere, {}, elsewhere];
  const stanzas = changes.map((each, i) => stanza({ number: i + 1, ...each }));
  const packet = datagram(await knock());
  const stories: Decision[] = [];
  for (const count of [4, 6]) stories.push(await decide(packet, decisionContext(stanzas.slice(0, count)), NOW));
  const looked = ["other-addresses", "stanza-expired", "opening-failed", "hmac-mismatch", "other-addresses"];
  const codesIn = (part: "findings" | "brief") =>
    stories.map((story) =>
      story.kind === "pending" || story.kind === "waiting" ? [] : story[part].map(({ code }) => code)
    );
  const brief = codesIn("brief"), codes = codesIn("findings");
  assert.deepEqual(brief, codes.map((all) => all.filter((code) => code !== "other-addresses")));
  assert.deepEqual(codes, [
    ["source-match", ...looked],
    ["source-match", ...looked, "packet-text", "decoded", "lets-in-another"],
  ]);
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

Deno.test("K20, F26: decide() refuses fields in another spelling, however right the keys are", async () => {
  const message = (text: string) => twinBase64(new TextEncoder().encode(text));
  const right = { time: `${NOW}`, version: "3.0.0", type: "1", text: message("192.0.2.10,tcp/22") };
  const refused = async (changes: Partial<typeof right>) => {
    const { time, version, type, text } = { ...right, ...changes };
    const encoded = ["1234567890123456", "YWxpY2U", time, version, type, text].join(":");
    const decision = await decide(
      datagram(twinSeal(encoded, "sha256", KEYS, new Uint8Array(8))),
      decisionContext(),
      NOW,
    );
    return decision.kind === "refuse";
  };
  assert.equal(await refused({}), false);
  assert.equal(await refused({ text: message("192.0.02.10,tcp/22") }), true);
  assert.equal(await refused({ type: " 1" }), true);
  assert.equal(await refused({ type: "1x" }), true);
  assert.equal(await refused({ time: `${NOW}x` }), true);
  assert.equal(await refused({ version: "new" }), true);
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
  const http = { enabled: true, anyUserAgent: true, trustForwardedFor: true, proxies: null };
  const overHttp = decisionContext([stanza()], { policy: { maxAge: 120, http } });
  const [start, end] = ["GET /", " HTTP/1.1\r\nX-Forwarded-For: "].map((text) => new TextEncoder().encode(text));
  await fc.assert(fc.asyncProperty(payloads, fc.uint8Array({ maxLength: 40 }), async (payload, tail) => {
    const request = Uint8Array.from([...start!, ...payload, ...end!, ...tail, 10, 10]);
    for (const [bytes, one] of [[payload, bench], [payload, overHttp], [request, overHttp]] as const) {
      assert.notEqual((await decide({ ...datagram(""), payload: bytes }, one, NOW)).kind, "admit");
    }
  }));
});

Deno.test("decide() opens for the client that the proxy names, and for nobody where it names none", async () => {
  const http = { enabled: true, anyUserAgent: false, trustForwardedFor: true, proxies: null };
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
  const http = { enabled: true, anyUserAgent: true, trustForwardedFor: true, proxies: null };
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

Deno.test("decide() leaves the index as it was, whatever becomes of a packet", async () => {
  for (const keyHint of ["first", "only", "none"] as const) {
    const context = decisionContext([
      stanza({ keyHint }),
      stanza({ number: 2, keyHint, destination: addresses("192.0.2.1") }),
    ]);
    const turns = () => [...context.index.lookUp(ip("198.51.100.7"), ip("203.0.113.1")).turns];
    const before = turns();
    const junk = await knock({}, { ...KEYS, hmac: { name: "sha256", key: new Uint8Array(9) } });
    for (const wire of [junk, await knock(), await knock({}, KEYS, NOW)]) {
      await decide(datagram(wire), context, NOW);
      assert.deepEqual(turns(), before, keyHint);
    }
  }
});
