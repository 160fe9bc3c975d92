import assert from "node:assert/strict";
import { aesDecrypt, aesEncrypt } from "../../../ffi/libcrypto/aes.ts";
import { libcrypto } from "../../../ffi/libcrypto/symbols.ts";
import { twinEncrypt } from "../../lib/spa/twin.ts";

// It is opened at first use and stays open, which would count as a leak of the test that is first.
libcrypto();

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const IV = Uint8Array.from({ length: 16 }, (_, i) => 200 + i);
const DATA = Uint8Array.from({ length: 160 }, (_, i) => i * 7);

for (const mode of ["cbc", "ecb", "cfb", "ofb", "ctr"] as const) {
  Deno.test(`AES-256 ${mode}: as its naive twin, there and back`, () => {
    const expected = new Uint8Array(twinEncrypt(mode, KEY, IV, DATA));
    for (let i = 0; i < 3; i++) {
      const cipher = aesEncrypt(mode, { key: KEY, iv: IV, data: DATA });
      assert.deepEqual(cipher, expected, "also after the context was used");
      assert.deepEqual(aesDecrypt(mode, { key: KEY, iv: IV, data: cipher }), DATA);
    }
    assert.deepEqual(aesDecrypt(mode, { key: KEY, iv: IV, data: new Uint8Array(0) }), new Uint8Array(0));
  });
}

Deno.test("AES-256 takes no key, IV or data of another length: libcrypto would read beyond them", () => {
  const right = { key: KEY, iv: IV, data: DATA };
  for (const wrong of [{ key: KEY.slice(1) }, { iv: IV.slice(1) }, { data: DATA.slice(1) }]) {
    assert.throws(() => aesDecrypt("cbc", { ...right, ...wrong }), RangeError);
  }
});
