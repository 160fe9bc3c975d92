import assert from "node:assert/strict";
import { stringVector } from "../../../ffi/libc/string_vector.ts";
import { copyIn, readCString } from "../../../ffi/memory.ts";

/** Reads a list as C would: pointers up to the null one. */
function read(address: bigint): string[] {
  const strings: string[] = [];
  for (let at = address;; at += 8n) {
    const pointer = new DataView(copyIn(at, 8).buffer).getBigUint64(0, true);
    if (pointer === 0n) return strings;
    strings.push(readCString(pointer));
  }
}

Deno.test("stringVector() is a list of pointers to its strings, ended by a null pointer", () => {
  for (const strings of [[], [""], ["fwknopd", "-f", "", "ü=1"]]) {
    using block = stringVector(strings);
    assert.deepEqual(read(block.address), strings);
  }
  assert.throws(() => stringVector(["a\0b"]), RangeError);
});
