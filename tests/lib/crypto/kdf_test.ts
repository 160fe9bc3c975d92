import assert from "node:assert/strict";
import fc from "fast-check";
import { RIJNDAEL_MODES } from "../../../lib/crypto/digest.ts";
import { deriveKey, padLegacyKey } from "../../../lib/crypto/kdf.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import { twinKey } from "../spa/twin.ts";

Deno.test("deriveKey() is EVP_BytesToKey as its naive twin computes it, on both engines", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom(...RIJNDAEL_MODES),
    fc.uint8Array({ maxLength: 32 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    fc.constantFrom(nobleEngine, webEngine),
    async (mode, pass, salt, engine) => {
      const derived = await deriveKey(engine, mode, pass, salt);
      assert.deepEqual({ key: derived.key, iv: derived.iv }, twinKey(mode, pass, salt));
    },
  );
  await fc.assert(property);
});

Deno.test("padLegacyKey() fills up to 16 with the character 0, and leaves longer keys alone", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  assert.deepEqual(padLegacyKey(text("shortkey")), text("shortkey00000000"));
  assert.deepEqual(padLegacyKey(text("exactly16bytes!!")), text("exactly16bytes!!"));
  assert.deepEqual(padLegacyKey(text("a key of more than sixteen bytes")), text("a key of more than sixteen bytes"));
});

Deno.test("deriveKey() throws on a salt that is not 8 bytes: that is the caller's mistake", async () => {
  await assert.rejects(deriveKey(nobleEngine, "cbc", new Uint8Array(3), new Uint8Array(7)), RangeError);
});

Deno.test("deriveKey() leaves no copy of the key in what it handed to the engine, nor in what it got from it", async () => {
  for (const mode of RIJNDAEL_MODES) {
    const seen: Uint8Array[] = [];
    const spy = {
      async digest(name: Parameters<typeof nobleEngine.digest>[0], data: Uint8Array) {
        const digest = await nobleEngine.digest(name, data);
        seen.push(data, digest);
        return digest;
      },
    };
    const pass = new TextEncoder().encode("shortkey");
    const derived = await deriveKey(spy, mode, pass, new Uint8Array(8).fill(7));
    assert.equal(seen.length, 6);
    for (const bytes of seen) assert.ok(bytes.every((byte) => byte === 0), mode);
    assert.equal(new TextDecoder().decode(pass), "shortkey");
    assert.ok(derived.key.some((byte) => byte !== 0) && derived.iv.some((byte) => byte !== 0));
  }
});
