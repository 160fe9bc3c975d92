/** Knocks with GnuPG that open real doors: by the gpg program with its keyring and by key files, on both ends. */
import assert from "node:assert/strict";
import { keyArgs, knock, labTest, makeLab, newKeys, startDaemon } from "../lab/mod.ts";
import { GNUPG, type GpgHome, gpgHome } from "../lab/gpg_home.ts";
import { OPEN_SECONDS } from "./scene.ts";

/** Who may knock with it, and who may not. */
const SIGNER = "rsa2048";
const STRANGER = "curve";

/** What a stanza says of the server's key and of the client's, by engine. */
async function stanzas(home: GpgHome) {
  return {
    "by gpg": {
      GPG_HOME_DIR: home.path,
      GPG_DECRYPT_ID: home.fingerprint("nist"),
      GPG_ALLOW_NO_PW: "Y",
      GPG_FINGERPRINT_ID: home.fingerprint(SIGNER),
    },
    "by key files": {
      GPG_DECRYPT_KEY_FILE: await home.keyFile("nist", { secret: true }),
      GPG_REMOTE_KEY_FILE: await home.keyFile(SIGNER),
    },
  };
}

async function clients(home: GpgHome, signer: typeof SIGNER | typeof STRANGER) {
  const files = [await home.keyFile("nist"), await home.keyFile(signer, { secret: true })] as const;
  const names = [home.fingerprint("nist"), home.fingerprint(signer)] as const;
  const args = ([recipient, by]: readonly [string, string]) => [
    ...["--gpg-recipient-key", recipient, "--gpg-signer-key", by, "--gpg-no-signing-pw"],
  ];
  return { "by gpg": [...args(names), "--gpg-home-dir", home.path], "by key files": args(files) };
}

labTest(
  "a packet for GnuPG opens for the key that may sign, and for no other; a stanza takes the other kind of packets as well",
  async (t) => {
    await using home = await gpgHome("nist", SIGNER, STRANGER);
    for (const [engine, directives] of Object.entries(await stanzas(home))) {
      await using lab = await makeLab({ guard: "nftables" });
      const keys = newKeys();
      const access = [{ ...keys, ...directives, FW_ACCESS_TIMEOUT: OPEN_SECONDS }];
      const daemon = await startDaemon(lab, { access, args: ["-v"] });
      const server = lab.address("server");
      const target = (port: number) => ["-A", `tcp/${port}`, "-a", lab.address("knocker"), "-D", server];
      const hmac = ["--key-base64-hmac", keys.HMAC_KEY_BASE64];
      let port = 2000;
      for (const [by, args] of Object.entries(await clients(home, STRANGER))) {
        await t.step(`the daemon ${engine}, a stranger ${by}`, async () => {
          const mark = daemon.program.mark();
          await knock(lab, [...target(++port), ...args, ...hmac]);
          await daemon.program.waitFor(/fingerprint is not in the|is not known here/, { since: mark });
          assert.equal(await lab.probe("knocker", server, port), "filtered");
        });
      }
      for (const [by, args] of Object.entries(await clients(home, SIGNER))) {
        await t.step(`the daemon ${engine}, the client ${by}`, async () => {
          await knock(lab, [...target(++port), ...args, ...hmac]);
          assert.ok(await lab.opens("knocker", server, port), daemon.program.output);
          assert.ok(await lab.closes("knocker", server, port));
        });
      }
      await t.step(`the daemon ${engine}, a packet with the shared key`, async () => {
        await knock(lab, [...target(++port), ...keyArgs(keys)]);
        assert.ok(await lab.opens("knocker", server, port), daemon.program.output);
      });
      const signed = `signed by '${home.fingerprint(SIGNER).slice(-8)}' (fingerprint '${home.fingerprint(SIGNER)}')`;
      assert.equal(daemon.program.lines.filter((line) => line.includes(signed)).length, 2, daemon.program.output);
    }
  },
  { needs: GNUPG },
);
