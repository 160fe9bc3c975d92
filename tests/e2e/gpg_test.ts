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

/** A gpg that never ends where something is to be decrypted; for everything else it is the real one. */
async function hangingGpg(home: GpgHome): Promise<string> {
  const path = `${home.path}/hanging-gpg`;
  const script = `#!/bin/sh\ncase " $* " in *" --decrypt "*) exec sleep 3600;; esac\nexec gpg "$@"\n`;
  await Deno.writeTextFile(path, script, { mode: 0o700 });
  return path;
}

/** The processes that have this among their words. */
async function commandsWith(text: string): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-a", "-f", text] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

labTest(
  "a gpg that hangs holds up nobody: neither other knocks, nor a reload, nor the end of the daemon",
  async () => {
    await using home = await gpgHome("nist", SIGNER);
    await using lab = await makeLab({ guard: "nftables" });
    const [keys, others] = [newKeys(), newKeys()];
    const byGpg = { ...(await stanzas(home))["by gpg"], HMAC_KEY_BASE64: keys.HMAC_KEY_BASE64 };
    const access = [{ ...byGpg, GPG_EXE: await hangingGpg(home) }, { ...others, FW_ACCESS_TIMEOUT: OPEN_SECONDS }];
    const daemon = await startDaemon(lab, { access, args: ["-v"] });
    const server = lab.address("server");
    const target = (port: number) => ["-A", `tcp/${port}`, "-a", lab.address("knocker"), "-D", server];
    const hanging = (await clients(home, SIGNER))["by gpg"];
    for (let port = 3001; port <= 3006; port++) {
      await knock(lab, [...target(port), ...hanging, "--key-base64-hmac", keys.HMAC_KEY_BASE64]);
    }
    for (const [port, wait] of [[3010, null], [3011, /Re-starting fwknopd/]] as const) {
      if (wait !== null) {
        const mark = daemon.program.mark();
        daemon.program.signal("SIGHUP");
        await daemon.program.waitFor(wait, { since: mark });
      }
      await knock(lab, [...target(port), ...keyArgs(others)]);
      assert.ok(await lab.opens("knocker", server, port), daemon.program.output);
    }
    assert.equal(await lab.probe("knocker", server, 3001), "filtered");
    assert.equal((await daemon.program.stop()).code, 0, daemon.program.output);
    const left = await commandsWith(home.path);
    assert.deepEqual(left.filter((line) => !/agent|keybox/.test(line)), [], "gpg ends with the daemon");
  },
  { needs: GNUPG },
);
