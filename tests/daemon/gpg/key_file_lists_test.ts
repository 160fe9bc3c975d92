import assert from "node:assert/strict";
import { createKeyFileLists } from "../../../daemon/gpg/key_file_lists.ts";
import { textBytes } from "../../../lib/bytes.ts";
import { testWith } from "../../lab/gate.ts";
import { GNUPG, gpgHome, PASSPHRASE } from "../../lab/gpg_home.ts";

Deno.test("createKeyFileLists() finds nothing in what is no key file", async () => {
  const read = createKeyFileLists(0);
  for (const text of ["", "no key", "-----BEGIN PGP PUBLIC KEY BLOCK-----"]) {
    const file = { path: "/f", bytes: textBytes(text) };
    assert.deepEqual(await read.list(file), []);
    assert.equal(await read.unlock(file, null), null);
  }
});

testWith(
  GNUPG,
  "createKeyFileLists() reads a file once, and tries a passphrase once, however often it is asked",
  async () => {
    await using home = await gpgHome("locked", "curve");
    const file = async (name: "locked" | "curve", secret: boolean) => {
      const path = await home.keyFile(name, { secret });
      return () => ({ path, bytes: Deno.readFileSync(path) });
    };
    const [locked, curve] = [await file("locked", true), await file("curve", false)];
    const read = createKeyFileLists(Date.now() / 1000);
    const [listed] = await read.list(locked());
    assert.equal(listed?.parts[0].fingerprint, home.fingerprint("locked"));
    assert.equal((await read.list(locked()))[0], listed, "once");
    assert.equal((await read.list(curve()))[0]?.parts[0].fingerprint, home.fingerprint("curve"));
    const right = await read.unlock(locked(), textBytes(PASSPHRASE));
    assert.ok(right?.ok);
    assert.equal(await read.unlock(locked(), textBytes(PASSPHRASE)), right, "once");
    for (const passphrase of [textBytes("wrong"), null]) {
      const wrong = await read.unlock(locked(), passphrase);
      assert.ok(wrong !== null && !wrong.ok);
    }
    assert.equal(await read.unlock(curve(), null), null);
  },
);
