/** Knocks with GnuPG: options and stanzas, both engines, the passphrase, and what `-T` shows. */
import assert from "node:assert/strict";
import { webEngine } from "../../../lib/crypto/web_engine.ts";
import { fault } from "../../../lib/faults.ts";
import { fail, ok } from "../../../lib/result.ts";
import { openPgp } from "../../../lib/spa/open.ts";
import { GNUPG, type GpgHome, gpgHome, PASSPHRASE } from "../../lab/gpg_home.ts";
import { testWith } from "../../lab/gate.ts";
import { ALONE, type OwnRun, runOwn, runOwnProcess, type Surroundings } from "../harness.ts";

const HMAC = { name: "sha256", key: new TextEncoder().encode("hmackey") } as const;

/** Runs a knock at a time at which the keys are valid. */
async function run(home: GpgHome, args: readonly string[], more: Surroundings = {}): Promise<OwnRun> {
  return await runOwn(["-D", "127.0.0.1", "-s", "-A", "tcp/22", "--no-save-args", ...args], {
    env: { HOME: home.path, LOGNAME: "alice" },
    now: Math.floor(Date.now() / 1000),
    ...more,
  });
}

/** Opens what was sent with gpg itself. The message, and what gpg said. */
async function openSent(home: GpgHome, { sent, err }: OwnRun, hmac: typeof HMAC | null = null) {
  assert.equal(sent.length, 1, err);
  let said = "";
  const opened = await openPgp(webEngine, sent[0]!.packet, {
    secrets: { cipher: { kind: "gpg" }, hmac },
    decrypt: async (message) => {
      const byHand = await home.tryGpg(["--decrypt"], message);
      said = byHand.stderr;
      return byHand.code === 0 ? ok(byHand.stdout) : fail(fault("gpg-decrypt"));
    },
  });
  assert.ok(opened.ok, said);
  return { message: opened.value.message, said };
}

testWith(GNUPG, "options and directives: what is sent opens in gpg, signed by the key that was named", async () => {
  await using home = await gpgHome("curve", "rsa2048");
  const files = [await home.keyFile("curve"), await home.keyFile("rsa2048", { secret: true })] as const;
  const stanza = (lines: string) => {
    Deno.writeTextFileSync(`${home.path}/rc`, `[gw]\n${lines}\n`, { mode: 0o600 });
    return ["--rc-file", `${home.path}/rc`, "-n", "gw"];
  };
  const by = [...ALONE, "--gpg-home-dir", `${home.path}/`];
  const signed = ["--gpg-signer-key", "rsa2048", "--gpg-no-signing-pw"];
  const rows = [
    [...by, "--gpg-recipient-key", "curve@test", ...signed],
    [...by, "-g", "--gpg-recip", "curve", ...signed, "--gpg-exe", "/usr/bin/gpg"],
    [...by, "--gpg--recipient", home.fingerprint("curve"), "--gpg-sign", home.fingerprint("rsa2048"), "--gpg-agent"],
    [...ALONE, "--gpg-recipient-key", files[0], "--gpg-signer-key", files[1], "--gpg-no-signing-pw"],
    stanza(`USE_GPG Y\nGPG_RECIPIENT curve\nGPG_SIGNER rsa2048\nGPG_HOMEDIR ${home.path}\nGPG_NO_SIGNING_PW Y`),
    stanza(
      `USE_GPG Y\nGPG_RECIPIENT curve\nGPG_SIGNER rsa2048\nGPG_HOMEDIR ${home.path}\nUSE_GPG_AGENT Y\nGPG_EXE /usr/bin/gpg`,
    ),
    stanza(`USE_GPG Y\nGPG_RECIPIENT ${files[0]}\nGPG_SIGNER ${files[1]}\nGPG_NO_SIGNING_PW Y`),
  ];
  for (const [index, args] of rows.entries()) {
    for (const hmac of [null, HMAC]) {
      const knocked = await run(home, [...args, ...(hmac === null ? [] : ["--key-hmac", "hmackey"])]);
      assert.equal(knocked.code, 0, knocked.err);
      const { message, said } = await openSent(home, knocked, hmac);
      assert.equal(message, "0.0.0.0,tcp/22", `row ${index}`);
      assert.match(said, new RegExp(`VALIDSIG ${home.fingerprint("rsa2048")}`));
      assert.match(knocked.out, /^\[\+\] GPG mode set.*(?:not required|via gpg-agent)\n$/);
    }
  }
});

