import assert from "node:assert/strict";
import { formatKeys, generateKeys } from "../../../lib/crypto/key_generation.ts";
import type { DigestName } from "../../../lib/crypto/engine.ts";

const LENGTHS: readonly [DigestName, number][] = [
  ["md5", 16],
  ["sha1", 20],
  ["sha256", 64],
  ["sha384", 128],
  ["sha512", 128],
  ["sha3_256", 64],
  ["sha3_512", 64],
];

for (const [hmacDigest, length] of LENGTHS) {
  Deno.test(`generateKeys() makes ${length} bytes for ${hmacDigest}`, () => {
    const keys = generateKeys({ keyLen: 32, hmacKeyLen: undefined, hmacDigest }, (n) => new Uint8Array(n).fill(n));
    assert.equal(atob(keys.keyBase64).length, 32);
    assert.equal(atob(keys.hmacKeyBase64).length, length);
  });
}

Deno.test("generateKeys() takes the lengths given; formatKeys() prints two padded lines", () => {
  const keys = generateKeys({ keyLen: 16, hmacKeyLen: 5, hmacDigest: "sha256" }, (n) => new Uint8Array(n));
  assert.equal(formatKeys(keys), "KEY_BASE64: AAAAAAAAAAAAAAAAAAAAAA==\nHMAC_KEY_BASE64: AAAAAAA=");
});
