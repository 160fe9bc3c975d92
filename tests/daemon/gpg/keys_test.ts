import assert from "node:assert/strict";
import { findGpgKeys } from "../../../daemon/gpg/keys.ts";
import { gpgFail } from "../../../lib/openpgp/failure.ts";
import type { RunGpg } from "../../../lib/openpgp/keyring.ts";
import { ok } from "../../../lib/result.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";
import { readSecureFile } from "../../../lib/host/secure_file.ts";
import { testWith } from "../../lab/gate.ts";
import { GNUPG, gpgHome, PASSPHRASE } from "../../lab/gpg_home.ts";
import { runOn } from "../../lib/openpgp/engines.ts";
import { good } from "../config/in_memory.ts";

/** A listing with one key for each fingerprint. */
function listing(...fingerprints: readonly string[]): string {
  return fingerprints.map((fpr) =>
    `pub:u:2048:1:${fpr.slice(-16)}:1:::u:::scESC::::::\nfpr:::::::::${fpr}:\nuid:u::::1::X::${fpr.slice(0, 4)}:\n`
  )
    .join("");
}

const [ONE, TWO, THREE] = ["1", "2", "3"].map((digit) => `${digit.repeat(32)}DEADBEEF`) as [string, string, string];
const OTHER = "4".repeat(40);

/** A gpg whose public keys are these; it notes what it is asked. */
function fakeGpg(...fingerprints: readonly string[]) {
  const asked: string[][] = [];
  const run: RunGpg = (args) => {
    asked.push([...args]);
    const stdout = new TextEncoder().encode(listing(...fingerprints));
    return Promise.resolve(ok({ code: 0, stdout, stderr: "", status: "" }));
  };
  return { asked, run };
}

/** The stanzas of access.conf, and their keys as that gpg has them. */
async function found(access: string, run: RunGpg) {
  const world = { readKey: readSecureFile };
  const { access: stanzas } = good("", access, { world });
  const { access: changed, problems, warnings } = await findGpgKeys(stanzas, {
    runGpg: () => run,
    now: Date.now() / 1000,
  });
  return {
    policies: changed.map(({ stanza }) => stanza.gpg),
    problems: problems.map(formatProblem),
    warnings,
  };
}

function stanza(...lines: readonly string[]): string {
  return ["SOURCE ANY", "HMAC_KEY hmackey", "REQUIRE_SOURCE_ADDRESS Y", "GPG_ALLOW_NO_PW Y", ...lines, ""].join("\n");
}

Deno.test("ids become the fingerprints of the keys that they name", async () => {
  const { policies, problems, warnings } = await found(
    stanza(`GPG_REMOTE_ID DEADBEEF,${"4".repeat(16)}`, `GPG_FINGERPRINT_ID ${ONE}`),
    fakeGpg(ONE, OTHER).run,
  );
  assert.deepEqual(policies[0]?.signers, { ids: [ONE, OTHER], fingerprints: [ONE], ignoreErrors: false });
  assert.deepEqual([problems, warnings], [[], []]);
});

Deno.test("an id that two keys fit, and one that none fits, are problems at their lines, with what to do", async () => {
  const { problems } = await found(
    stanza("GPG_REMOTE_ID DEADBEEF") + stanza("GPG_REMOTE_ID 00000000", `GPG_FINGERPRINT_ID ${THREE}`),
    fakeGpg(ONE, TWO).run,
  );
  assert.deepEqual(problems, [
    `/a:5: GPG_REMOTE_ID: DEADBEEF fits 2 keys in /root/.gnupg (name one by its fingerprint: ${ONE} (1111), ${TWO} (2222))`,
    `/a:11: GPG_FINGERPRINT_ID: no key in /root/.gnupg fits ${THREE} (get the public key of the client and import it: gpg --homedir /root/.gnupg --import FILE)`,
    "/a:10: GPG_REMOTE_ID: no key in /root/.gnupg fits 00000000 (get the public key of the client and import it: gpg --homedir /root/.gnupg --import FILE)",
  ]);
});

Deno.test("two lists that have no key in common are a problem: no packet would be taken", async () => {
  const { problems } = await found(
    stanza(`GPG_REMOTE_ID ${OTHER}`, `GPG_FINGERPRINT_ID ${ONE}`),
    fakeGpg(ONE, OTHER).run,
  );
  assert.match(problems.join(), /^\/a:5: GPG_REMOTE_ID: no key is in GPG_FINGERPRINT_ID too/);
});

