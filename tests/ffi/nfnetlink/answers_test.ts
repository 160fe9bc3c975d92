import assert from "node:assert/strict";
import fc from "fast-check";
import { readAcknowledgement, readGeneration } from "../../../ffi/nfnetlink/answers.ts";
import { type Attribute, encodeMessages, nftType, readMessages } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** A message as the kernel would send it. */
function received(type: number, attributes: readonly Attribute[], flags = 0) {
  const [message] = readMessages(encodeMessages([{ type, flags, seq: 5, family: 1, attributes }]));
  assert.ok(message);
  return message;
}

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
