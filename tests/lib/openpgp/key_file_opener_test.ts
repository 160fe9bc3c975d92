/** A server with keys in files. */
import assert from "node:assert/strict";
import { textBytes } from "../../../lib/bytes.ts";
import { formatGpgFailure } from "../../../lib/openpgp/failure.ts";
import type { KeyFile } from "../../../lib/openpgp/file_keys.ts";
import { keyFileOpener } from "../../../lib/openpgp/key_file_opener.ts";
import { GNUPG, gpgHome, PASSPHRASE } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { fileOf, good, now, TEXT } from "./engines.ts";

testWith(GNUPG, "the passphrase of the key counts, and a file without a secret key is told", async () => {
  await using home = await gpgHome("lockedCurve", "curve");
  const sealed = await home.gpg([
    ...["--trust-model", "always", "--recipient", home.fingerprint("lockedCurve"), "--encrypt"],
  ], TEXT);
  const locked = await fileOf(home, "lockedCurve", true);
  const open = (decrypt: KeyFile, passphrase: Uint8Array | null) =>
    keyFileOpener({ decrypt, remote: [], passphrase, now })(sealed);
  assert.deepEqual(good(await open(locked, textBytes(PASSPHRASE))).plaintext, TEXT);
  const rows: readonly (readonly [file: KeyFile, passphrase: Uint8Array | null, says: RegExp])[] = [
    [locked, textBytes("wrong"), /Error 121 .*wrong/],
    [locked, null, /Error 121 .*has a passphrase/],
    [await fileOf(home, "lockedCurve", false), null, /Error 132 .*holds no secret key/],
    [await fileOf(home, "curve", true), null, /Error 132/],
  ];
  for (const [decrypt, passphrase, says] of rows) {
    const opened = await open(decrypt, passphrase);
    assert.match(opened.ok ? "" : formatGpgFailure(opened.fault), says);
  }
});
