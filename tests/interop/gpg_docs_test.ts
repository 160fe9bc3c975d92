/** docs/GNUPG.md, followed to the letter: our programs and those in C, on both sides. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  labTest,
  makeLab,
  OUR_CLIENT,
  OUR_DAEMON,
  runClient,
  startDaemon,
} from "../lab/mod.ts";
import { DENO_DIR } from "../cli/harness.ts";
import { GNUPG } from "../lab/gpg_home.ts";
import type { Directives } from "../lab/config.ts";

const DOCUMENT = new URL("../../docs/GNUPG.md", import.meta.url);

/** The blocks of the document: commands, and stanzas. */
function blocks(): { readonly commands: readonly string[]; readonly stanzas: readonly string[] } {
  const found = [...Deno.readTextFileSync(DOCUMENT).matchAll(/^```(sh|)\n([\s\S]*?)^```$/gm)];
  const of = (kind: string) => found.filter(([, language]) => language === kind).map(([, , text = ""]) => text);
  return { commands: of("sh"), stanzas: of("") };
}

/** Lines `NAME value`. */
function directives(text: string): Directives {
  return Object.fromEntries(text.trim().split("\n").map((line) => line.split(/\s+/) as [string, string]));
}

/** A folder as a home directory, with what the document does in it; its agents end with it. */
async function followed(): Promise<AsyncDisposable & { readonly folder: string; read(name: string): string }> {
  const folder = Deno.makeTempDirSync({ prefix: "fwgpg-" });
  Deno.mkdirSync(`${folder}/etc`);
  const sh = async (text: string) => {
    // Here nobody types the passphrase that gpg would ask for, and keys are made by our own client.
    const written = text.replaceAll("/etc/fwknop", `${folder}/etc`)
      .replace("gpg --quick-gen-key", "gpg --batch --passphrase '' --quick-gen-key")
      .replace("fwknop --key-gen", "echo HMAC_KEY_BASE64: c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA==");
    const env = { HOME: folder, PATH: "/usr/bin:/bin" };
    const args = ["-ec", written];
    const { code, stderr } = await new Deno.Command("/bin/sh", { args, env, clearEnv: true, cwd: folder }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  };
  for (const text of blocks().commands) await sh(text);
  return {
    folder,
    read: (name) => Deno.readTextFileSync(`${folder}/${name}`).trim(),
    async [Symbol.asyncDispose]() {
      for (const home of [`${folder}/.gnupg`, `${folder}/etc/gnupg`]) {
        await new Deno.Command("gpgconf", { args: ["--homedir", home, "--kill", "all"] }).output();
      }
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const CLIENTS = [OUR_CLIENT, C_CLIENT];

labTest(
  "the document alone leads to knocks that open: our client and the C client, our daemon and the C daemon",
  async (t) => {
    await using lab = await makeLab({ guard: "iptables" });
    await using home = await followed();
    const { folder, read } = home;
    const [rc = "", keyring = "", files = ""] = blocks().stanzas;
    const key = read("hmac.key").split(": ")[1]!;
    const address = lab.address("server");
    const stanza = rc.replace("gw.example.org", address).replace("resolve", lab.address("knocker"));
    Deno.writeTextFileSync(`${folder}/.fwknoprc`, `${stanza}HMAC_KEY_BASE64    ${key}\n`, { mode: 0o600 });
    const filled = (text: string) =>
      text.replace("FINGERPRINT\n", `${read("alice.fingerprint")}\n`).replaceAll("/etc/fwknop", `${folder}/etc`);
    const rows = [
      { name: "the C daemon", program: C_DAEMON, access: keyring },
      { name: "our daemon with a keyring", program: OUR_DAEMON, access: keyring },
      { name: "our daemon with key files", program: OUR_DAEMON, access: files },
    ];
    let port = 2000;
    for (const { name, program, access } of rows) {
      const daemon = await startDaemon(lab, {
        program,
        access: [{ ...directives(filled(access)), HMAC_KEY_BASE64: key, FW_ACCESS_TIMEOUT: 30 }],
        args: ["-v"],
      });
      for (const client of CLIENTS) {
        await t.step(`${name}, ${client.name === "c" ? "the C client" : "our client"}`, async () => {
          assert.equal(await lab.probe("knocker", address, ++port), "filtered");
          const args = ["-n", "gw", "-A", `tcp/${port}`];
          const knocked = await runClient(lab, args, { program: client, env: { HOME: folder, DENO_DIR } });
          assert.equal(knocked.code, 0, knocked.stderr);
          assert.ok(await lab.opens("knocker", address, port), daemon.program.output);
        });
      }
      await daemon.stop();
    }
  },
  { needs: { ...C_PROGRAMS, ...GNUPG } },
);
