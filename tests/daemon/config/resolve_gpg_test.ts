import assert from "node:assert/strict";
import { fail, ok } from "../../../lib/result.ts";
import type { FileKind } from "../../../daemon/config/files.ts";
import { wantsGpg } from "../../../daemon/config/resolve_gpg.ts";
import { good, load, wrong } from "./in_memory.ts";

const FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

/** A stanza without KEY. */
function gpgStanza(...lines: readonly string[]): string {
  return ["SOURCE ANY", "HMAC_KEY hmackey", "REQUIRE_SOURCE_ADDRESS Y", ...lines].join("\n");
}

function policy(...lines: readonly string[]) {
  return good("", gpgStanza(...lines)).stanzas[0]!.gpg;
}

function warnings(...lines: readonly string[]) {
  return good("", gpgStanza(...lines)).warnings;
}

Deno.test("GPG_DECRYPT_PW, or GPG_ALLOW_NO_PW Y, makes a stanza take packets for GnuPG, with the home and gpg of fwknopd.conf", () => {
  assert.deepEqual(policy("GPG_DECRYPT_PW secret", `GPG_FINGERPRINT_ID ${FPR}`), {
    engine: { kind: "keyring", exe: "/usr/bin/gpg", home: "/root/.gnupg", decryptId: null },
    recipients: null,
    passphrase: new TextEncoder().encode("secret"),
    signers: { fingerprints: [FPR], ids: null, ignoreErrors: false },
  });
  const { gpg, secrets } = good(
    "GPG_HOME_DIR /srv/gpg\nGPG_EXE /opt/gpg\n",
    gpgStanza("GPG_ALLOW_NO_PW Y", "GPG_DECRYPT_ID server@example.com", "GPG_REMOTE_ID 0x89abcdef , ABCDEF0123456789"),
  ).stanzas[0]!;
  assert.deepEqual(gpg, {
    engine: { kind: "keyring", exe: "/opt/gpg", home: "/srv/gpg", decryptId: "server@example.com" },
    recipients: null,
    passphrase: null,
    signers: { fingerprints: null, ids: ["89ABCDEF", "ABCDEF0123456789"], ignoreErrors: false },
  });
  assert.deepEqual(secrets.map(({ cipher, hmac }) => [cipher.kind, hmac?.name]), [["gpg", "sha256"]]);
});

Deno.test("the command line names home and gpg too, and a stanza its own, relative paths where the daemon was started", () => {
  const given = { argv: ["--gpg-home-dir", "/from/option", "--gpg-exe", "gpg2"] };
  const lines = ["GPG_ALLOW_NO_PW Y", `GPG_FINGERPRINT_ID ${FPR}`];
  const engine = (...more: readonly string[]) => good("", gpgStanza(...lines, ...more), given).stanzas[0]!.gpg?.engine;
  assert.deepEqual(engine(), { kind: "keyring", exe: "/start/gpg2", home: "/from/option", decryptId: null });
  assert.deepEqual(engine("GPG_HOME_DIR ./home", "GPG_EXE /own"), {
    kind: "keyring",
    exe: "/own",
    home: "/start/home",
    decryptId: null,
  });
});

Deno.test("a stanza may take both kinds of packets, with one HMAC key", () => {
  const { secrets } = good("", gpgStanza("KEY enckey", "GPG_DECRYPT_PW secret", `GPG_REMOTE_ID ${FPR}`)).stanzas[0]!;
  assert.deepEqual(secrets.map(({ cipher }) => cipher.kind), ["rijndael", "gpg"]);
  assert.equal(secrets[0]?.hmac, secrets[1]?.hmac);
});