testWith(
  GNUPG,
  "the passphrase comes from where a key else comes from: a stanza, a file, a descriptor, a question",
  async () => {
    await using home = await gpgHome("rsa2048", "lockedCurve");
    const keys = `${home.path}/keys`;
    Deno.writeTextFileSync(keys, `127.0.0.1: ${PASSPHRASE}\n`, { mode: 0o600 });
    const [recipient, signer] = [await home.keyFile("rsa2048"), await home.keyFile("lockedCurve", { secret: true })];
    const engines = [
      ["--gpg-home-dir", home.path, "--gpg-recipient-key", "rsa2048", "--gpg-signer-key", "lockedCurve"],
      ["--gpg-recipient-key", recipient, "--gpg-signer-key", signer],
    ];
    const rows: readonly (readonly [args: readonly string[], more: Surroundings])[] = [
      [["--key-rijndael", PASSPHRASE], {}],
      [["--key-base64-rijndael", btoa(PASSPHRASE)], {}],
      [["-G", keys], {}],
      [[], { secrets: [PASSPHRASE] }],
      [["--use-hmac"], { secrets: [PASSPHRASE, "hmackey"] }],
    ];
    for (const engine of engines) {
      for (const [args, more] of rows) {
        await home.lock();
        const knocked = await run(home, [...ALONE, ...engine, ...args], more);
        assert.equal(knocked.code, 0, `${args}: ${knocked.err}`);
        const { said } = await openSent(home, knocked, args.includes("--use-hmac") ? HMAC : null);
        assert.match(said, new RegExp(`VALIDSIG ${home.fingerprint("lockedCurve")}`));
        assert.deepEqual(knocked.asked[0], more.secrets === undefined ? undefined : "Enter passphrase for signing: ");
        assert.ok(!`${knocked.out}${knocked.err}`.includes(PASSPHRASE));
      }
      await home.lock();
      const wrong = await run(home, [...ALONE, ...engine, "--key-rijndael", "wrong"]);
      assert.deepEqual([wrong.code, wrong.sent.length], [1, 0]);
      assert.match(wrong.err, /Error 121 .*wrong\nfwknop: hint: /);
      assert.match((await run(home, [...ALONE, ...engine, "--gpg-no-signing-pw"])).err, /Error 121 .*passphrase/);
    }
  },
);

testWith(
  GNUPG,
  "an agent that is locked asks by pinentry; what it says instead is one sentence with the remedy",
  async () => {
    await using home = await gpgHome("rsa2048", "lockedCurve");
    const args = [
      ...ALONE,
      "--gpg-home-dir",
      home.path,
      "--gpg-recipient-key",
      "rsa2048",
      "--gpg-signer-key",
      "lockedCurve",
    ];
    await home.newAgent(home.pinentry(`D ${PASSPHRASE}\\nOK`));
    const asked = await run(home, [...args, "--gpg-agent"], { env: { HOME: home.path, GPG_TTY: "/dev/pts/97" } });
    assert.equal(asked.code, 0, asked.err);
    await openSent(home, asked);
    assert.match(Deno.readTextFileSync(`${home.path}/pinentry.log`), /^OPTION ttyname=\/dev\/pts\/97$/m);
    // It knows the passphrase now, and nobody is asked again.
    await home.newAgent();
    const rows: readonly (readonly [agent: readonly string[], args: readonly string[], says: RegExp])[] = [
      [[home.pinentry("ERR 83886179 canceled")], ["--gpg-agent"], /Error 121 .*cancelled\nfwknop: hint: /],
      [
        ["pinentry-program /nonexistent"],
        ["--gpg-agent"],
        /Error 122 .*there is no pinentry\nfwknop: hint: .*install pinentry/,
      ],
      [["no-allow-loopback-pinentry"], ["--key-rijndael", PASSPHRASE], /Error 121 .*\nfwknop: hint: .*--gpg-agent/],
    ];
    for (const [agent, more, says] of rows) {
      await home.newAgent(...agent);
      const refused = await run(home, [...args, ...more]);
      assert.deepEqual([refused.code, refused.sent.length], [1, 0], refused.out);
      assert.match(refused.err, says);
    }
  },
);

testWith(GNUPG, "--stdin and --fd give the passphrase in the first line and the HMAC key in the second", async () => {
  await using home = await gpgHome("rsa2048", "lockedCurve");
  const signer = await home.keyFile("lockedCurve", { secret: true });
  const engines = [
    ["--gpg-home-dir", home.path, "--gpg-recipient-key", "rsa2048", "--gpg-signer-key", "lockedCurve"],
    ["--gpg-recipient-key", await home.keyFile("rsa2048"), "--gpg-signer-key", signer],
  ];
  for (const engine of engines) {
    for (const from of [["--stdin"], ["--fd", "0"]]) {
      await home.lock();
      const packet = `${home.path}/packet`;
      const args = [...ALONE, ...engine, ...from, "--use-hmac", "-B", packet, "-D", "127.0.0.1", "-s", "-A", "tcp/22"];
      const ran = await runOwnProcess(args, { home: home.path, input: `${PASSPHRASE}\nhmackey\n` });
      assert.equal(ran.code, 0, ran.err);
      const target = { host: "", port: 0 } as never;
      const sent = [{ proto: "udp", packet: Deno.readTextFileSync(packet).trim(), target } as const];
      await openSent(home, { ...ran, sent, asked: [] }, HMAC);
      assert.ok(!`${ran.out}${ran.err}`.includes(PASSPHRASE));
      Deno.removeSync(packet);
    }
  }
});

