import assert from "node:assert/strict";
import { isKeyFile, readKeyFile } from "../../../cli/gpg/key_file.ts";
import { temporaryFolder } from "../harness.ts";

Deno.test("isKeyFile() tells files from names, ids and addresses", () => {
  for (
    const name of [
      "server.asc",
      "/etc/key",
      "./key",
      "../key",
      "~/key",
      "keys/server",
      "A.GPG",
      "k.pgp",
      "a.key",
      "/a@b",
    ]
  ) {
    assert.equal(isKeyFile(name), true, name);
  }
  for (
    const name of ["ABCD1234", "0xABCD", "alice@example.org", "alice@key.asc", "Alice", "asc", ".asc", "a.txt", ""]
  ) {
    assert.equal(isKeyFile(name), false, name);
  }
});

Deno.test("a key file that cannot be read is that of the recipient, or that of the signer", () => {
  using folder = temporaryFolder();
  const missing = `${folder.path}/none.asc`;
  const recipient = readKeyFile(missing, "encrypt");
  assert.deepEqual([recipient.ok, !recipient.ok && recipient.fault.fault.number], [false, 130]);
  const signer = readKeyFile(missing, "sign");
  assert.deepEqual([signer.ok, !signer.ok && signer.fault.fault.number], [false, 125]);
  const home = readKeyFile("~/none.asc", "sign");
  assert.match(home.ok ? "" : home.fault.remedy, /no shell expands ~/);
  Deno.writeTextFileSync(missing, "bytes");
  const read = readKeyFile(missing, "encrypt");
  assert.equal(read.ok && new TextDecoder().decode(read.value.bytes), "bytes");
});