Deno.test("signatures are looked at unless GPG_DISABLE_SIG stands alone; GPG_REQUIRE_SIG N does not switch that off", () => {
  const signers = (...lines: readonly string[]) =>
    policy("GPG_ALLOW_NO_PW Y", `GPG_REMOTE_ID ${FPR}`, ...lines)?.signers;
  assert.equal(signers("GPG_DISABLE_SIG Y"), null);
  assert.equal(signers("GPG_DISABLE_SIG Y", "GPG_REQUIRE_SIG N"), null);
  for (const lines of [[], ["GPG_REQUIRE_SIG N"], ["GPG_REQUIRE_SIG Y", "GPG_DISABLE_SIG Y"]]) {
    assert.deepEqual(signers(...lines)?.ids, [FPR], lines.join());
  }
  assert.equal(signers("GPG_IGNORE_SIG_VERIFY_ERROR Y")?.ignoreErrors, true);
  const base = ["GPG_ALLOW_NO_PW Y", `GPG_REMOTE_ID ${FPR}`];
  assert.deepEqual(warnings(...base, "GPG_DISABLE_SIG Y"), [
    "Warning: GPG_REQUIRE_SIG should really be enabled for stanza source: 'ANY' (#1)",
  ]);
  assert.deepEqual(warnings(...base, "GPG_DISABLE_SIG Y", "GPG_REQUIRE_SIG Y"), [
    "Warning: GPG_REQUIRE_SIG and GPG_DISABLE_SIG are both set, will check sigs (stanza source: 'ANY' #1)",
  ]);
});