testWith(GNUPG, "-T opens the packet again and shows who signed it, as the C client does", async () => {
  await using home = await gpgHome("curve");
  await using server = await gpgHome("rsa2048");
  const secret = await home.keyFile("curve", { secret: true });
  const print = home.fingerprint("curve");
  const rehearse = [...ALONE, "-T", "-v", "--gpg-no-signing-pw", "--key-hmac", "hmackey"];
  const ring = ["--gpg-home-dir", home.path, "--gpg-recipient-key", "curve", "--gpg-signer-key", "curve"];
  for (
    const [engine, exe] of [[ring, "/usr/bin/gpg"], [
      ["--gpg-recipient-key", secret, "--gpg-signer-key", secret],
      "<NULL>",
    ]] as const
  ) {
    const { out, err, code, sent } = await run(home, [...rehearse, ...engine]);
    assert.deepEqual([code, sent.length], [0, 0], err);
    const [before = "", after = ""] = out.split("Dump of the Decoded Data");
    assert.match(
      before,
      /Encryption Type: 2 \(GPG\)\nEncryption Mode: 7 \(Asymmetric\)\n {5}GPG signer: \S+\n {2}GPG recipient: \S+\n/,
    );
    assert.match(
      before,
      /GPG sig verify: Yes\n GPG ignore sig: No\n {5}GPG sig ID: <NULL>\n {4}GPG sig fpr: <NULL>\nGPG sig summary: -1\n GPG sig status: -1\n/,
    );
    assert.match(before, new RegExp(` {3}GPG home dir: \\S+\n {8}GPG exe: ${exe}\n {3}Encoded Data: `));
    assert.match(after, /GPG signer: <NULL>\n {2}GPG recipient: <NULL>\n/);
    assert.match(
      after,
      new RegExp(`GPG sig ID: ${print.slice(-8)}\n {4}GPG sig fpr: ${print}\nGPG sig summary: 3\n GPG sig status: 0\n`),
    );
  }
  // As mostly: the client has no secret key of the server. And what is not signed does not open by default.
  const imported = await server.keyFile("rsa2048");
  await home.gpg(["--import", imported]);
  const foreign = await run(home, [...rehearse, ...ring, "--gpg-recipient-key", "rsa2048"]);
  assert.equal(foreign.code, 1);
  assert.match(foreign.err, /Error 132 .*No access to recipient private key\?/);
  const unsigned = await run(home, [
    ...ALONE,
    "-T",
    "--gpg-home-dir",
    home.path,
    "--gpg-recipient-key",
    "rsa2048",
    "-m",
    "sha512",
  ]);
  assert.equal(unsigned.code, 1);
});

testWith(GNUPG, "F3, F4: what cannot be sent is one sentence with the remedy, and nothing is sent", async () => {
  await using home = await gpgHome("curve", "rsa4096");
  const file = await home.keyFile("curve", { secret: true });
  const ring = [...ALONE, "--gpg-home-dir", home.path, "--gpg-no-signing-pw"];
  const rows: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [
      [...ring, "--gpg-recipient-key", "rsa4096", "--gpg-signer-key", "rsa4096"],
      /Error 59 .*1499\nfwknop: hint: .*RSA-4096 signed by RSA-2048/,
    ],
    [[...ring, "--gpg-recipient-key", "curve"], /Error 65 .*less than 400 .*\nfwknop: hint: .*--gpg-signer-key/],
    [
      [...ring, "--gpg-recipient-key", "curve", "--gpg-signer-key", file],
      /one is not|is not one\nfwknop: hint: .*both/,
    ],
    [[...ring, "--gpg-recipient-key", file, "--gpg-signer-key", "curve"], /is not one\nfwknop: hint: .*both/],
    [[...ring, "--gpg-recipient-key", "nobody"], /Error 130 - The key for .* not found.*\nfwknop: hint: /],
    [[...ring, "--gpg-recipient-key", "curve", "--gpg-signer-key", "curve", "--gpg-exe", "/bin/false"], /Error 130/],
  ];
  for (const [args, says] of rows) {
    const refused = await run(home, args);
    assert.deepEqual([refused.code, refused.sent.length], [1, 0], refused.out);
    assert.match(refused.err, says);
  }
});

testWith(GNUPG, "--explain names the keys and asks neither keyring nor agent", async () => {
  await using home = await gpgHome();
  const { out, code } = await run(home, [
    ...ALONE,
    "--explain",
    "--gpg-recipient-key",
    "nobody",
    "--gpg-signer-key",
    "me",
    "--gpg-agent",
  ]);
  assert.equal(code, 0);
  assert.match(out, /encrypted +GnuPG for nobody, signed by me, passphrase by gpg-agent/);
});
