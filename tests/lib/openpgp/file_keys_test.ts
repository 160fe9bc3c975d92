/** Key files: what is read of them, and what unlocks the key. */
import assert from "node:assert/strict";
import { textBytes } from "../../../lib/bytes.ts";
import { keysIn, unlockKey } from "../../../lib/openpgp/file_keys.ts";
import { GNUPG, gpgHome, PASSPHRASE } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { fileOf, good } from "./engines.ts";

Deno.test("a file that is no key file holds no key", async () => {
  for (const text of ["", "-----BEGIN", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n", "\x99\x01", "text"]) {
    assert.deepEqual(await keysIn({ path: "x", bytes: textBytes(text) }), [], text);
  }
});

testWith(GNUPG, "armored and binary files hold their keys, and each passphrase opens its own", async () => {
  await using home = await gpgHome("curve", "lockedCurve");
  const bytes = await home.gpg(["--export", "curve", "lockedCurve"]);
  const told = (await keysIn({ path: "x", bytes })).map((key) => key.getFingerprint().toUpperCase());
  assert.deepEqual(told.toSorted(), [home.fingerprint("curve"), home.fingerprint("lockedCurve")].toSorted());
  const [open] = await keysIn(await fileOf(home, "curve", true));
  assert.equal(good(await unlockKey(open!, "x", null)), open);
  const [locked] = await keysIn(await fileOf(home, "lockedCurve", true));
  assert.ok(good(await unlockKey(locked!, "x", textBytes(PASSPHRASE))).isDecrypted());
  for (const passphrase of [null, textBytes(""), textBytes("wrong")]) {
    assert.ok(!(await unlockKey(locked!, "x", passphrase)).ok);
  }
});
