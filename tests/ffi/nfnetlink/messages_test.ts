import assert from "node:assert/strict";
import fc from "fast-check";
import { type Attribute, encodeMessages, nftType, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import { batchMessages, readAcknowledgement, readGeneration } from "../../../ffi/nfnetlink/messages.ts";

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** A message as the kernel would send it. */
function received(type: number, attributes: readonly Attribute[], flags = 0) {
  const [message] = readMessages(encodeMessages([{ type, flags, seq: 5, family: 1, attributes }]));
  assert.ok(message);
  return message;
}

const KEY = hex("0a000001 06000000 00160000");
const IN_FILTER = { family: "inet", table: "filter" } as const;

Deno.test("batchMessages() is a transaction of one element, byte for byte", () => {
  const add = { verb: "add", ...IN_FILTER, set: "s", key: KEY, timeoutMs: 30_500 } as const;
  assert.deepEqual(
    encodeMessages(batchMessages([add], 1, 9)),
    hex(`1c000000 1000 0100 01000000 00000000  00 00 000a  0800 0100 00000009
         50000000 0c0a 0504 02000000 00000000  01 00 0000
           0b00 0100 66696c74657200 00
           0600 0200 7300 0000
           2800 0380
             2400 0180
               1400 0180  1000 0100 0a000001 06000000 00160000
               0c00 0400 0000000000007724
         14000000 1100 0100 03000000 00000000  00 00 000a`),
  );
});

Deno.test("batchMessages() deletes an element of a map, and names no generation when there is none", () => {
  const change = { verb: "delete", family: "ip6", table: "n", set: "m", key: hex("06"), data: hex("0050") } as const;
  assert.deepEqual(
    encodeMessages(batchMessages([change], 1, null)),
    hex(`14000000 1000 0100 01000000 00000000  00 00 000a
         44000000 0e0a 0500 02000000 00000000  0a 00 0000
           0600 0100 6e00 0000
           0600 0200 6d00 0000
           2000 0380
             1c00 0180
               0c00 0180  0500 0100 06 000000
               0c00 0280  0600 0100 0050 0000
         14000000 1100 0100 03000000 00000000  00 00 000a`),
  );
});

Deno.test("batchMessages() asks for one answer, to the last change", () => {
  const change = { verb: "add", ...IN_FILTER, set: "s", key: KEY } as const;
  const messages = batchMessages([change, { ...change, verb: "delete" }, change], 10, null);
  assert.deepEqual(messages.map(({ seq }) => seq), [10, 11, 12, 13, 14]);
  assert.deepEqual(messages.map(({ flags }) => (flags & 4) !== 0), [false, false, false, true, false]);
});

Deno.test("readAcknowledgement() reads success, errno and the kernel's words", () => {
  const request = "50000000 0c0a 0504 02000000 00000000";
  const answer = (flags: string, length: string, rest: string) => {
    const [message] = readMessages(hex(`${length} 0200 ${flags} 02000000 00000000 ${rest}`));
    assert.ok(message);
    return readAcknowledgement(message);
  };
  assert.deepEqual(answer("0001", "24000000", `00000000 ${request}`), { seq: 2, code: 0, text: "" });
  assert.deepEqual(answer("0001", "24000000", `feffffff ${request}`), { seq: 2, code: 2, text: "" });
  const words = "0a00 0100 6e6f206e6f00 0000";
  assert.deepEqual(answer("0003", "30000000", `feffffff ${request} ${words}`), { seq: 2, code: 2, text: "no no" });
  // Not capped: the whole request is quoted before the words.
  const quoted = `18000000 0c0a 0504 02000000 00000000 0102030405060708`;
  assert.deepEqual(answer("0002", "38000000", `ffffffff ${quoted} ${words}`), { seq: 2, code: 1, text: "no no" });
});

Deno.test("readAcknowledgement() takes no other message for one", () => {
  assert.equal(readAcknowledgement(received(nftType(NFT_MSG.newGen), [])), null);
  assert.equal(readAcknowledgement(received(2, [])), null);
});

Deno.test("readGeneration() reads the generation's number", () => {
  assert.equal(readGeneration(received(nftType(NFT_MSG.newGen), [{ type: 1, value: hex("00000102") }])), 0x102);
  assert.equal(readGeneration(received(nftType(NFT_MSG.newSet), [{ type: 1, value: hex("00000102") }])), null);
});

Deno.test("no reader of messages ever throws", () => {
  const readers = [readAcknowledgement, readGeneration];
  const types = fc.constantFrom(2, nftType(NFT_MSG.newGen));
  fc.assert(fc.property(types, fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 120 }), (...parts) => {
    const [type, flags, body] = parts;
    for (const read of readers) read({ type, flags, seq: 1, portId: 0, body });
  }));
});
