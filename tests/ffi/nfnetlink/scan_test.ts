import assert from "node:assert/strict";
import fc from "fast-check";
import { type Attribute, encodeMessages, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import { be32At, be64At, BODY, bytesAt, entries, find, NOWHERE, textAt, typeAt } from "../../../ffi/nfnetlink/scan.ts";

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** A message's body with these attributes. */
function bodyOf(attributes: readonly Attribute[]): Uint8Array {
  const [message] = readMessages(encodeMessages([{ type: 1, flags: 0, seq: 1, family: 1, attributes }]));
  assert.ok(message);
  return message.body;
}

Deno.test("find() gives the place of an attribute at any depth", () => {
  const body = bodyOf([
    { type: 1, value: hex("aa") },
    { type: 2, value: [{ type: 1, value: hex("01020304") }, { type: 3, value: hex("0000000100000002") }] },
  ]);
  const nested = find(body, BODY, 2);
  assert.deepEqual(bytesAt(body, find(body, BODY, 1)), hex("aa"));
  assert.equal(be32At(body, find(body, nested, 1)), 0x01020304);
  assert.equal(be64At(body, find(body, nested, 3)), 0x1_0000_0002n);
  assert.equal(find(body, nested, 2), NOWHERE);
});

Deno.test("what is not there has nothing in it", () => {
  const body = bodyOf([{ type: 1, value: hex("aabbcc") }]);
  const nowhere = find(body, BODY, 9);
  assert.equal(find(body, nowhere, 1), NOWHERE);
  assert.deepEqual(entries(body, nowhere), []);
  assert.equal(bytesAt(body, nowhere), null);
  assert.equal(be32At(body, nowhere), null);
  assert.equal(be64At(body, nowhere), null);
  assert.equal(textAt(body, nowhere), "");
  // Three bytes are no number.
  assert.equal(be32At(body, find(body, BODY, 1)), null);
});

Deno.test("be32At() reads numbers above 2³¹ as they are", () => {
  const body = bodyOf([{ type: 1, value: hex("fffffffe") }, { type: 2, value: hex("fffffffffffffffe") }]);
  assert.equal(be32At(body, find(body, BODY, 1)), 0xfffffffe);
  assert.equal(be64At(body, find(body, BODY, 2)), 0xffff_ffff_ffff_fffen);
});

Deno.test("textAt() reads up to the NUL, UTF-8 and what is not", () => {
  const text = (bytes: Uint8Array) => {
    const body = bodyOf([{ type: 1, value: bytes }]);
    return textAt(body, find(body, BODY, 1));
  };
  const utf8 = new TextEncoder();
  assert.equal(text(utf8.encode("input\0rest")), "input");
  assert.equal(text(utf8.encode("tür ☂\0\u{1f6aa}")), "tür ☂");
  assert.equal(text(utf8.encode("\ufeffmark")), "\ufeffmark");
  assert.equal(text(hex("61ff62")), "a\ufffdb");
  assert.equal(text(hex("")), "");
});

Deno.test("a place never reaches beyond what it is nested in", () => {
  // The inner attribute claims eight bytes more than the outer one has.
  const body = hex("00000000 0c00 0180 1000 0200 aabbccdd 0102030405060708");
  assert.equal(find(body, find(body, BODY, 1), 2), NOWHERE);
  assert.deepEqual(entries(body, find(body, BODY, 1)), []);
  assert.deepEqual(entries(hex("00000000 0300 0100"), BODY), []);
  assert.deepEqual(entries(hex("0000"), BODY), []);
});

Deno.test("find() and entries() see what a slow reader sees, whatever the bytes are", () => {
  // Lengths that often make sense, so that lists get long and deep.
  const byte = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1, 4, 5, 8, 12, 16) }, fc.nat(255));
  fc.assert(fc.property(fc.array(byte, { maxLength: 120 }), (numbers) => {
    const bytes = Uint8Array.of(0, 0, 0, 0, ...numbers);
    compare(bytes, BODY, bytes.subarray(4), 0);
  }));
});

function compare(bytes: Uint8Array, place: number, payload: Uint8Array, depth: number): void {
  const listed = listAttributes(payload);
  const places = entries(bytes, place);
  assert.deepEqual(places.map((at) => [typeAt(bytes, at), bytesAt(bytes, at)]), listed);
  for (const type of new Set(listed.map(([number]) => number))) {
    assert.equal(find(bytes, place, type), places[listed.findIndex(([number]) => number === type)]);
  }
  if (depth < 4) { for (const [index, at] of places.entries()) compare(bytes, at, listed[index]![1], depth + 1); }
}

/** One level of attributes in order, cut out one by one. */
function listAttributes(bytes: Uint8Array): readonly (readonly [type: number, value: Uint8Array])[] {
  if (bytes.length < 4) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const size = view.getUint16(0, true);
  if (size < 4 || size > bytes.length) return [];
  const rest = listAttributes(bytes.subarray(Math.min(Math.ceil(size / 4) * 4, bytes.length)));
  return [[view.getUint16(2, true) % 0x4000, bytes.subarray(4, size)], ...rest];
}
