/** Our client with GnuPG, by the gpg program and by key files, and the C daemon. */
import assert from "node:assert/strict";
import { textBytes } from "../../lib/bytes.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { fault } from "../../lib/faults.ts";
import { fail, ok } from "../../lib/result.ts";
import { openPgp } from "../../lib/spa/open.ts";
import { runC } from "../cli/harness.ts";
import { testWith } from "../lab/gate.ts";
import { packetOf, REHEARSE } from "./side_by_side.ts";
import { C_DAEMON, C_PROGRAMS, knock, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";
import { GNUPG, type GpgHome, gpgHome, type GpgKeyName } from "../lab/gpg_home.ts";

/** Pairs that fit into a packet, with the port that each opens. */
const PAIRS: readonly (readonly [recipient: GpgKeyName, signer: GpgKeyName, port: number])[] = [
  ["rsa2048", "rsa2048", 2001],
  ["rsa3072", "rsa3072", 2002],
  ["rsa4096", "rsa2048", 2003],
  ["elgamal", "elgamal", 2004],
  ["curve", "curve", 2005],
  ["nist", "nist", 2006],
  ["subkeys", "subkeys", 2007],
];

testWith(
  { ...C_PROGRAMS, ...GNUPG },
  "F3: what the C client cuts off a message is found again, for elliptic curves too",
  async () => {
    await using home = await gpgHome("rsa2048", "curve", "nist");
    for (const [recipient, usual] of [["rsa2048", true], ["curve", false], ["nist", false]] as const) {
      for (const hmac of [null, { name: "sha256", key: textBytes("hmackey") } as const]) {
        const args = ["--gpg-home-dir", home.path, "--gpg-recipient-key", recipient, "--gpg-signer-key", "curve"];
        const signing = ["--gpg-no-signing-pw", ...(hmac === null ? [] : ["--key-hmac", "hmackey"])];
        const run = await runC([...REHEARSE, "-A", "tcp/22", "-a", "192.0.2.10", ...args, ...signing], {
          home: home.path,
        });
        const decrypt = async (message: Uint8Array) => {
          const byHand = await home.tryGpg(["--decrypt"], message);
          return byHand.code === 0 ? ok(byHand.stdout) : fail(fault("gpg-decrypt"));
        };
        const secrets = { cipher: { kind: "gpg" }, hmac } as const;
        const opened = await openPgp(webEngine, packetOf({ ...run, code: 0 }), { secrets, decrypt });
        assert.ok(opened.ok, `${recipient}: ${run.err}`);
        assert.equal(opened.value.message, "192.0.2.10,tcp/22");
        // Its own rehearsal tells whether a C server could have opened it.
        assert.equal(run.code, usual ? 0 : 1, run.err);
      }
    }
  },
);

/** A home in which every key is its owner's, so the C library finds their signatures good. */
async function homeOfAll(): Promise<GpgHome> {
  return await gpgHome("rsa2048", "rsa3072", "rsa4096", "elgamal", "curve", "nist", "subkeys");
}

/** The fingerprint of the part that signs. */
async function signingFingerprint(home: GpgHome, name: GpgKeyName): Promise<string> {
  const listing = new TextDecoder().decode(await home.gpg(["--with-colons", "--list-keys", home.fingerprint(name)]));
  const lines = listing.split("\n").map((line) => line.split(":"));
  const at = lines.findIndex((fields) => /^(?:pub|sub)$/.test(fields[0]!) && fields[11]!.includes("s"));
  return lines[at + 1]![9]!;
}

labTest(
  "F3: a packet for every kind of key, signed by every kind, opens the C daemon: by gpg and by key files",
  async (t) => {
    await using lab = await makeLab({ guard: "iptables" });
    await using home = await homeOfAll();
    const server = lab.address("server");
    const keys = PAIRS.map(() => newKeys().HMAC_KEY_BASE64);
    const access = await Promise.all(PAIRS.map(async ([recipient, signer], index) => ({
      GPG_HOME_DIR: home.path,
      GPG_DECRYPT_ID: home.fingerprint(recipient),
      GPG_ALLOW_NO_PW: "Y",
      GPG_REQUIRE_SIG: "Y",
      GPG_FINGERPRINT_ID: await signingFingerprint(home, signer),
      HMAC_KEY_BASE64: keys[index]!,
      FW_ACCESS_TIMEOUT: 3,
    })));
    const daemon = await startDaemon(lab, { program: C_DAEMON, access, args: ["-v"] });
    for (const [index, [recipient, signer, port]] of PAIRS.entries()) {
      const files = [await home.keyFile(recipient), await home.keyFile(signer, { secret: true })] as const;
      const engines = {
        program: [
          "--gpg-recipient-key",
          `${recipient}@test`,
          "--gpg-signer-key",
          `${signer}@test`,
          "--gpg-home-dir",
          home.path,
        ],
        files: ["--gpg-recipient-key", files[0], "--gpg-signer-key", files[1]],
      };
      for (const [engine, args] of Object.entries(engines)) {
        await t.step(`${recipient} signed by ${signer}, ${engine}`, async () => {
          assert.ok(await lab.closes("knocker", server, port));
          const mark = daemon.program.mark();
          const target = ["-A", `tcp/${port}`, "-a", lab.address("knocker"), "-D", server];
          await knock(lab, [...target, ...args, "--gpg-no-signing-pw", "--key-base64-hmac", keys[index]!]);
          assert.ok(await lab.opens("knocker", server, port), daemon.program.lines.slice(mark).join("\n"));
        });
      }
    }
  },
  { needs: { ...C_PROGRAMS, ...GNUPG } },
);
