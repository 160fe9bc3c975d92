import assert from "node:assert/strict";
import {
  DIGEST_NAMES,
  DIGESTS,
  digestsOfLength,
  isRijndaelMode,
  MODES,
  parseDigestName,
  parseModeName,
  RIJNDAEL_MODES,
} from "../../../lib/crypto/digest.ts";
import { twinBase64, twinDigest } from "../spa/twin.ts";

Deno.test("the digest table has the lengths that node:crypto computes, and consecutive numbers", () => {
  DIGEST_NAMES.forEach((name, i) => {
    const raw = twinDigest(name, new Uint8Array(3));
    const row = DIGESTS[name];
    assert.deepEqual([row.id, row.bytes, row.characters], [i + 1, raw.length, twinBase64(raw).length], name);
    assert.equal(row.printed, name.toUpperCase());
  });
});

Deno.test("digestsOfLength() names the candidates in the order of their numbers", () => {
  assert.deepEqual(digestsOfLength(43), ["sha256", "sha3_256"]);
  assert.deepEqual(digestsOfLength(86), ["sha512", "sha3_512"]);
  assert.deepEqual([22, 27, 64].flatMap(digestsOfLength), ["md5", "sha1", "sha384"]);
  for (const other of [0, 1, 21, 23, 42, 44, 85, 87, NaN]) assert.deepEqual(digestsOfLength(other), []);
});

Deno.test("names are read in any case, and nothing else is a name", () => {
  assert.equal(parseDigestName("Sha3_256"), "sha3_256");
  assert.equal(parseModeName("LEGACY"), "legacy");
  assert.equal(parseModeName("asymmetric"), "asymmetric");
  for (const text of ["", "none", "sha-256", "constructor", "toString", "__proto__"]) {
    assert.equal(parseDigestName(text), null, text);
    assert.equal(parseModeName(text), null, text);
  }
});

Deno.test("F2: PCBC and the marker of GPG are known by name and number, and cannot encrypt", () => {
  assert.deepEqual([MODES.pcbc.id, MODES.asymmetric.id], [4, 7]);
  for (const name of ["pcbc", "asymmetric"]) assert.equal(isRijndaelMode(name), false);
  assert.deepEqual(RIJNDAEL_MODES.map((mode) => MODES[mode].id), [2, 1, 3, 5, 6, 8]);
});
