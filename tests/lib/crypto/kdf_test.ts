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
