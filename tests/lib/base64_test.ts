import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  base64Value,
  decodeBase64,
  decodedLength,
  decodePaddedBase64,
  encodeBase64,
  encodePaddedBase64,
  foreignCharacter,
  fromUrlForm,
  isBase64,
  looksCut,
  toUrlForm,
  writeBase64,
} from "../../lib/base64.ts";

const bytes = fc.uint8Array({ maxLength: 70 });

Deno.test("encodeBase64() is the standard alphabet without padding, and decodeBase64() its reverse", () => {
  fc.assert(fc.property(bytes, (data) => {
    const text = encodeBase64(data);
    assert.equal(text, Buffer.from(data).toString("base64").replaceAll("=", ""));
    assert.deepEqual(decodeBase64(text), data);
    assert.equal(decodedLength(text.length), data.length);
    assert.equal(encodePaddedBase64(data), Buffer.from(data).toString("base64"));
    assert.deepEqual(decodePaddedBase64(encodePaddedBase64(data)), data);
  }));
});

Deno.test("decodeBase64() writes where it is told to, and nothing beyond", () => {
  fc.assert(fc.property(bytes, (data) => {
    const room = new Uint8Array(100).fill(0xee);
    const decoded = decodeBase64(encodeBase64(data), room);
    assert.deepEqual(decoded, data);
    assert.equal(decoded?.buffer, room.buffer);
    assert.ok(room.subarray(data.length).every((byte) => byte === 0xee));
  }));
});

Deno.test("isBase64(), base64Value() and writeBase64() know the same characters", () => {
  const texts = fc.string({ unit: fc.constantFrom(..."AZaz09+/=-_ \n\0\x7f\x80\xff\u0141"), maxLength: 9 });
  fc.assert(
    fc.property(texts, (text) => {
      const whole = foreignCharacter(text) === text.length;
      assert.equal([...text].every((character) => base64Value(character.charCodeAt(0)) !== null), whole);
      if (!text.includes("\u0141")) {
        assert.equal(isBase64(Uint8Array.from(text, (character) => character.charCodeAt(0))), whole);
      }
      const target = new Uint8Array(20).fill(0xee);
      assert.equal(writeBase64(text, target, 3), whole);
      if (whole) assert.equal(new TextDecoder().decode(target.subarray(3, 3 + text.length)), text);
      assert.deepEqual(
        [...target.subarray(0, 3), ...target.subarray(3 + text.length)],
        Array(20 - text.length).fill(0xee),
      );
    }),
    { numRuns: 2000 },
  );
  const first = Uint8Array.of(0, 16, 131, 16, 81, 135);
  assert.deepEqual([..."ABCDEFGH"].map((character) => base64Value(character.charCodeAt(0))), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(decodeBase64("ABCDEFGH"), first);
});

Deno.test("F1: decodeBase64() knows one spelling: whatever it takes, encodeBase64() writes back", () => {
  const texts = fc.string({ unit: fc.constantFrom(..."ABQgw/+09=-_ \n"), maxLength: 9 });
  let taken = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const decoded = decodeBase64(text);
      if (decoded === null) return;
      taken++;
      assert.equal(encodeBase64(decoded), text);
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 50);
});

Deno.test("decodeBase64() refuses padding, blanks, foreign characters, loose bits and a lone character", () => {
  for (
    const bad of [
      "QQ==",
      "QUI=",
      "QUJD ",
      "QUJD\n",
      "QU-D",
      "QU_D",
      "QUé",
      "Q",
      "QUJDQ",
      "QR",
      "QUJ1RR",
      "\u0141\u0141",
      "\u{1f600}",
    ]
  ) {
    assert.equal(decodeBase64(bad), null, bad);
  }
  assert.deepEqual(decodeBase64(""), new Uint8Array(0));
});

Deno.test("decodePaddedBase64() reads a key as the C programs do, and nothing that is not base64", () => {
  const key = new TextEncoder().encode("AB");
  for (const spelling of ["QUI=", "QUI", "QUJ=", "QUI=="]) {
    assert.deepEqual(decodePaddedBase64(spelling), key, spelling);
  }
  for (const bad of ["QUI=x", "QU I", "QU\n", "QUé="]) assert.equal(decodePaddedBase64(bad), null, bad);
});

Deno.test("foreignCharacter() finds the first one", () => {
  assert.equal(foreignCharacter("AZaz09+/"), 8);
  assert.equal(foreignCharacter("AZ=az-"), 2);
  for (let code = 0; code < 0x180; code++) {
    const character = String.fromCharCode(code);
    assert.equal(foreignCharacter(character), /[A-Za-z0-9+/]/.test(character) ? 1 : 0, `${code}`);
  }
});

Deno.test("the URL form maps both characters and back", () => {
  assert.equal(toUrlForm("a+b/c+"), "a-b_c-");
  assert.equal(fromUrlForm("a-b_c-"), "a+b/c+");
});

Deno.test("looksCut() knows a key that lost its end, and leaves keys alone that were made shorter", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) | 0xc1);
  for (const whole of [32, 64]) {
    const text = encodePaddedBase64(bytes.subarray(0, whole));
    const length = encodeBase64(bytes.subarray(0, whole)).length;
    for (const left of [34, 42, length - 1]) assert.equal(looksCut(text.slice(0, left), whole), true, `${left}`);
    for (let left = 1; left < length; left++) {
      if (left % 4 !== 0) assert.equal(looksCut(text.slice(0, left), whole), true, `${left} of ${length}`);
    }
    for (let left = length; left <= text.length; left++) assert.equal(looksCut(text.slice(0, left), whole), false);
  }
  for (let made = 1; made <= 64; made++) {
    assert.equal(looksCut(encodePaddedBase64(bytes.subarray(0, made)), 64), false, `${made} bytes`);
  }
  for (const made of [16, 20, 24, 32, 48]) {
    assert.equal(looksCut(encodeBase64(bytes.subarray(0, made)), 64), false, `${made} bytes without padding`);
  }
});
