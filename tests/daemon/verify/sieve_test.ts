import assert from "node:assert/strict";
import type { Stanza } from "../../../daemon/config/stanza.ts";
import { libcryptoEngine } from "../../../daemon/crypto/libcrypto_engine.ts";
import { decide } from "../../../daemon/verify/decide.ts";
import { createSieve } from "../../../daemon/verify/sieve.ts";
import { OTHER_ADDRESSES, OTHER_KEY, TRIED } from "../../../daemon/verify/stanza_index.ts";
import { DIGEST_NAMES } from "../../../lib/crypto/digest.ts";
import type { CryptoEngine } from "../../../lib/crypto/engine.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import type { HmacKey, Secrets } from "../../../lib/crypto/secrets.ts";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import { datagram, decisionContext, KEYS, knock, linesOf, NOW, stanza } from "../../fakes/knock.ts";
import { SLOW, SLOW_WITHOUT_HMAC, slowPacket } from "../../fakes/slow_opener.ts";

const ENGINES: readonly [string, CryptoEngine][] = [["noble", nobleEngine], ["libcrypto", libcryptoEngine]];

const LIMITS = { maxAge: 120 };

const key = (text: string): Uint8Array => new TextEncoder().encode(text);
const withHmac = (hmac: HmacKey | null) => ({ ...KEYS, hmac });

/** The stanzas that are left, by their numbers, of those whose addresses are the packet's. */
function left(engine: CryptoEngine, sets: readonly (readonly Secrets[])[], wire: string): readonly number[] {
  const stanzas = sets.map((secrets, i) => stanza({ number: i + 1, secrets }));
  const sieve = createSieve(engine, stanzas, LIMITS);
  assert.ok(sieve !== null);
  const turns = new Uint8Array(stanzas.length).fill(TRIED);
  sieve.sift(wire, turns, "none");
  sieve.wipe();
  assert.ok(turns.every((turn) => turn === TRIED || turn === OTHER_KEY));
  return stanzas.filter((_, place) => turns[place] === TRIED).map(({ number }) => number);
}

