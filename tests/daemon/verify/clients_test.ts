/** What clients of other people and of former times send opens, and opens once. */
import assert from "node:assert/strict";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import type { DecisionContext } from "../../../daemon/verify/decision.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { datagram, decisionContext, lastLine, NOW, stanza } from "../../fakes/knock.ts";
import { replayDigest } from "../../../lib/spa/open.ts";
import { twinPacketOfBlocks, twinPad, twinPlaintext } from "../../lib/spa/twin.ts";
import { CLIENT_VECTORS, REQUEST_VECTORS } from "../../vectors/vectors.ts";
import { good } from "../config/in_memory.ts";
import type { RijndaelSecrets } from "../../../lib/crypto/secrets.ts";
import { rijndael, withCipher } from "../../fakes/secrets.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A daemon that does not mind the age of a packet, and tries these stanzas. */
function context(stanzas: readonly Stanza[]): DecisionContext {
  const http = { enabled: true, anyUserAgent: true, trustForwardedFor: true, proxies: null };
  return decisionContext(stanzas, { policy: { maxAge: null, http } });
}

const access = (lines: readonly string[]) => good("", ["SOURCE ANY", ...lines, ""].join("\n")).stanzas;

async function outcome(text: string, bench: DecisionContext): Promise<string> {
  const decision = await decide(datagram(text), bench, NOW);
  return decision.kind === "admit" ? "admit" : lastLine(decision);
}

for (const { client, access: lines, packet } of CLIENT_VECTORS) {
  Deno.test(`a packet of ${client} opens once`, async () => {
    const bench = context(access(lines));
    assert.equal(await outcome(packet, bench), "admit");
    assert.match(await outcome(packet, bench), /^Replay detected from source IP/);
  });
}

for (const { client, access: lines, request, opensFor } of REQUEST_VECTORS) {
  Deno.test(`the kept request over HTTP (${client}) opens for the address that it names`, async () => {
    const decision = await decide(datagram(request, { protocol: 6 }), context(access(lines)), NOW);
    assert.equal(decision.kind === "admit" ? decision.admission.access.text : decision.kind, opensFor);
  });
}

const SALT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const HMAC = { name: "sha256", key: bytes("hmac key of a test") } as const;
const LEGACY: RijndaelSecrets = rijndael(bytes("fwknoptest"), { mode: "legacy" });

/** A message of a whole number of blocks, with fields as they are written. */
const wholeBlocks = (user = "YWxpY2U", version = "1.9.12") =>
  bytes(twinPlaintext(`1234567890123456:${user}:${NOW}:${version}:1:MTkyLjAuMi4xMCx0Y3AvMjI`, "sha256"));

const packetOf = (blocks: Uint8Array, keys: RijndaelSecrets) => twinPacketOfBlocks(blocks, keys, SALT);
const judgeOf = (keys: RijndaelSecrets) => context([stanza({ secrets: [keys] })]);

Deno.test("a legacy packet opens without the block of padding that clients before 2.5 leave out, once with either", async () => {
  assert.equal(wholeBlocks().length % 16, 0);
  const without = packetOf(wholeBlocks(), LEGACY);
  const withBlock = packetOf(twinPad(wholeBlocks()), LEGACY);
  for (const [first, second] of [[without, withBlock], [withBlock, without]] as const) {
    const bench = judgeOf(LEGACY);
    assert.equal(await outcome(first, bench), "admit");
    assert.match(await outcome(second, bench), /^Replay detected from source IP/);
  }
});

Deno.test("a legacy packet whose last block was cut off is known where only a C daemon saw it, by its text", async () => {
  const bench = judgeOf(LEGACY);
  const seen = datagram("").source.text;
  const entry = { protocol: 17, source: seen, sourcePort: 1, destination: seen, destinationPort: 62201, seenAt: NOW };
  const digest = await replayDigest(nobleEngine, packetOf(twinPad(wholeBlocks()), LEGACY));
  assert.ok(bench.store.claim([digest], entry));
  assert.match(await outcome(packetOf(wholeBlocks(), LEGACY), bench), /^Replay detected from source IP/);
});

Deno.test("a packet without its block of padding opens in legacy mode only", async () => {
  for (const mode of ["cbc", "ecb", "cfb", "ofb", "ctr"] as const) {
    for (const hmac of [null, HMAC]) {
      const keys = { ...withCipher(LEGACY, { mode }), hmac };
      assert.match(await outcome(packetOf(wholeBlocks(), keys), judgeOf(keys)), /Error creating fko context/, mode);
      assert.equal(await outcome(packetOf(twinPad(wholeBlocks()), keys), judgeOf(keys)), "admit", mode);
    }
  }
});

Deno.test("fields with the equals signs that Perl, Erlang and R leave in them open, with an HMAC or in legacy mode", async () => {
  const padded = twinPad(wholeBlocks("YWxpY2U=", "2.0.2"));
  for (const keys of [LEGACY, { ...withCipher(LEGACY, { mode: "cbc" }), hmac: HMAC }]) {
    const bench = judgeOf(keys);
    assert.equal(await outcome(packetOf(padded, keys), bench), "admit");
    assert.match(await outcome(packetOf(padded, keys), bench), /^Replay detected/);
  }
  const unsigned = withCipher(LEGACY, { mode: "cbc" });
  assert.match(await outcome(packetOf(padded, unsigned), judgeOf(unsigned)), /Error creating fko context/);
  for (const user of ["YWxpY2U==", "YWxpY2=", "=", "====", "YWxp=Y2U", "YWxpY2V="]) {
    const wire = packetOf(twinPad(wholeBlocks(user)), LEGACY);
    assert.match(await outcome(wire, judgeOf(LEGACY)), /Error creating fko context/, user);
  }
});