Deno.test("what is wrong with a stanza for GnuPG is told at its line, with the remedy", () => {
  const table: readonly [readonly string[], RegExp][] = [
    [["GPG_DECRYPT_PW __CHANGEME__"], /^\/a:4: GPG_DECRYPT_PW value is not properly set: replace __CHANGEME__/],
    [
      ["GPG_ALLOW_NO_PW Y"],
      /^\/a:4: Must have either sig ID's or fingerprints to check .*\(stanza source: 'ANY' #1\) \(/,
    ],
    [["GPG_DECRYPT_PW p", "GPG_DISABLE_SIG Y", "GPG_REQUIRE_SIG Y"], /^\/a:4: Must have either sig ID's/],
    [
      ["GPG_DECRYPT_ID 89ABCDEF"],
      /^\/a:1: No keys found for access stanza source: 'ANY' .*\(add GPG_DECRYPT_PW, or GPG_A/,
    ],
    [
      ["GPG_DECRYPT_PW hmackey", "GPG_REMOTE_ID 89ABCDEF"],
      /^\/a:2: HMAC_KEY: the encryption passphrase and the HMAC key should not/,
    ],
    [
      ["GPG_DECRYPT_PW p", "GPG_REMOTE_ID alice@example.com"],
      /^\/a:5: GPG_REMOTE_ID: item 1: expected 8, 16 or 40 hexadecimal digits, got .*\(gpg --list-keys/,
    ],
    [
      ["GPG_DECRYPT_PW p", "GPG_FINGERPRINT_ID 89ABCDEF"],
      /^\/a:5: GPG_FINGERPRINT_ID: item 1: expected 40 or 64 hexadecimal digits/,
    ],
    [
      ["GPG_DECRYPT_PW p", "GPG_REMOTE_ID 89ABCDEF", "KEY k", "ENCRYPTION_MODE Asymmetric"],
      /^\/a:7: ENCRYPTION_MODE: Asymmetric is for GnuPG/,
    ],
    [
      ["GPG_ALLOW_NO_PW Y", "GPG_REMOTE_KEY_FILE /keys/alice.asc"],
      /^\/a:5: GPG_REMOTE_KEY_FILE: needs GPG_DECRYPT_KEY_FILE/,
    ],
  ];
  for (const [lines, expected] of table) {
    const [first = "", ...rest] = wrong("", gpgStanza(...lines));
    assert.match(first, expected);
    assert.deepEqual(rest, [], lines.join("; "));
  }
  assert.deepEqual(wrong("", gpgStanza("GPG_DECRYPT_PW p", `GPG_REMOTE_ID ${FPR}`, "ENCRYPTION_MODE asymmetric")), []);
});

Deno.test("lines about GnuPG that do nothing are warned of, and so is a second word about the passphrase", () => {
  assert.match(
    warnings("KEY enckey", "GPG_HOME_DIR /srv/gpg", "GPG_REMOTE_ID 89ABCDEF").join(),
    /^\/a:5: what the stanza says of GnuPG has no effect without GPG_DECRYPT_PW, or GPG_ALLOW_NO_PW Y/,
  );
  assert.deepEqual(warnings("KEY enckey", "GPG_REQUIRE_SIG N", "GPG_ALLOW_NO_PW N"), []);
  assert.deepEqual(warnings("GPG_DECRYPT_PW p", "GPG_ALLOW_NO_PW Y", "GPG_REMOTE_ID 89ABCDEF"), [
    "/a:5: GPG_ALLOW_NO_PW has no effect beside GPG_DECRYPT_PW",
  ]);
});

Deno.test("a home that is none, and a gpg that cannot be run, are problems at their lines", () => {
  const kinds: Readonly<Record<string, FileKind>> = { "/home": "folder", "/file": "file", "/gpg": "program" };
  const world = { kindOf: (path: string) => kinds[path] ?? null };
  const problems = (...lines: readonly string[]) =>
    wrong("", gpgStanza("GPG_ALLOW_NO_PW Y", `GPG_REMOTE_ID ${FPR}`, ...lines), { world }).join("\n");
  assert.equal(problems("GPG_HOME_DIR /home", "GPG_EXE /gpg"), "");
  assert.match(
    problems("GPG_HOME_DIR /gone", "GPG_EXE /gpg"),
    /^\/a:6: GPG_HOME_DIR directory '\/gone' stat\(\)\/existence problem: unable to stat\(\)/,
  );
  assert.match(problems("GPG_HOME_DIR /file", "GPG_EXE /gpg"), /'\/file' .* is no directory/);
  assert.match(
    problems("GPG_HOME_DIR /home", "GPG_EXE /gone"),
    /^\/a:7: GPG_EXE: '\/gone' is not there \(install gnupg/,
  );
  assert.match(problems("GPG_HOME_DIR /home", "GPG_EXE /file"), /GPG_EXE: '\/file' cannot be executed/);
  assert.match(problems("GPG_HOME_DIR /home"), /^\/a:1: GPG_EXE: '\/usr\/bin\/gpg' is not there/);
});

Deno.test("keys in files: both kinds are read, and nothing of a keyring stands beside them", () => {
  const world = {
    readKey: (path: string) =>
      path === "/gone" ? fail({ code: "missing", message: "No such file or directory" } as const) : ok({
        bytes: new TextEncoder().encode(path) as Uint8Array<ArrayBuffer>,
        warnings: [`file: ${path} is loose`],
      }),
  };
  const lines = ["GPG_DECRYPT_KEY_FILE server.key", "GPG_REMOTE_KEY_FILE /keys/a.asc, /keys/b.asc"];
  const loaded = load("", gpgStanza(...lines), { world });
  assert.ok(loaded.ok);
  const file = (path: string) => ({ path, bytes: new TextEncoder().encode(path) });
  assert.deepEqual(loaded.stanzas[0]!.gpg, {
    engine: { kind: "files", decrypt: file("/start/server.key"), remote: [file("/keys/a.asc"), file("/keys/b.asc")] },
    recipients: null,
    passphrase: null,
    signers: { fingerprints: null, ids: null, ignoreErrors: false },
  });
  assert.equal(loaded.warnings.length, 3);
  const problems = (...more: readonly string[]) => wrong("", gpgStanza(...more), { world });
  assert.match(
    problems(...lines, "GPG_HOME_DIR /h", "GPG_DECRYPT_ID x").join("\n"),
    /^\/a:6: GPG_HOME_DIR: the stanza has its keys in files.*\n\/a:7: GPG_DECRYPT_ID: the/,
  );
  assert.match(problems(lines[0]!).join(), /GPG_DECRYPT_KEY_FILE: the files with the keys that may sign are missing/);
  assert.deepEqual(problems(lines[0]!, "GPG_DISABLE_SIG Y"), []);
  assert.match(
    problems("GPG_DECRYPT_KEY_FILE /gone", lines[1]!).join(),
    /^\/a:4: Could not open key file: \/gone: No such file/,
  );
});

Deno.test("wantsGpg() is about what makes a stanza take packets for GnuPG", () => {
  const settings = good("", gpgStanza("KEY enckey", "GPG_HOME_DIR /srv/gpg")).access[0]!.settings;
  assert.equal(wantsGpg(settings), false);
  assert.equal(wantsGpg({ ...settings, gpgAllowNoPassword: true }), true);
});