Deno.test("many stanzas of one home list its keys together", async () => {
  const gpg = fakeGpg(ONE, OTHER);
  const access = Array.from({ length: 600 }, (_, n) => stanza(`GPG_FINGERPRINT_ID ${n % 2 === 0 ? ONE : OTHER}`)).join(
    "",
  );
  const { policies, problems } = await found(access, gpg.run);
  assert.deepEqual(problems, []);
  assert.equal(policies.length, 600);
  assert.deepEqual(gpg.asked.map((args) => args.filter((arg) => arg.startsWith("--list"))), [["--list-keys"], [
    "--list-secret-keys",
  ]]);
  assert.deepEqual(gpg.asked[0]?.slice(-3), ["--", ONE, OTHER]);
});

Deno.test("a gpg that cannot be run is one problem for all stanzas of the home, and nothing is thrown", async () => {
  const run: RunGpg = () => Promise.resolve(gpgFail("gpg-executable", "/usr/bin/gpg: No such file", "install gnupg"));
  const { problems } = await found(stanza(`GPG_FINGERPRINT_ID ${ONE}`) + stanza(`GPG_REMOTE_ID ${TWO}`), run);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /^\/a:4: .*\/usr\/bin\/gpg: No such file \(install gnupg\)$/);
});

Deno.test("where no stanza is for GnuPG, gpg is not run", async () => {
  const gpg = fakeGpg();
  await found("SOURCE ANY\nKEY enckey\nHMAC_KEY hmackey\n", gpg.run);
  assert.deepEqual(gpg.asked, []);
});

