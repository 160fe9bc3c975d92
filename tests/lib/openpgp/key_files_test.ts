/** Key files that gpg exported, read by the library; what it seals is opened by gpg, and the other way round. */
import assert from "node:assert/strict";
import { encodeBase64 } from "../../../lib/base64.ts";
import { textBytes } from "../../../lib/bytes.ts";
import { formatGpgFailure, type GpgFailure } from "../../../lib/openpgp/failure.ts";
import type { KeyFile } from "../../../lib/openpgp/file_keys.ts";
import { openKeyFiles } from "../../../lib/openpgp/key_files.ts";
import { packetLength } from "../../../lib/openpgp/size.ts";
import { withOldHeader } from "../../../lib/openpgp/framing.ts";
import type { Result } from "../../../lib/result.ts";
import { GNUPG, type GpgHome, gpgHome, type GpgKeyName, PASSPHRASE } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { good, TEXT } from "./engines.ts";

const now = () => Math.floor(Date.now() / 1000);

function bad<Value>(result: Result<Value, GpgFailure>): string {
  assert.ok(!result.ok);
  assert.notEqual(result.fault.remedy, "");
  return formatGpgFailure(result.fault);
}

function read(path: string): KeyFile {
  return { path, bytes: Deno.readFileSync(path) };
}

/** The files of a pair, the recipient's with its secret part. */
async function filesOf(home: GpgHome, recipient: GpgKeyName, signer: GpgKeyName | null) {
  return {
    recipient: read(await home.keyFile(recipient, { secret: true })),
    signer: signer === null ? null : read(await home.keyFile(signer, { secret: true })),
    now,
  };
}

const PAIRS: readonly (readonly [GpgKeyName, GpgKeyName | null])[] = [
  ["rsa2048", "rsa2048"],
  ["rsa2048", null],
  ["elgamal", "elgamal"],
  ["curve", "curve"],
  ["nist", "nist"],
  ["subkeys", "subkeys"],
];

testWith(
  GNUPG,
  "F3, F4: what the library seals starts as C servers restore it, is as long as was said, and opens everywhere",
  async () => {
    await using home = await gpgHome("rsa2048", "elgamal", "curve", "nist", "subkeys");
    for (const [recipient, signer] of PAIRS) {
      const pgp = good(await openKeyFiles(await filesOf(home, recipient, signer)));
      const message = good(await good(await pgp.unlock(null))(TEXT));
      const full = encodeBase64(message);
      assert.ok(full.startsWith("hQ"), `${recipient}: ${full.slice(0, 2)}`);
      const kinds = { recipient: pgp.recipient.kind, signer: pgp.signer?.kind ?? null };
      const most = packetLength({ ...kinds, plaintext: TEXT.length, tag: 0 });
      assert.ok(
        full.length - 2 <= most && full.length > most - 90,
        `${recipient}, ${signer}: ${full.length} of ${most}`,
      );
      const byHand = await home.tryGpg(["--decrypt"], message);
      assert.deepEqual(byHand.stdout, TEXT, byHand.stderr);
      assert.equal(/GOODSIG/.test(byHand.stderr), signer !== null, byHand.stderr);
      const opened = good(await pgp.decrypt(message));
      assert.deepEqual([opened.plaintext, opened.signatures.map((each) => each.good)], [
        TEXT,
        signer === null ? [] : [true],
      ]);
      assert.equal(pgp.recipient.fingerprint, home.fingerprint(recipient));
      const signing = signer === null ? [] : ["--sign", "--local-user", home.fingerprint(signer)];
      const theirs = await home.gpg([
        ...signing,
        "--trust-model",
        "always",
        "--recipient",
        home.fingerprint(recipient),
        "--encrypt",
      ], TEXT);
      assert.deepEqual(good(await pgp.decrypt(withOldHeader(theirs)!)), opened, `${recipient}, made by gpg`);
    }
  },
);

testWith(GNUPG, "binary files are read as well as armored ones", async () => {
  await using home = await gpgHome("curve");
  const bytes = await home.gpg(["--export", home.fingerprint("curve")]);
  const pgp = good(await openKeyFiles({ recipient: { path: "curve.gpg", bytes }, signer: null, now }));
  assert.equal(pgp.recipient.userId, "curve <curve@test>");
});

testWith(GNUPG, "the passphrase of a key file counts: right, wrong, none", async () => {
  await using home = await gpgHome("curve", "lockedCurve");
  const pgp = good(await openKeyFiles(await filesOf(home, "curve", "lockedCurve")));
  assert.match(bad(await pgp.unlock(textBytes("wrong"))), /Error 121 .*wrong/);
  for (const none of [null, new Uint8Array(0)]) {
    assert.match(bad(await pgp.unlock(none)), /Error 121 .*has a passphrase/);
  }
  const message = good(await good(await pgp.unlock(textBytes(PASSPHRASE)))(TEXT));
  assert.deepEqual((await home.tryGpg(["--decrypt"], message)).stdout, TEXT);
});

testWith(
  GNUPG,
  "files without a key, with several, or with one that is good for nothing are told with the remedy",
  async () => {
    await using home = await gpgHome("curve", "expired", "revoked", "signOnly");
    const curve = read(await home.keyFile("curve", { secret: true }));
    const publicOnly = read(await home.keyFile("curve"));
    const two: KeyFile = { path: "two.asc", bytes: await home.gpg(["--armor", "--export", "curve", "signOnly"]) };
    const file = async (name: GpgKeyName) => read(await home.keyFile(name, { secret: true }));
    const none = (bytes: Uint8Array): KeyFile => ({ path: "none.asc", bytes });
    const rows: readonly (readonly [recipient: KeyFile, signer: KeyFile | null, says: RegExp])[] = [
      [none(new Uint8Array(0)), null, /Error 130 .*holds no OpenPGP key/],
      [none(textBytes("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n")), null, /Error 130 .*holds no OpenPGP key/],
      [two, null, /Error 131 .*two.asc holds 2 keys/],
      [await file("expired"), null, /expired on 2020-0[12]-/],
      [await file("revoked"), null, /is revoked/],
      [await file("signOnly"), null, /cannot encrypt/],
      [curve, publicOnly, /Error 125 .*holds no secret key/],
      [curve, await file("expired"), /expired on/],
      [curve, await file("revoked"), /is revoked/],
    ];
    for (const [recipient, signer, says] of rows) {
      assert.match(
        bad(await openKeyFiles({ recipient, signer, now })),
        says,
      );
    }
  },
);

testWith(GNUPG, "a message that was changed, or whose secret key is elsewhere, does not open", async () => {
  await using home = await gpgHome("curve");
  const pgp = good(await openKeyFiles(await filesOf(home, "curve", "curve")));
  const changed = good(await good(await pgp.unlock(null))(TEXT)).slice();
  changed[changed.length - 40]! ^= 1;
  assert.match(bad(await pgp.decrypt(changed)), /Error 132/);
  const client = good(await openKeyFiles({ recipient: read(await home.keyFile("curve")), signer: null, now }));
  assert.match(bad(await client.decrypt(changed)), /Error 132 .*secret key of the recipient is not here/);
});
