import assert from "node:assert/strict";
import fc from "fast-check";
import {
  be32Attribute,
  be64Attribute,
  concatenate,
  encodeMessages,
  nftType,
  readMessages,
  split,
  stringAttribute,
} from "../../../ffi/nfnetlink/codec.ts";
import { BODY, find, textAt } from "../../../ffi/nfnetlink/scan.ts";

/** Bytes from hexadecimal text with blanks. */
function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

Deno.test("encodeMessages() writes header, nfgenmsg and padded attributes", () => {
  const bytes = encodeMessages([
    {
      type: nftType(7),
      flags: 0x301,
      seq: 0x01020304,
      family: 10,
      attributes: [stringAttribute(1, "filter"), stringAttribute(2, "in")],
    },
  ]);
  assert.deepEqual(
    bytes,
    hex(`28000000 070a 0103 04030201 00000000
         0a 00 0000
         0b00 0100 66696c74657200 00
         0700 0200 696e00 00`),
  );
});

Deno.test("encodeMessages() marks nested attributes and counts them without their last padding", () => {
  const bytes = encodeMessages([
    {
      type: 0x10,
      flags: 1,
      seq: 1,
      family: 0,
      resId: 10,
      attributes: [{ type: 3, value: [{ type: 1, value: [{ type: 9, value: hex("aabbcc") }] }] }],
    },
  ]);
  assert.deepEqual(
    bytes,
    hex(`24000000 1000 0100 01000000 00000000
         00 00 000a
         1000 0380
         0c00 0180
         0700 0900 aabbcc 00`),
  );
});

Deno.test("be32Attribute() and be64Attribute() are in network order", () => {
  assert.deepEqual(be32Attribute(1, 0xfffffffe).value, hex("fffffffe"));
  assert.deepEqual(be64Attribute(1, 30_500n).value, hex("0000000000007724"));
});

Deno.test("readMessages() splits a datagram and reads it back", () => {
  const sent = encodeMessages([
    { type: nftType(12), flags: 1, seq: 7, family: 1, attributes: [stringAttribute(1, "t")] },
    { type: nftType(14), flags: 5, seq: 8, family: 2 },
  ]);
  const [first, second, ...more] = readMessages(sent);
  assert.deepEqual(more, []);
  assert.ok(first && second);
  assert.deepEqual([first.type, first.flags, first.seq, first.portId], [nftType(12), 1, 7, 0]);
  assert.equal(textAt(first.body, find(first.body, BODY, 1)), "t");
  assert.deepEqual([second.type, second.flags, second.seq], [nftType(14), 5, 8]);
});

Deno.test("readMessages() stops where a length makes no sense", () => {
  assert.deepEqual(readMessages(hex("0f000000 0000 0000 00000000 00000000")), []);
  assert.deepEqual(readMessages(hex("ff000000 0000 0000 00000000 00000000")), []);
});

Deno.test("concatenate() starts each component on four bytes, and split() takes them apart", () => {
  const key = concatenate([hex("0a000001"), hex("06"), hex("0016")]);
  assert.deepEqual(key, hex("0a000001 06000000 00160000"));
  assert.deepEqual(split(key, [4, 1, 2]), [hex("0a000001"), hex("06"), hex("0016")]);
  assert.equal(split(key, [16, 1, 2]), null);
});

Deno.test("split() undoes concatenate()", () => {
  const components = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(components, (parts) => {
    assert.deepEqual(split(concatenate(parts), parts.map((part) => part.length)), parts);
  }));
});
