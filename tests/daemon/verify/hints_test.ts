import assert from "node:assert/strict";
import { libcryptoEngine } from "../../../daemon/crypto/libcrypto_engine.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import { createHints } from "../../../daemon/verify/hints.ts";
import { createSieve } from "../../../daemon/verify/sieve.ts";
import { OTHER_ADDRESSES, OTHER_KEY, TRIED } from "../../../daemon/verify/stanza_index.ts";
import type { CryptoEngine } from "../../../lib/crypto/engine.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { datagram, decisionContext, KEYS, knock, lastLine, NOW, stanza } from "../../fakes/knock.ts";

// libcrypto is opened at first use and stays open, which would count as a leak of the test that is first.
await libcryptoEngine.digest("sha256", new Uint8Array(1));

const ENGINES = [["noble", nobleEngine], ["libcrypto", libcryptoEngine]] as const;
const POLICY = { maxAge: 120 };

const withKey = (text: string) => ({ ...KEYS, hmac: { name: "sha256", key: new TextEncoder().encode(text) } }) as const;
const users = (...keys: readonly string[]) => keys.map((key, i) => stanza({ number: i + 1, secrets: [withKey(key)] }));

/** An engine, and how many HMACs of packets were compared with it. */
function counting(engine: CryptoEngine) {
  const counted = { fits: 0 };
  const keyRing: NonNullable<CryptoEngine["keyRing"]> = (...of) => {
    const ring = engine.keyRing!(...of);
    return { ...ring, fits: (key) => (counted.fits++, ring.fits(key)) };
  };
  return { counted, engine: { ...engine, keyRing } };
}

for (const [name, real] of ENGINES) {
  Deno.test(`${name} engine: a hint names its user among many, and nobody else is tried`, async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `key ${i}`);
    const { engine, counted } = counting(real);
    const sieve = createSieve(engine, users(...keys), POLICY)!;
    const turns = new Uint8Array(500).fill(TRIED);
    turns[7] = OTHER_ADDRESSES;
    const wire = await knock({}, withKey("key 321"), NOW);
    assert.deepEqual(sieve.hinted(wire, turns, NOW), [321]);
    assert.equal(counted.fits, 1);
    assert.equal(sieve.hinted(wire, turns.fill(OTHER_ADDRESSES, 321, 322), NOW), "none", "its addresses are others");
    sieve.wipe();
    assert.equal(sieve.hinted(wire, turns.fill(TRIED), NOW), "none", "wiped");
  });

  Deno.test(`${name} engine: a hint that leads nowhere, or to a key that does not fit, changes nothing`, async () => {
    const stanzas = users("a", "b", "c");
    const { engine, counted } = counting(real);
    const sieve = createSieve(engine, stanzas, POLICY)!;
    const hinted = await knock({}, withKey("b"), NOW), other = await knock({}, withKey("nobody"), NOW);
    // The hint of one user in front of what another key signed.
    const copied = hinted.slice(0, 6) + other.slice(6);
    for (const [wire, tried] of [[other, 0], [copied, 1], [await knock({}, withKey("b")), 0]] as const) {
      counted.fits = 0;
      const turns = new Uint8Array(3).fill(TRIED);
      assert.equal(sieve.hinted(wire, turns, NOW), "none");
      assert.deepEqual([...turns], [TRIED, TRIED, TRIED]);
      assert.equal(counted.fits, tried);
    }
  });

  Deno.test(`${name} engine: every stanza with the key is named, with KEY_HINT N too where another looks for it`, async () => {
    const [first, second, third] = users("same", "same", "other");
    const stanzas = [first!, { ...second!, keyHint: "none" as const }, third!];
    const sieve = createSieve(real, stanzas, POLICY)!;
    const turns = new Uint8Array(3).fill(TRIED);
    assert.deepEqual(sieve.hinted(await knock({}, withKey("same"), NOW), turns, NOW), [0, 1], "as without a hint");
    assert.deepEqual(sieve.hinted(await knock({}, withKey("other"), NOW), turns, NOW), [2]);
    const keyless = stanza({ number: 4, secrets: [{ ...KEYS, hmac: null }] });
    const mixed = createSieve(real, [keyless, ...stanzas, keyless], POLICY)!;
    const all = Uint8Array.of(TRIED, TRIED, TRIED, TRIED, OTHER_ADDRESSES);
    assert.deepEqual(mixed.hinted(await knock({}, withKey("other"), NOW), all, NOW), [0, 3], "in load order");
    const nobody = createSieve(real, stanzas.slice(1, 2), POLICY)!;
    assert.equal(nobody.hinted(await knock({}, withKey("same"), NOW), Uint8Array.of(TRIED), NOW), "none");
  });
}

Deno.test("a stanza with REQUIRE_KEY_HINT is tried for packets that name it, and for no others", async () => {
  const stanzas = [stanza({ keyHint: "only" }), stanza({ number: 2, secrets: [withKey("other")] })];
  const context = decisionContext(stanzas);
  const named = await decide(datagram(await knock({}, KEYS, NOW)), context, NOW);
  assert.equal(named.kind, "admit");
  const unnamed = await decide(datagram(await knock()), context, NOW);
  assert.equal(unnamed.kind, "refuse");
  assert.ok(unnamed.kind === "refuse" && unnamed.findings.some(({ code }) => code === "not-named"));
  const alone = decisionContext(stanzas.slice(0, 1));
  assert.match(lastLine(await decide(datagram(await knock()), alone, NOW)), /does not name this stanza/);
  const turns = Uint8Array.of(TRIED, TRIED), others = await knock({}, withKey("nobody"));
  assert.equal(context.sieve!.hinted(others, turns, NOW), "none");
  context.sieve!.sift(others, turns, "none");
  assert.deepEqual([...turns], [TRIED, OTHER_KEY], "the linear pass leaves it alone");
  context.sieve!.sift(others, turns, "unknown");
  assert.deepEqual([...turns], [OTHER_KEY, OTHER_KEY], "unless the packet may name it");
});

Deno.test("a hit proves nothing: a packet that was seen before, or is too old, is refused as ever", async () => {
  const context = decisionContext();
  const wire = await knock({}, KEYS, NOW);
  assert.equal((await decide(datagram(wire), context, NOW)).kind, "admit");
  assert.match(lastLine(await decide(datagram(wire, { sourcePort: 1 }), context, NOW)), /Replay detected/);
  const old = await decide(datagram(await knock({ timestamp: NOW - 121 }, KEYS, NOW)), context, NOW);
  assert.equal(old.kind, "refuse");
});

Deno.test("createHints() names no stanza whose packets carry no hint", async () => {
  const { hmac } = KEYS;
  const ctr = { ...KEYS, cipher: { ...KEYS.cipher, mode: "ctr" as const } };
  const hints = createHints(nobleEngine.keyRing!, [{ stanza: stanza({ secrets: [ctr] }), key: hmac!.key }], POLICY);
  const offered: number[] = [];
  const take = (named: readonly number[]) => offered.push(...named) > 0;
  assert.equal(hints.search(await knock({}, KEYS, NOW), NOW, take), "none");
  assert.deepEqual(offered, []);
});
