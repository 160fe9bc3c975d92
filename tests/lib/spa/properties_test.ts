import assert from "node:assert/strict";
import fc from "fast-check";
import { RIJNDAEL_MODES } from "../../../lib/crypto/digest.ts";
import type { CryptoEngine } from "../../../lib/crypto/engine.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import { open, replayDigest } from "../../../lib/spa/open.ts";
import { sealFields } from "../../../lib/spa/seal.ts";
import { SPA_VECTORS, spaVector } from "../../vectors/vectors.ts";
import { anyCharacter, damaged, digestNames, keySets, salts, spaFields } from "../wire/generators.ts";
import { twinPacketOf, twinPacketOfBlocks, twinSeal } from "./twin.ts";
import { withCipher } from "../../fakes/secrets.ts";

const engines = fc.constantFrom<CryptoEngine>(nobleEngine, webEngine);
/** What a legal request may still be refused for: too long for Rijndael or for its field, or too short as a whole. */
const SIZE_FAULTS = [26, 44, 65];

Deno.test("open() gives back what sealFields() was given: every mode, digest and HMAC, either engine on either side", async () => {
  let sealedCount = 0;
  const property = fc.asyncProperty(spaFields, digestNames, keySets, salts, engines, engines, async (...given) => {
    const [fields, digest, keys, salt, sender, receiver] = given;
    const sealed = await sealFields(sender, fields, digest, { secrets: keys, salt });
    if (!sealed.ok) return assert.ok(SIZE_FAULTS.includes(sealed.fault.number), JSON.stringify(sealed.fault));
    sealedCount++;
    assert.equal(sealed.value.wire, twinSeal(sealed.value.encoded, digest, keys, salt));
    const opened = await open(receiver, sealed.value.wire, keys);
    assert.ok(opened.ok, JSON.stringify(opened));
    const { request: _request, nat: _nat, digestName, digest: inner, encoded, ...rest } = opened.value;
    assert.deepEqual({ ...rest }, fields);
    assert.deepEqual([digestName, inner, encoded], [digest, sealed.value.digest, sealed.value.encoded]);
  });
  await fc.assert(property, { numRuns: 300 });
  assert.ok(sealedCount > 150, `only ${sealedCount} requests could be sealed`);
});

Deno.test("a packet that opens is the packet that sealFields() makes of it: no second spelling, damaged vectors included", async () => {
  const vectors = fc.constantFrom(...SPA_VECTORS.filter(({ keys }) => keys.hmac === null));
  const property = fc.asyncProperty(
    vectors.chain((vector) => fc.tuple(fc.constant(vector), damaged(fc.constant(vector.packet)))),
    async ([vector, wire]) => {
      const opened = await open(nobleEngine, wire, vector.keys);
      if (!opened.ok) return;
      const { digestName } = opened.value;
      const sealed = await sealFields(nobleEngine, opened.value, digestName, {
        secrets: vector.keys,
        salt: vector.salt,
      });
      assert.ok(sealed.ok && sealed.value.wire === wire);
    },
  );
  await fc.assert(property, { numRuns: 2000 });
});

Deno.test("open() answers any text without throwing", async () => {
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 1600 }),
    fc.string({ unit: "binary-ascii", minLength: 30, maxLength: 450 }),
    fc.string({ unit: fc.constantFrom(..."ABCxyz0189+/="), minLength: 30, maxLength: 450 }),
    damaged(fc.constantFrom(...SPA_VECTORS.map(({ packet }) => packet))),
  );
  await fc.assert(
    fc.asyncProperty(texts, keySets, engines, async (wire, keys, engine) => {
      assert.equal((await open(engine, wire, keys)).ok, false);
    }),
    { numRuns: 500 },
  );
});

Deno.test("open() answers valid ciphertext of any plaintext, padded or not, without throwing", async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 330 }),
    keySets,
    salts,
    engines,
    async (bytes, keys, salt, engine) => {
      assert.equal((await open(engine, twinPacketOf(bytes, keys, salt), keys)).ok, false);
      const blocks = bytes.slice(0, bytes.length & ~15);
      assert.equal((await open(engine, twinPacketOfBlocks(blocks, keys, salt), keys)).ok, false);
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

Deno.test("open() refuses a signed packet with any bit flipped: 75, or 47 where it leaves the alphabet", async () => {
  for (const name of ["access_hmac_sha256", "command_cfb_sha1"]) {
    const { packet, keys } = spaVector(name);
    for (let i = 0; i < packet.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const wire = packet.slice(0, i) + String.fromCharCode(packet.charCodeAt(i) ^ (1 << bit)) + packet.slice(i + 1);
        const result = await open(nobleEngine, wire, keys);
        assert.ok(!result.ok && [75, 47].includes(result.fault.number), `${name} ${i}:${bit}`);
      }
    }
  }
});

Deno.test("open() refuses an unsigned packet with any bit flipped, in every mode", async () => {
  const { keys, plaintext, salt } = spaVector("access_md5_short_key");
  const encoded = plaintext.slice(0, plaintext.lastIndexOf(":"));
  for (const mode of RIJNDAEL_MODES) {
    const unsigned = withCipher(keys, { mode });
    const packet = twinSeal(encoded, "md5", unsigned, salt);
    assert.ok((await open(nobleEngine, packet, unsigned)).ok);
    for (let i = 0; i < packet.length * 8; i++) {
      const flipped = packet.charCodeAt(i >> 3) ^ (1 << (i & 7));
      const wire = packet.slice(0, i >> 3) + String.fromCharCode(flipped) + packet.slice((i >> 3) + 1);
      assert.equal((await open(nobleEngine, wire, unsigned)).ok, false, `${mode} bit ${i}`);
    }
  }
});

Deno.test("both engines give the same answer to the same packet, good or bad", async () => {
  const vectors = fc.constantFrom(...SPA_VECTORS);
  const cases = vectors.chain(({ packet, keys }) => fc.tuple(damaged(fc.constant(packet)), fc.constant(keys)));
  await fc.assert(
    fc.asyncProperty(cases, async ([wire, keys]) => {
      assert.deepEqual(await open(nobleEngine, wire, keys), await open(webEngine, wire, keys));
      assert.equal(await replayDigest(nobleEngine, wire), await replayDigest(webEngine, wire));
    }),
    { numRuns: 200 },
  );
});
