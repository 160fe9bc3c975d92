import assert from "node:assert/strict";
import { md5 as twin } from "@noble/hashes/legacy.js";
import fc from "fast-check";
import { md5 } from "../../../lib/crypto/md5.ts";

/** RFC 1321, appendix A.5. */
const ROWS: readonly (readonly [text: string, digest: string])[] = [
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
  ["a", "0cc175b9c0f1b6a831c399e269772661"],
  ["abc", "900150983cd24fb0d6963f7d28e17f72"],
  ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
  ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"],
  ["1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a"],
];

Deno.test("md5() is that of RFC 1321", () => {
  const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  for (const [text, digest] of ROWS) assert.equal(hex(md5(new TextEncoder().encode(text))), digest);
});

Deno.test("md5() and the one of @noble/hashes agree on every length and on any bytes", () => {
  for (let length = 0; length <= 200; length++) {
    const data = new Uint8Array(length).fill(length);
    assert.deepEqual(md5(data), new Uint8Array(twin(data)));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (data) => {
    assert.deepEqual(md5(data), new Uint8Array(twin(data)));
  }));
});

Deno.test("md5() reads a part of a larger buffer", () => {
  const whole = new TextEncoder().encode("xxabcxx");
  assert.deepEqual(md5(whole.subarray(2, 5)), md5(new TextEncoder().encode("abc")));
});
