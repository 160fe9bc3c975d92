import assert from "node:assert/strict";
import fc from "fast-check";
import {
  concat,
  equalConstantTime,
  escapedBytes,
  escapedText,
  isPrintable,
  latin1Text,
  textBytes,
  utf8Bytes,
  utf8Text,
  wipe,
} from "../../lib/bytes.ts";
import { anyCharacter } from "./wire/generators.ts";

Deno.test("concat() joins in order and copies", () => {
  const one = Uint8Array.of(1, 2);
  const whole = concat(one, new Uint8Array(0), Uint8Array.of(3));
  one[0] = 9;
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3));
  assert.deepEqual(concat(), new Uint8Array(0));
});

Deno.test("latin1Text() is one character a byte, long inputs too", () => {
  const bytes = new Uint8Array(10_001).map((_, i) => i);
  const text = latin1Text(bytes);
  assert.equal(text.length, bytes.length);
  bytes.forEach((byte, i) => assert.equal(text.charCodeAt(i), byte));
});

Deno.test("utf8Text() takes valid UTF-8 only and keeps a byte order mark", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => {
    const bytes = utf8Bytes(text);
    assert.ok(bytes !== null);
    assert.equal(utf8Text(bytes), text);
  }));
  assert.equal(utf8Text(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), "\ufeffA");
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
    assert.equal(utf8Text(Uint8Array.from(bad)), null);
  }
  assert.equal(utf8Bytes("\ud800"), null);
  assert.deepEqual(textBytes("\ud800"), Uint8Array.of(0xef, 0xbf, 0xbd));
});

Deno.test("isPrintable() is C isprint: 0x20 to 0x7e", () => {
  for (let byte = 0; byte < 256; byte++) assert.equal(isPrintable(Uint8Array.of(0x41, byte)), byte >= 32 && byte < 127);
});

Deno.test("equalConstantTime() is equality", () => {
  const bytes = fc.uint8Array({ maxLength: 4, max: 2 });
  fc.assert(fc.property(bytes, bytes, (a, b) => assert.equal(equalConstantTime(a, b), `${a}` === `${b}`)), {
    numRuns: 500,
  });
});

Deno.test("wipe() leaves zeros in every array it is given", () => {
  const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  wipe(a, b);
  assert.deepEqual([...a, ...b], [0, 0, 0]);
});

/** Bytes as a pass phrase or a file has them: ASCII, pieces of UTF-8, and bytes that are neither. */
const anyBytes = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.string({ unit: anyCharacter, maxLength: 3 }).map(textBytes),
    fc.constantFrom("e282", "f09f9880", "eda080", "edb2a4", "c0af", "f4908080", "e4", "f6").map((hex) =>
      Uint8Array.fromHex(hex)
    ),
  ),
).map((parts) => concat(...parts));

Deno.test("escapedText() loses no byte, and is what a decoder makes of bytes that are UTF-8", () => {
  fc.assert(fc.property(anyBytes, (bytes) => {
    const text = escapedText(bytes);
    assert.deepEqual(escapedBytes(text), bytes);
    assert.equal(text.isWellFormed(), utf8Text(bytes) !== null);
    if (text.isWellFormed()) assert.equal(text, utf8Text(bytes));
  }));
});

Deno.test("escapedText() escapes byte by byte what is no UTF-8, between text that stays readable", () => {
  assert.equal(escapedText(Uint8Array.fromHex("4bc3b6f64b")), "K\u00f6\udcf6K");
  assert.equal(escapedText(Uint8Array.fromHex("e282")), "\udce2\udc82");
  const long = new Uint8Array(100_000).fill(0x41);
  long[50_000] = 0xe4;
  assert.deepEqual(escapedBytes(escapedText(long)), long);
});
