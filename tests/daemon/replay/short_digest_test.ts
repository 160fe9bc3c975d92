import assert from "node:assert/strict";
import fc from "fast-check";
import { ShortDigest } from "../../../daemon/replay/short_digest.ts";

const text = (bytes: Uint8Array) => new Uint8Array(bytes).toBase64({ omitPadding: true });
const read = (digest: string) => [...new ShortDigest().read(digest).words];

Deno.test("ShortDigest is the first 128 bits of a digest, from text or from bytes of a file", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
    const view = new DataView(new Uint8Array(digest).buffer);
    const words = [0, 4, 8, 12].map((at) => view.getUint32(at));
    assert.deepEqual(read(text(digest)), words);
    const shortDigest = new ShortDigest();
    assert.equal(shortDigest.readBytes(new TextEncoder().encode(`xx${text(digest)}`), 2, false), true);
    assert.deepEqual([...shortDigest.words], words);
    const again = new ShortDigest();
    assert.equal(again.parse(shortDigest.format(), false), true);
    assert.deepEqual(again.words, shortDigest.words);
  }));
});

Deno.test("ShortDigest of what a packet says is not that of a text with the same digest", () => {
  const digest = "A".repeat(43);
  assert.notDeepEqual(read(`=${digest}`), read(digest));
  const said = new ShortDigest().read(`=${digest}`);
  assert.equal(said.isContent, true);
  const inFile = new ShortDigest();
  inFile.readBytes(new TextEncoder().encode(`#=${digest}`), 2, true);
  assert.deepEqual([[...inFile.words], inFile.isContent], [[...said.words], true]);
});

Deno.test("ShortDigest tells apart whatever is no digest, and refuses it as bytes and as a trace", () => {
  const odd = ["", "other", "other 1", "=other", "A".repeat(42), "A".repeat(44), "ü".repeat(43), `${"A".repeat(42)}é`];
  const seen = new Set([...odd, `${"A".repeat(21)}!${"A".repeat(21)}`].map((digest) => read(digest).join()));
  // The last but one differs from a digest behind the bits that are read only.
  assert.equal(seen.size, odd.length + 1);
  assert.equal(new ShortDigest().readBytes(new TextEncoder().encode("A".repeat(10)), 0, false), false);
  assert.equal(new ShortDigest().parse("A".repeat(21), false), false);
  assert.equal(new ShortDigest().parse(`${"A".repeat(21)}-`, false), false);
});
