import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { formatMessage, formatNat, parseMessage, parseNat } from "../../../lib/wire/message_text.ts";
import { decodeFields, decodeMessage } from "../../../lib/wire/decode.ts";
import { encodeFields, encodeMessage } from "../../../lib/wire/encode.ts";
import { SPA_VECTORS } from "../../vectors/vectors.ts";
import { twinPlaintext } from "../spa/twin.ts";
import { anyCharacter, damaged, digestNames, spaFields } from "./generators.ts";

/** Colon texts that decode: of generated messages and of the vectors. */
const encodings = fc.oneof(
  spaFields.map((fields) => encodeFields(fields)).filter((result) => result.ok).map((result) =>
    result.ok ? result.value : ""
  ),
  fc.constantFrom(...SPA_VECTORS.map(({ plaintext }) => plaintext.slice(0, plaintext.lastIndexOf(":")))),
);

Deno.test("decodeFields() gives back what encodeFields() was given, for everything that encodes", () => {
  fc.assert(
    fc.property(spaFields, (fields) => {
      const encoded = encodeFields(fields);
      // Generated fields are legal one by one; only a tiny message as a whole can be too short.
      if (!encoded.ok) return assert.ok([44, 26].includes(encoded.fault.number), JSON.stringify(encoded.fault));
      const decoded = decodeFields(encoded.value);
      assert.ok(decoded.ok, JSON.stringify(decoded));
      const { request: _request, nat: _nat, ...rest } = decoded.value;
      assert.deepEqual({ ...rest }, { ...fields });
    }),
    { numRuns: 400 },
  );
});

Deno.test("encodeFields() writes whatever decodes just as it stood: damaged messages too", () => {
  let decodable = 0;
  fc.assert(
    fc.property(fc.oneof(damaged(encodings), damaged(damaged(encodings))), (text) => {
      const decoded = decodeFields(text);
      if (!decoded.ok) return;
      decodable++;
      assert.deepEqual(encodeFields(decoded.value), { ok: true, value: text });
    }),
    // About four in a hundred decode: enough runs that chance alone never misses the bound below.
    { numRuns: 6000 },
  );
  assert.ok(decodable > 100, `only ${decodable} of the damaged messages decoded: the property says nothing`);
});

Deno.test("encodeMessage() rebuilds the plaintext of whatever decodeMessage() takes", async () => {
  await fc.assert(
    fc.asyncProperty(damaged(encodings), digestNames, async (text, digest) => {
      const plaintext = new TextEncoder().encode(twinPlaintext(text, digest));
      const decoded = await decodeMessage(nobleEngine, plaintext);
      if (!decoded.ok) return;
      assert.equal(decoded.value.digestName, digest);
      const encoded = await encodeMessage(nobleEngine, decoded.value, digest);
      assert.ok(encoded.ok, JSON.stringify(encoded));
      assert.deepEqual(encoded.value.plaintext, plaintext);
    }),
    { numRuns: 800 },
  );
});

Deno.test("decodeMessage() answers any bytes without throwing", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 1600 }), async (bytes) => {
    assert.equal((await decodeMessage(nobleEngine, bytes)).ok, false);
  }));
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: anyCharacter, maxLength: 400 }), digestNames, async (text, digest) => {
      await decodeMessage(nobleEngine, new TextEncoder().encode(twinPlaintext(text, digest)));
    }),
  );
});

Deno.test("decodeFields() answers any text without throwing", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 400 }), (text) => void decodeFields(text)));
  const field = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789ABCabc+/=. -"), maxLength: 20 }),
    fc.constantFrom("0", "1", "3", "6"),
  );
  fc.assert(fc.property(fc.array(field, { maxLength: 13 }), (fields) => void decodeFields(fields.join(":"))), {
    numRuns: 1000,
  });
});

Deno.test("formatMessage() and formatNat() write what their readers read back", () => {
  fc.assert(fc.property(spaFields, (fields) => {
    const request = parseMessage(fields.type, fields.message);
    assert.ok(request.ok);
    assert.deepEqual(parseMessage(fields.type, formatMessage(request.value)), request);
    if (fields.natAccess === null) return;
    const nat = parseNat(fields.natAccess);
    assert.ok(nat.ok, fields.natAccess);
    assert.deepEqual(parseNat(formatNat(nat.value)), nat);
  }));
});
