import assert from "node:assert/strict";
import { fingerprints, gpgPassphrase, keyIds } from "../../../daemon/config/gpg_kinds.ts";

const FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

Deno.test("ids and fingerprints are taken as people paste them, and become digits in capitals", () => {
  const spaced = "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567";
  assert.deepEqual(fingerprints.parse(`${spaced},${FPR}`), { ok: true, value: [FPR, FPR] });
  assert.deepEqual(keyIds.parse(`0xdeadbeef, 0123456789ABCDEF ,${FPR}`), {
    ok: true,
    value: ["DEADBEEF", "0123456789ABCDEF", FPR],
  });
  for (const text of ["", "DEADBEE", "DEADBEEF,", "alice", "DEADBEEG"]) {
    assert.equal(keyIds.parse(text).ok, false, text);
  }
  for (const text of ["DEADBEEF", FPR.slice(1)]) assert.equal(fingerprints.parse(text).ok, false, text);
  assert.equal(fingerprints.parse("A".repeat(64)).ok, true);
});

Deno.test("a passphrase is the bytes of its text, and never shown", () => {
  assert.deepEqual(gpgPassphrase.parse("a b#c"), { ok: true, value: new TextEncoder().encode("a b#c") });
  for (const text of ["", "__CHANGEME__", "__changeme__", "x".repeat(256)]) {
    const read = gpgPassphrase.parse(text);
    assert.equal(read.ok, false);
    assert.ok(!JSON.stringify(read).includes("xxxx"));
  }
  assert.equal(gpgPassphrase.format(new Uint8Array(3)), "<see the access.conf file>");
});
