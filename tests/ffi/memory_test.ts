import assert from "node:assert/strict";
import { allocate, allocateCopy, copyIn, copyInto, copyOut, cString, readCString } from "../../ffi/memory.ts";

Deno.test("allocate() gives zeroed memory that is written and read back, also in the middle", () => {
  using block = allocate(16);
  assert.deepEqual(copyIn(block.address, 16), new Uint8Array(16));
  copyOut(block.address + 4n, new Uint8Array([1, 2, 3]));
  assert.deepEqual([...copyIn(block.address, 8)], [0, 0, 0, 0, 1, 2, 3, 0]);
  copyOut(block.address, new Uint8Array(0));
  assert.deepEqual(copyIn(block.address, 0), new Uint8Array(0));
});

Deno.test("copyInto() fills the beginning of an array, and never more than it has", () => {
  using block = allocateCopy(new Uint8Array([7, 8, 9]));
  const target = new Uint8Array([1, 1, 1, 1]);
  copyInto(target, block.address, 3);
  assert.deepEqual([...target], [7, 8, 9, 1]);
  assert.throws(() => copyInto(new Uint8Array(2), block.address, 3), RangeError);
});

Deno.test("strings go to C and come back as UTF-8; one with a NUL does not go", () => {
  for (const text of ["", "fwknop", "Schlüssel ✓"]) {
    using block = allocateCopy(cString(text));
    assert.equal(readCString(block.address), text);
  }
  assert.equal(readCString(0n), "");
  assert.throws(() => cString("a\0b"), RangeError);
});

Deno.test("a block is freed once, however often it is disposed of", () => {
  const block = allocateCopy(new Uint8Array(0));
  assert.equal(block.size, 1);
  block[Symbol.dispose]();
  block[Symbol.dispose]();
});