testWith(GNUPG, "the keys of a real home: those that can be used, and what is wrong with the others", async () => {
  await using home = await gpgHome("curve", "subkeys", "expired", "revoked", "signOnly");
  const look = (...lines: readonly string[]) => found(stanza(`GPG_HOME_DIR ${home.path}`, ...lines), runOn(home));
  const fine = await look(`GPG_DECRYPT_ID curve@test`, `GPG_REMOTE_ID ${home.fingerprint("subkeys").slice(-8)}`);
  assert.deepEqual([fine.problems, fine.warnings], [[], []]);
  assert.deepEqual(fine.policies[0]?.signers?.ids, [home.fingerprint("subkeys")]);
  const { recipients } = fine.policies[0]!;
  assert.equal(recipients?.[0], home.fingerprint("curve").slice(-16));
  assert.equal(recipients?.length, 2);
  const gone = await look("GPG_DECRYPT_ID nobody@test", `GPG_FINGERPRINT_ID ${"0".repeat(40)}`);
  assert.equal(gone.problems.length, 2);
  assert.match(
    gone.problems[0] ?? "",
    /^\/a:6: GPG_DECRYPT_ID: "nobody@test" fits no key in .*\(import it: gpg --homedir/,
  );
  const signer = `GPG_FINGERPRINT_ID ${home.fingerprint("subkeys")}`;
  assert.match(
    (await look("GPG_DECRYPT_ID @test", signer)).problems.join(),
    /^\/a:6: GPG_DECRYPT_ID: "@test" fits \d keys in/,
  );
  assert.match(
    (await look("GPG_DECRYPT_ID revoked@test", signer)).problems.join(),
    /^\/a:6: the key .* cannot be used: it is revoked/,
  );
  assert.match(
    (await look("GPG_DECRYPT_ID signOnly@test", signer)).problems.join(),
    /^\/a:6: the key .* cannot be used: it cannot encrypt/,
  );
  const expired = await look("GPG_DECRYPT_ID expired@test", signer);
  assert.deepEqual(expired.problems, []);
  assert.match(
    expired.warnings.join(),
    /the key .* cannot be used: it expired on 2020-02-01: clients can encrypt nothing/,
  );
  const late = await look(
    "GPG_DECRYPT_ID curve@test",
    `GPG_FINGERPRINT_ID ${home.fingerprint("expired")},${home.fingerprint("revoked")}`,
  );
  assert.deepEqual(late.problems, []);
  assert.match(late.warnings.join("\n"), /can sign no packet: it expired on .*\n.*can sign no packet: it is revoked/);
});

testWith(GNUPG, "a home with public keys only: what has no secret part, and what nobody vouches for", async () => {
  await using home = await gpgHome("curve", "nist");
  await using other = await gpgHome("signOnly");
  await other.gpg(["--import", await home.keyFile("curve")]);
  await other.gpg(["--import", await home.keyFile("nist")]);
  const { problems, warnings } = await found(
    stanza(`GPG_HOME_DIR ${other.path}`, "GPG_DECRYPT_ID curve@test", `GPG_FINGERPRINT_ID ${home.fingerprint("nist")}`),
    runOn(other),
  );
  assert.match(problems.join(), /^\/a:6: GPG_DECRYPT_ID: "curve@test" names a key whose secret part is not in/);
  assert.match(
    warnings.join(),
    /^\/a:7: nobody says whose key .* is, so its packets are refused \(gpg .*--quick-lsign-key/,
  );
  const empty = await found(
    stanza(`GPG_HOME_DIR ${other.path}/none`, `GPG_FINGERPRINT_ID ${home.fingerprint("nist")}`),
    async (args) => {
      const { code, stdout, stderr } = await new Deno.Command("gpg", {
        args: ["--homedir", `${other.path}/none`, ...args],
      }).output();
      return ok({ code, stdout, stderr: new TextDecoder().decode(stderr), status: "" });
    },
  );
  assert.match(empty.problems.join(), /^\/a:5: .*the keys in .*\/none cannot be listed: .*\(gpg --homedir/);
});

testWith(GNUPG, "keys in files: their fingerprints, and a passphrase that is tried at once", async () => {
  await using home = await gpgHome("locked", "subkeys", "curve");
  const [decrypt, subkeys, curve] = [
    await home.keyFile("locked", { secret: true }),
    await home.keyFile("subkeys"),
    await home.keyFile("curve"),
  ];
  const none: RunGpg = () => Promise.reject(new Error("gpg is run"));
  const files = (...lines: readonly string[]) =>
    [
      "SOURCE ANY",
      "HMAC_KEY hmackey",
      "REQUIRE_SOURCE_ADDRESS Y",
      `GPG_REMOTE_KEY_FILE ${subkeys},${curve}`,
      ...lines,
      "",
    ].join("\n");
  const fine = await found(files(`GPG_DECRYPT_KEY_FILE ${decrypt}`, `GPG_DECRYPT_PW ${PASSPHRASE}`), none);
  assert.deepEqual([fine.problems, fine.warnings], [[], []]);
  assert.deepEqual(fine.policies[0]?.signers?.fingerprints, [home.fingerprint("subkeys"), home.fingerprint("curve")]);
  assert.equal(fine.policies[0]?.recipients?.[0], home.fingerprint("locked").slice(-16));
  const chosen = await found(
    files(
      `GPG_DECRYPT_KEY_FILE ${decrypt}`,
      `GPG_DECRYPT_PW ${PASSPHRASE}`,
      `GPG_REMOTE_ID ${home.fingerprint("curve").slice(-8)}`,
    ),
    none,
  );
  assert.deepEqual(chosen.policies[0]?.signers?.ids, [home.fingerprint("curve")]);
  const table: readonly [readonly string[], RegExp][] = [
    [
      [`GPG_DECRYPT_KEY_FILE ${decrypt}`, "GPG_DECRYPT_PW wrong"],
      /^\/a:6: the passphrase of the key in .* is wrong \(mend GPG_DECRYPT_PW\)$/,
    ],
    [[`GPG_DECRYPT_KEY_FILE ${decrypt}`], /^\/a:5: the key in .* has a passphrase \(write it as GPG_DECRYPT_PW\)$/],
    [
      [`GPG_DECRYPT_KEY_FILE ${curve}`],
      /^\/a:5: .* holds no secret key \(make it with gpg --armor --export-secret-keys KEY\)$/,
    ],
    [["GPG_DECRYPT_KEY_FILE /etc/passwd"], /^\/a:5: \/etc\/passwd holds no OpenPGP key/],
  ];
  for (const [lines, expected] of table) assert.match((await found(files(...lines), none)).problems.join(), expected);
});
