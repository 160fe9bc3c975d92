/** The gpg program, with homes that gpg made. */
import assert from "node:assert/strict";
import { encodeBase64 } from "../../../lib/base64.ts";
import { textBytes } from "../../../lib/bytes.ts";
import { formatGpgFailure } from "../../../lib/openpgp/failure.ts";
import { openKeyring } from "../../../lib/openpgp/keyring.ts";
import { packetLength } from "../../../lib/openpgp/size.ts";
import { GNUPG, type GpgHome, gpgHome, type GpgKeyName, PASSPHRASE } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { good, runOn, TEXT } from "./engines.ts";

const NO_PASSPHRASE = new Uint8Array(0);

async function sealed(home: GpgHome, recipient: string, signer: string | null, passphrase: Uint8Array | null) {
  const pgp = good(await openKeyring(runOn(home), { recipient, signer }));
  const seal = good(await pgp.unlock(passphrase));
  return { pgp, result: await seal(TEXT) };
}

const PAIRS: readonly (readonly [GpgKeyName, GpgKeyName | null])[] = [
  ["rsa2048", "rsa2048"],
  ["rsa2048", null],
  ["rsa3072", "curve"],
  ["rsa4096", "subkeys"],
  ["elgamal", "elgamal"],
  ["curve", "curve"],
  ["nist", "nist"],
  ["subkeys", "subkeys"],
];

testWith(
  GNUPG,
  "F3, F4: what gpg seals starts as C servers restore it, is as long as was said, and opens in gpg",
  async () => {
    await using home = await gpgHome("rsa2048", "rsa3072", "rsa4096", "elgamal", "curve", "nist", "subkeys");
    for (const [recipient, signer] of PAIRS) {
      const { pgp, result } = await sealed(home, `${recipient}@test`, signer && `${signer}@test`, NO_PASSPHRASE);
      const message = good(result);
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
      const opened = good(await pgp.decrypt(message));
      assert.deepEqual(opened.plaintext, TEXT);
      assert.deepEqual(opened.signatures.map((each) => each.good), signer === null ? [] : [true]);
      assert.equal(pgp.recipient.fingerprint, home.fingerprint(recipient));
      assert.equal(pgp.recipient.trusted, true);
    }
  },
);

testWith(GNUPG, "the passphrase counts: right, wrong, none, or known to the agent", async () => {
  await using home = await gpgHome("rsa2048", "locked");
  const seal = async (passphrase: Uint8Array | null) => {
    const { result } = await sealed(home, "rsa2048@test", "locked@test", passphrase);
    return result.ok ? "sealed" : formatGpgFailure(result.fault);
  };
  await home.lock();
  assert.match(await seal(textBytes("wrong")), /Error 121 .*wrong/);
  assert.match(await seal(NO_PASSPHRASE), /Error 121 .*none was given/);
  assert.match(await seal(null), /the agent cannot ask/);
  assert.equal(await seal(textBytes(PASSPHRASE)), "sealed");
  // Unlocked for the agent.
  await home.gpg(["--pinentry-mode", "loopback", "--passphrase", PASSPHRASE, "--sign", "--local-user", "locked"], TEXT);
  assert.equal(await seal(null), "sealed");
});

testWith(GNUPG, "a passphrase of two lines, whose second one would be sent, is refused", async () => {
  await using home = await gpgHome("rsa2048");
  const pgp = good(await openKeyring(runOn(home), { recipient: "rsa2048", signer: "rsa2048" }));
  for (const passphrase of ["one\ntwo", "one\0two"]) {
    const unlocked = await pgp.unlock(textBytes(passphrase));
    assert.match(unlocked.ok ? "" : formatGpgFailure(unlocked.fault), /line end/);
  }
});

testWith(GNUPG, "keys that are missing, ambiguous or good for nothing are told with the remedy", async () => {
  await using home = await gpgHome("curve", "expired", "revoked", "signOnly");
  const rows: readonly (readonly [recipient: string, signer: string | null, says: RegExp, remedy: RegExp])[] = [
    ["nobody", null, /Error 130 - The key for .* not found: no key fits "nobody"/, /gpg --import FILE/],
    ["test", null, /Error 131 - Ambiguous .* fits 4 keys/, new RegExp(home.fingerprint("curve"))],
    ["expired", null, /"expired" .*it expired on 2020-0[12]-/, /import/],
    ["revoked", null, /"revoked" .*it is revoked/, /import/],
    ["signOnly", null, /it cannot encrypt/, /import/],
    ["curve", "nobody", /Error 125 - The key for .* not found/, /gpg --list-secret-keys/],
    ["curve", "test", /Error 126 - Ambiguous/, /fingerprint/],
    ["curve", "expired", /it expired on/, /gpg --gen-key/],
    ["curve", "revoked", /it is revoked/, /gpg --gen-key/],
    ["--version", null, /no key fits "--version"/, /import/],
  ];
  for (const [recipient, signer, says, remedy] of rows) {
    const opened = await openKeyring(runOn(home), { recipient, signer });
    assert.ok(!opened.ok, recipient);
    assert.match(formatGpgFailure(opened.fault), says);
    assert.match(opened.fault.remedy, remedy);
  }
});

testWith(
  GNUPG,
  "what gpg.conf says changes no packet: no second recipient, no armor, no hidden recipient",
  async () => {
    await using home = await gpgHome("curve", "rsa2048");
    const conf = ["armor", "encrypt-to rsa2048", "hidden-encrypt-to rsa2048", "throw-keyids", "comment hello"];
    Deno.writeTextFileSync(`${home.path}/gpg.conf`, `${conf.join("\n")}\n`);
    const { result } = await sealed(home, "curve", "curve", NO_PASSPHRASE);
    const packets = new TextDecoder().decode(await home.gpg(["--list-packets"], good(result)));
    assert.deepEqual(packets.match(/:pubkey enc packet: .*/g)?.length, 1, packets);
    assert.doesNotMatch(packets, /keyid 0{16}/);
  },
);

testWith(GNUPG, "a message that was changed, or is for another key, does not open", async () => {
  await using home = await gpgHome("curve");
  await using other = await gpgHome("rsa2048");
  const { pgp, result } = await sealed(home, "curve", "curve", NO_PASSPHRASE);
  const changed = good(result).slice();
  changed[changed.length - 40]! ^= 1;
  const torn = await pgp.decrypt(changed);
  assert.match(torn.ok ? "" : formatGpgFailure(torn.fault), /Error 132/);
  const elsewhere = good(await openKeyring(runOn(other), { recipient: "rsa2048", signer: null }));
  const foreign = await elsewhere.decrypt(good(result));
  assert.match(
    foreign.ok ? "" : formatGpgFailure(foreign.fault),
    /Error 132 .*secret key of the recipient is not here/,
  );
});

Deno.test("a gpg that cannot be started is that failure", async () => {
  const failure = { fault: { code: "gpg-executable", number: 134 }, what: "gone", remedy: "none" } as const;
  const opened = await openKeyring(() => Promise.resolve({ ok: false, fault: failure }), {
    recipient: "x",
    signer: null,
  });
  assert.deepEqual(opened, { ok: false, fault: failure });
});
