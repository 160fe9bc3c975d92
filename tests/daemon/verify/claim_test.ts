import assert from "node:assert/strict";
import type { FirstSight } from "../../../daemon/replay/store.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { claimPacket, isSameCapture, otherDigests, seenBefore, seenPacket } from "../../../daemon/verify/claim.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { decodeBase64, encodeBase64 } from "../../../lib/base64.ts";
import { open, replayDigest } from "../../../lib/spa/open.ts";
import { PREFIXES } from "../../../lib/wire/envelope.ts";
import { datagram, ip, KEYS, knock, NOW } from "../../fakes/knock.ts";
import { rijndael, withCipher } from "../../fakes/secrets.ts";

async function opened(keys = KEYS, message = "192.0.2.10,tcp/22") {
  const wire = await knock({ random: "1111111111111111", message }, keys);
  const result = await open(nobleEngine, wire, keys);
  assert.ok(result.ok);
  return { wire, secrets: keys, message: result.value };
}

Deno.test("otherDigests(): what a packet says is the same in every wrapping, and of no other packet", async () => {
  const wrappings = [KEYS, { ...KEYS, hmac: null }, withCipher(KEYS, { mode: "ctr" })];
  const digests = [];
  for (const keys of wrappings) digests.push(await otherDigests(await opened(keys), nobleEngine));
  assert.equal(digests[0]?.length, 1);
  for (const other of digests) assert.deepEqual(other, digests[0]);
  assert.notDeepEqual(await otherDigests(await opened(KEYS, "192.0.2.11,tcp/22"), nobleEngine), digests[0]);
});

Deno.test("otherDigests() knows a packet without its last block by its text with it too", async () => {
  // The last block is nothing but padding where the message fills the one before.
  const cut = (whole: string) => encodeBase64(decodeBase64(PREFIXES.rijndael + whole)!.slice(0, -16)).slice(10);
  const legacy = rijndael(KEYS.cipher.key, { mode: "legacy" });
  const username = "u".repeat(6);
  const whole = await knock({ username }, legacy);
  const result = await open(nobleEngine, cut(whole), legacy);
  assert.ok(result.ok, "the message fills its last block");
  const one = { wire: cut(whole), secrets: legacy, message: result.value };
  assert.equal((await otherDigests(one, nobleEngine))[1], await replayDigest(nobleEngine, whole));
  assert.equal((await otherDigests({ ...one, wire: whole }, nobleEngine)).length, 1);
});

Deno.test("claimPacket() records for the first, and gives what was seen to all others", () => {
  const store = memoryStore();
  const [first, later] = [NOW, NOW + 1].map((seenAt) => seenPacket(datagram(""), seenAt));
  assert.equal(claimPacket(["text", "said"], first!, { store, testMode: false }), null);
  assert.deepEqual(claimPacket(["text", "said"], later!, { store, testMode: false })?.facts(), first);
  assert.deepEqual(claimPacket(["another text", "said"], later!, { store, testMode: false })?.facts(), first);
  assert.equal(store.find("another text"), undefined);
});

Deno.test("claimPacket() in test mode looks, and records nothing", () => {
  const store = memoryStore();
  const seen = seenPacket(datagram(""), NOW);
  for (let i = 0; i < 2; i++) assert.equal(claimPacket(["text"], seen, { store, testMode: true }), null);
  assert.equal(store.size, 0);
  store.claim(["text"], seen);
  assert.deepEqual(claimPacket(["text"], seen, { store, testMode: true })?.facts(), seen);
});

Deno.test("isSameCapture(): the same socket, at most 100 ms apart in either direction", () => {
  const packet = datagram("");
  const known = seenPacket(packet, NOW);
  const { receivedAt } = packet;
  const seen: FirstSight = { seenAt: NOW, capturedAt: receivedAt, facts: () => known };
  for (const offset of [-100, 0, 100]) {
    assert.equal(isSameCapture({ ...packet, receivedAt: receivedAt + offset }, seen), true);
  }
  const others = [
    { receivedAt: receivedAt + 101 },
    { receivedAt: receivedAt - 101 },
    { source: ip("198.51.100.8") },
    { sourcePort: 1 },
    { destinationPort: 1 },
    { protocol: 6 },
  ];
  for (const change of others) assert.equal(isSameCapture({ ...packet, ...change }, seen), false);
  assert.equal(isSameCapture(packet, { ...seen, capturedAt: null }), false);
  assert.equal(isSameCapture(packet, { ...seen, facts: () => null }), false);
});

Deno.test("seenPacket() and seenBefore() keep what the line of a replay needs, and nothing of the payload", () => {
  const packet = datagram("payload", { destination: null });
  const known = seenPacket(packet, NOW);
  assert.equal(known.destination, "0.0.0.0");
  const first: FirstSight = { seenAt: NOW, capturedAt: null, facts: () => known };
  assert.deepEqual(seenBefore("replay", packet, first), {
    code: "replay",
    facts: { source: packet.source, protocol: 17, destinationPort: 62201, first },
  });
});
