/** What the library says of messages that gpg made: of each signature, and of what the text is wrapped in. */
import assert from "node:assert/strict";
import { type KeyFile, keysIn } from "../../../lib/openpgp/file_keys.ts";
import { keyFileOpener } from "../../../lib/openpgp/key_file_opener.ts";
import { GNUPG, type GpgHome, gpgHome, type GpgKeyName, PASSPHRASE } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { fileOf, good, now, TEXT } from "./engines.ts";
import { encrypted, packets, signedBy } from "./packets.ts";

/** A message to the key `curve`, signed by gpg with these keys. */
async function message(home: GpgHome, signers: readonly GpgKeyName[], ...more: readonly string[]): Promise<Uint8Array> {
  const by = signers.flatMap((name) => ["--local-user", home.fingerprint(name)]);
  const unlock = ["--pinentry-mode", "loopback", "--passphrase", PASSPHRASE];
  const signing = signers.length === 0 ? [] : [...unlock, ...by, "--sign"];
  const to = ["--trust-model", "always", "--recipient", home.fingerprint("curve")];
  return await home.gpg([...more, ...signing, ...to, "--encrypt"], TEXT);
}

testWith(GNUPG, "each signature is told with its key, and whether that is one of the files", async () => {
  await using home = await gpgHome("curve", "rsa2048", "subkeys", "signOnly", "locked");
  const names = ["rsa2048", "subkeys", "locked"] as const;
  const remote = await Promise.all(names.map((name) => fileOf(home, name, false)));
  // Several keys in one file are as good.
  const both: KeyFile = { path: "both", bytes: await home.gpg(["--export", "rsa2048", "subkeys", "locked"]) };
  const decrypt = await fileOf(home, "curve", true);
  for (const files of [remote, [both]]) {
    const open = keyFileOpener({ decrypt, remote: files, passphrase: null, now });
    for (const signers of [[], ["rsa2048"], ["subkeys"], ["signOnly"], ["rsa2048", "signOnly", "locked"]] as const) {
      const opened = good(await open(await message(home, signers)));
      assert.deepEqual(opened.plaintext, TEXT);
      assert.deepEqual(opened.literals, [{ format: "b", name: "" }]);
      const told = opened.signatures.map(({ primary, good, right }) => [primary, good, right]);
      const wanted = signers.map((name) =>
        name === "signOnly" ? ["", false, false] : [home.fingerprint(name), true, true]
      );
      assert.deepEqual(told.toSorted(), wanted.toSorted());
    }
  }
});

testWith(GNUPG, "a signature by a key that has expired is right and not good; the name of a file is told", async () => {
  await using home = await gpgHome("curve", "expired");
  const [decrypt, expired] = [await fileOf(home, "curve", true), await fileOf(home, "expired", false)];
  const open = keyFileOpener({ decrypt, remote: [expired], passphrase: null, now });
  const [key] = await keysIn(decrypt);
  const args = ["--faked-system-time", "20200110T000000!"];
  const signed = await signedBy(home, ["expired"], { text: TEXT, args });
  const old = good(await open(packets(await encrypted(packets(signed), { key: key! }))));
  assert.deepEqual(old.plaintext, TEXT);
  assert.deepEqual(old.signatures.map(({ good, right }) => [good, right]), [[false, true]]);
  const opened = good(await open(await message(home, [], "--set-filename", "x.txt")));
  assert.deepEqual(opened.literals, [{ format: "b", name: "x.txt" }]);
});

testWith(GNUPG, "a clock of the client that is ahead spoils no signature", async () => {
  await using home = await gpgHome("curve", "rsa2048");
  const [decrypt, remote] = [await fileOf(home, "curve", true), await fileOf(home, "rsa2048", false)];
  const open = keyFileOpener({ decrypt, remote: [remote], passphrase: null, now: () => now() + 1 });
  const ahead = new Date(Date.now() + 90_000).toISOString().replace(/[-:]|\.\d+Z/g, "");
  const opened = good(await open(await message(home, ["rsa2048"], "--faked-system-time", `${ahead}!`)));
  assert.deepEqual(opened.signatures.map((each) => each.good), [true]);
});
