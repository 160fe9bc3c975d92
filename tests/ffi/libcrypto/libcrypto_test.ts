import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { BLOCK_HASHES, pad } from "../../../ffi/libcrypto/block_hash.ts";
import { digest, type HashName, keyRing } from "../../../ffi/libcrypto/libcrypto.ts";

const NODE_NAMES: Readonly<Record<HashName, string>> = {
  md5: "md5",
  sha1: "sha1",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
  sha3_256: "sha3-256",
  sha3_512: "sha3-512",
};
const NAMES = Object.keys(NODE_NAMES) as HashName[];

function filled(length: number, first = length): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => first + 31 * i);
}

function hmac(name: HashName, key: Uint8Array, text: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac(NODE_NAMES[name], key).update(text).digest());
}

Deno.test("digest() is that of node:crypto at every length around the end of a block", () => {
  for (const name of NAMES) {
    for (let length = 0; length < 300; length++) {
      const data = filled(length);
      assert.deepEqual(digest(name, data), new Uint8Array(createHash(NODE_NAMES[name]).update(data).digest()), name);
    }
  }
});

Deno.test("keyRing() finds the key that made the tag, and no other, for texts and keys of every length", () => {
  for (const name of NAMES) {
    const keys = Array.from({ length: 140 }, (_, i) => filled(i + 1));
    const ring = keyRing(name, keys);
    for (let length = 0; length < 290; length++) {
      const [text, at] = [filled(length, 7), (length * 11) % keys.length];
      ring.take(text, hmac(name, keys[at]!, text));
      assert.deepEqual(keys.map((_, key) => ring.fits(key)), keys.map((_, key) => key === at), `${name} ${length}`);
    }
    ring.wipe();
  }
});

Deno.test("keyRing() looks at every bit of the tag", () => {
  for (const name of NAMES) {
    const key = filled(20);
    const ring = keyRing(name, [key]);
    const tag = hmac(name, key, key);
    for (let bit = 0; bit < tag.length * 8; bit++) {
      const other = tag.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      ring.take(key, other);
      assert.equal(ring.fits(0), false, `${name} bit ${bit}`);
    }
    ring.take(key, tag);
    assert.ok(ring.fits(0));
    ring.wipe();
  }
});

Deno.test("keyRing() has its own copy of key, text and tag, and leaves them as they were", () => {
  for (const name of NAMES) {
    const [key, text] = [filled(200), filled(100)];
    const tag = hmac(name, key, text);
    const given = [key, text, tag].map((bytes) => bytes.slice());
    const ring = keyRing(name, [given[0]!]);
    ring.take(given[1]!, given[2]!);
    assert.deepEqual(given, [key, text, tag]);
    for (const bytes of given) bytes.fill(0);
    assert.ok(ring.fits(0) && ring.fits(0), name);
    ring.wipe();
  }
});

Deno.test("nothing fits a ring that was wiped, not even what is in it then", () => {
  for (const name of Object.keys(BLOCK_HASHES) as (keyof typeof BLOCK_HASHES)[]) {
    const [key, text] = [filled(20), filled(100)];
    const ring = keyRing(name, [key]);
    ring.take(text, hmac(name, key, text));
    ring.wipe();
    assert.equal(ring.fits(0), false, name);
    ring.take(text, hmac(name, key, text));
    assert.equal(ring.fits(0), false, name);
  }
});

Deno.test("contexts of SHA-3 are given back once, and then there is none to try", () => {
  const ring = keyRing("sha3_256", [filled(20)]);
  ring.take(filled(5), filled(32));
  ring.wipe();
  ring.wipe();
  assert.throws(() => ring.fits(0));
});

Deno.test("pad() writes the length of a long message in bits, in the order of each hash", () => {
  const message = new Uint8Array(3 * 64).fill(0xff);
  const end = pad(message, { length: 60, before: 0x012345 }, BLOCK_HASHES.sha256);
  assert.equal(end, 128);
  assert.deepEqual([...message.subarray(60, 64)], [0x80, 0, 0, 0]);
  assert.deepEqual([...message.subarray(64, 128)], [...Array<number>(60).fill(0), 0x00, 0x09, 0x1c, 0x08]);
  assert.equal(pad(message, { length: 55, before: 0x012345 }, BLOCK_HASHES.md5), 64);
  assert.deepEqual([...message.subarray(55, 64)], [0x80, 0xe0, 0x1b, 0x09, 0, 0, 0, 0, 0]);
});

Deno.test("a digest stays as it is while others are made", () => {
  const made = Array.from({ length: 500 }, (_, i) => digest("sha256", new Uint8Array(i)));
  const again = Array.from({ length: 500 }, (_, i) => digest("sha256", new Uint8Array(i)));
  assert.deepEqual(made, again);
  assert.equal(new Set(made.map((bytes) => bytes.toHex())).size, 500);
});
