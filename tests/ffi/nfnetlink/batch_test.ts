import assert from "node:assert/strict";
import { batchMessages } from "../../../ffi/nfnetlink/batch.ts";
import { encodeMessages } from "../../../ffi/nfnetlink/codec.ts";

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
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

Deno.test("batchMessages() adds with NLM_F_EXCL what may only be new, and nothing else so", () => {
  const change = { verb: "add", ...IN_FILTER, set: "s", key: KEY } as const;
  const messages = batchMessages([change, { ...change, onlyNew: true }, { ...change, verb: "delete" }], 1, null);
  assert.deepEqual(messages.slice(1, -1).map(({ flags }) => flags & ~4), [0x401, 0x601, 0x001]);
});

Deno.test("batchMessages() asks for one answer, to the last change", () => {
  const change = { verb: "add", ...IN_FILTER, set: "s", key: KEY } as const;
  const messages = batchMessages([change, { ...change, verb: "delete" }, change], 10, null);
  assert.deepEqual(messages.map(({ seq }) => seq), [10, 11, 12, 13, 14]);
  assert.deepEqual(messages.map(({ flags }) => (flags & 4) !== 0), [false, false, false, true, false]);
});