for (const [name, engine] of ENGINES) {
  Deno.test(`${name}: of stanzas with an HMAC key those are left that made the packet, doubled or not`, async () => {
    for (const digest of DIGEST_NAMES) {
      const of = (text: string) => [withHmac({ name: digest, key: key(text) })];
      const wire = await knock({}, of("one")[0]);
      assert.deepEqual(left(engine, [of("one"), of("two"), of("one"), of("three")], wire), [1, 3], digest);
      assert.deepEqual(left(engine, [of("two"), of("three")], wire), [], digest);
    }
  });

  Deno.test(`${name}: the key of another digest is another key, whatever its length`, async () => {
    const all = DIGEST_NAMES.map((digest) => [withHmac({ name: digest, key: key("the same key") })]);
    for (const [at, [secrets]] of all.entries()) {
      assert.deepEqual(left(engine, all, await knock({}, secrets)), [at + 1], DIGEST_NAMES[at]);
    }
  });

  Deno.test(`${name}: stanzas without a key, or with one that cannot be used, are left for decide() to judge`, async () => {
    const wire = await knock();
    const unusable = [new Uint8Array(0), new Uint8Array(137)].map((each) => [withHmac({ name: "sha256", key: each })]);
    const unknown = [withHmac({ name: "whirlpool" as "md5", key: key("x") })];
    const apart = [KEYS, { ...SLOW, hmac: { name: "sha256", key: key("x") } } as const];
    const other = [withHmac({ name: "sha256", key: key("another") })];
    const sets = [[withHmac(null)], other, ...unusable, unknown, apart, [SLOW_WITHOUT_HMAC], []];
    assert.deepEqual(left(engine, sets, wire), [1, 3, 4, 5, 6, 7, 8]);
  });

  Deno.test(`${name}: a packet for GnuPG is tried with the stanzas that take it`, async () => {
    const wire = await slowPacket();
    const both = [{ ...KEYS, hmac: SLOW.hmac }, SLOW];
    const sets = [[SLOW], [{ ...KEYS, hmac: SLOW.hmac }], both, [{ ...SLOW, hmac: KEYS.hmac }]];
    assert.deepEqual(left(engine, sets, wire), [1, 3]);
    assert.deepEqual(left(engine, [both, [SLOW]], await knock({}, both[0] as typeof KEYS)), [1]);
  });

  Deno.test(`${name}: no character of a packet can be another, and none can be there or missing`, async () => {
    const wire = await knock();
    assert.deepEqual(left(engine, [[KEYS]], wire), [1]);
    for (let i = 0; i < wire.length; i++) {
      const other = wire[i] === "A" ? "B" : "A";
      assert.deepEqual(left(engine, [[KEYS]], wire.slice(0, i) + other + wire.slice(i + 1)), [], `at ${i}`);
      assert.deepEqual(left(engine, [[KEYS]], wire.slice(0, i) + other + wire.slice(i)), [], `before ${i}`);
    }
    for (let i = 1; i <= wire.length; i++) {
      assert.deepEqual(left(engine, [[KEYS]], wire.slice(i)), [], `without the first ${i}`);
      assert.deepEqual(left(engine, [[KEYS]], wire.slice(0, -i)), [], `without the last ${i}`);
    }
    for (const more of ["A", "=", "AAAA", " ", "\n", "\u00e9", "A".repeat(2000)]) {
      assert.deepEqual([left(engine, [[KEYS]], wire + more), left(engine, [[KEYS]], more + wire)], [[], []]);
    }
  });

  Deno.test(`${name}: every key of a packet's sources is tried, also behind one that fits, and no other`, async () => {
    const tried: number[] = [];
    const counting: CryptoEngine = {
      ...engine,
      keyRing: (digest, keys) => {
        const ring = engine.keyRing!(digest, keys);
        return { ...ring, fits: (at) => (tried.push(at), ring.fits(at)) };
      },
    };
    const other = [withHmac({ name: "sha256", key: key("another") })];
    const sieve = createSieve(counting, [[KEYS], other, [KEYS], other].map((secrets) => stanza({ secrets })), LIMITS)!;
    for (const wire of [await knock(), await knock({}, other[0])]) {
      const turns = Uint8Array.of(TRIED, TRIED, OTHER_ADDRESSES, TRIED);
      sieve.sift(wire, turns, "none");
      assert.equal(turns[2], OTHER_ADDRESSES);
    }
    assert.deepEqual(tried, [0, 1, 3, 0, 1, 3]);
  });

  Deno.test(`${name}: a sieve that was wiped takes nothing away, and packets are judged without it`, async () => {
    const stanzas: Stanza[] = [
      stanza({ secrets: [withHmac({ name: "sha256", key: key("x") })] }),
      stanza({ number: 2 }),
    ];
    const sieve = createSieve(engine, stanzas, LIMITS)!;
    sieve.wipe();
    sieve.wipe();
    const decision = await decide(datagram(await knock()), decisionContext(stanzas, { sieve }), NOW);
    assert.equal(decision.kind, "admit");
    assert.equal(linesOf(decision).filter(({ text }) => text.includes("Non-corresponding HMAC")).length, 1);
  });
}

Deno.test("an engine that has to be awaited makes no sieve", () => {
  assert.equal(createSieve(webEngine, [stanza()], LIMITS), null);
});

Deno.test("a packet that the sieve lets through by mistake opens nothing: its HMAC is computed again", async () => {
  const trusting: CryptoEngine = {
    ...nobleEngine,
    keyRing: (...of) => ({ ...nobleEngine.keyRing!(...of), fits: () => true }),
  };
  const stanzas = [stanza({ secrets: [withHmac({ name: "sha256", key: key("x") })] })];
  const context = decisionContext(stanzas, { sieve: createSieve(trusting, stanzas, LIMITS) });
  const decision = await decide(datagram(await knock()), context, NOW);
  assert.equal(decision.kind, "refuse");
  assert.match(linesOf(decision).at(-1)!.text, /Non-corresponding HMAC/);
});
