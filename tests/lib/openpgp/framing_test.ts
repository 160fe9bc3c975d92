import assert from "node:assert/strict";
import * as fc from "fast-check";
import { encodeBase64 } from "../../../lib/base64.ts";
import { cutPrefixes, HIDDEN_RECIPIENT, recipientsOf, withOldHeader } from "../../../lib/openpgp/framing.ts";

const REST = [0xd2, 1, 1];

/** A session key of `length` bytes below each header that says so. */
function headers(length: number): number[][] {
  const body = Array.from({ length }, (_, index) => index & 0xff);
  const four = [0, 0, length >> 8, length & 0xff];
  return [
    ...(length < 256 ? [[0x84, length]] : []),
    [0x85, length >> 8, length & 0xff],
    [0x86, ...four],
    ...(length < 192 ? [[0xc1, length]] : [[0xc1, (length - 192 >> 8) + 192, length - 192 & 0xff]]),
    [0xc1, 0xff, ...four],
  ].map((header) => [...header, ...body, ...REST]);
}

Deno.test("F3: withOldHeader() gives every session key the header that C servers restore", () => {
  for (const length of [1, 94, 191, 192, 255, 256, 268, 524, 4095]) {
    for (const bytes of headers(length)) {
      const message = withOldHeader(Uint8Array.from(bytes));
      assert.ok(message !== null, `${length}: ${bytes.slice(0, 6)}`);
      assert.ok(encodeBase64(message).startsWith("hQ"));
      assert.deepEqual([...message.subarray(0, 3)], [0x85, length >> 8, length & 0xff]);
      assert.deepEqual(message.subarray(3), Uint8Array.from(bytes.slice(-length - REST.length)));
    }
  }
});

Deno.test("F3: cutPrefixes() finds what was cut off, the usual first", () => {
  const versioned = (header: readonly number[], length: number) => [
    ...header,
    3,
    ...Array.from({ length: length - 1 }, (_, index) => index + 7 & 0xff),
    ...REST,
  ];
  for (let length = 1; length < 256; length++) {
    const text = encodeBase64(Uint8Array.from(versioned([0x84, length], length)));
    const found = cutPrefixes(text.slice(2));
    assert.equal(found[0], "hQ");
    assert.ok(found.includes(text.slice(0, 2)), `${length}: ${text.slice(0, 2)} is not in ${found}`);
    assert.ok(found.length <= 3, `${length}: ${found}`);
    const inPieces = [0x84, length, 3, ...new Array(length - 1).fill(0), 0xd2, 0xe9, ...new Array(512).fill(0), 1, 0];
    const pieces = encodeBase64(Uint8Array.from(inPieces));
    assert.deepEqual(cutPrefixes(pieces.slice(2)), ["hQ", pieces.slice(0, 2)]);
  }
  for (const length of [268, 396, 524]) {
    const text = encodeBase64(Uint8Array.from(versioned([0x85, length >> 8, length & 0xff], length)));
    assert.deepEqual(cutPrefixes(text.slice(2)), ["hQ"]);
  }
  fc.assert(fc.property(fc.string({ maxLength: 600 }), (text) => void cutPrefixes(text)));
});

Deno.test("withOldHeader() refuses what starts otherwise, is cut, or too long for that header", () => {
  const rows: readonly (readonly [why: string, bytes: readonly number[]])[] = [
    ["nothing", []],
    ["text", [0x2d, 0x2d]],
    ["another packet, old", [0xa4, 1, 0]],
    ["another packet, new", [0xcb, 1, 0]],
    ["no length", [0x87, 1, 2]],
    ["in pieces", [0xc1, 0xe1, 1, 2]],
    ["cut", [0x84, 4, 1, 2, 3]],
    ["cut in the header", [0x85, 1]],
    ["cut in the header, new", [0xc1]],
    ["cut in five bytes of length", [0xc1, 0xff, 0, 0, 0]],
    ["too long", [0x85, 0x10, 0, ...new Array(4096).fill(0)]],
  ];
  for (const [why, bytes] of rows) assert.equal(withOldHeader(Uint8Array.from(bytes)), null, why);
});

Deno.test("withOldHeader() never throws, and its own work passes unchanged", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
    const once = withOldHeader(bytes);
    if (once !== null) assert.deepEqual(withOldHeader(once), once);
  }));
});

Deno.test("recipientsOf() names the keys of a message that is nothing but session keys and protected data", () => {
  const key = (id: string) => [0x85, 0, 20, 3, ...Uint8Array.fromHex(id), 1, ...new Array(10).fill(7)];
  const [one, two] = ["0123456789ABCDEF", HIDDEN_RECIPIENT];
  const data = [0xd2, 4, 1, 9, 9, 9];
  const inPieces = [0xd2, 0xe1, 1, 9, 2, 8, 8];
  const ids = (...bytes: readonly number[]) => recipientsOf(Uint8Array.from(bytes));
  assert.deepEqual(ids(...key(one), ...data), [one]);
  assert.deepEqual(ids(...key(one), ...key(two), ...inPieces), [one, two]);
  assert.deepEqual(ids(...key(one), 0xd4, 3, 1, 9, 9), [one]);
  const rows: readonly (readonly [why: string, bytes: readonly number[]])[] = [
    ["nothing", []],
    ["no data", key(one)],
    ["no key", data],
    ["a password", [0x8c, 3, 4, 1, 1, ...data]],
    ["a password beside a key", [...key(one), 0x8c, 3, 4, 1, 1, ...data]],
    ["data that nothing protects", [...key(one), 0xc9, 3, 1, 2, 3]],
    ["a signature", [0xc2, 3, 4, 0, 1]],
    ["clear text", [...new TextEncoder().encode("-----BEGIN PGP SIGNED MESSAGE-----")]],
    ["something behind the data", [...key(one), ...data, 0xcb, 1, 0]],
    ["data that is cut", [...key(one), ...data.slice(0, -1)]],
    ["pieces that are cut", [...key(one), ...inPieces.slice(0, -1)]],
    ["a key that is cut", key(one).slice(0, -1)],
    ["a key of another version", [0x85, 0, 10, 6, ...new Array(9).fill(0), ...data]],
    ["a key too short for an id", [0x85, 0, 5, 3, 1, 2, 3, 4, ...data]],
  ];
  for (const [why, bytes] of rows) assert.equal(ids(...bytes), null, why);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void recipientsOf(bytes)));
});
