import assert from "node:assert/strict";
import { addPadding, removePadding } from "../../../lib/crypto/padding.ts";

Deno.test("addPadding() fills the last block, or adds one, and removePadding() takes it off again", () => {
  for (let length = 0; length <= 48; length++) {
    const plain = Uint8Array.from({ length }, (_, index) => index + 100);
    const padded = addPadding(plain);
    assert.equal(padded.length, (Math.floor(length / 16) + 1) * 16);
    assert.equal(padded.at(-1), 16 - length % 16);
    assert.deepEqual(removePadding(padded), plain);
  }
});

Deno.test("removePadding() leaves what is not consistent as it is", () => {
  const blocks = [[], [0], [17], [...Array(15).fill(1), 2], [...Array(14).fill(9), 3, 3], Array(16).fill(200)];
  for (const bytes of blocks) {
    const text = Uint8Array.from(bytes);
    assert.deepEqual(removePadding(text), text, String(bytes));
  }
});
