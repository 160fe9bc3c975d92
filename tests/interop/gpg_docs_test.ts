/** docs/GNUPG.md, followed to the letter: our client on one side, the C daemon on the other. */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, labTest, makeLab, runClient, startDaemon } from "../lab/mod.ts";
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

labTest("the document alone leads to a knock that opens the C daemon", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const folder = Deno.makeTempDirSync({ prefix: "fwgpg-" });
  await using cleaning = new AsyncDisposableStack();
  cleaning.defer(() => Deno.remove(folder, { recursive: true }));
  const homes = [`${folder}/.gnupg`, `${folder}/etc/gnupg`];
  for (const home of homes) {
    cleaning.defer(async () =>
      void await new Deno.Command("gpgconf", { args: ["--homedir", home, "--kill", "all"] }).output()
    );
  }
  Deno.mkdirSync(`${folder}/etc`);
  const { commands: [server = "", client = "", trust = ""], stanzas: [rc = "", access = ""] } = blocks();
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
  for (const text of [server, client, trust]) await sh(text);
  const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`).trim();
  const key = read("hmac.key").split(": ")[1]!;
  const filled = access.replace("FINGERPRINT\n", `${read("alice.fingerprint")}\n`).replaceAll(
    "/etc/fwknop",
    `${folder}/etc`,
  );
  const daemon = await startDaemon(lab, {
    program: C_DAEMON,
    access: [{ ...directives(filled), HMAC_KEY_BASE64: key, FW_ACCESS_TIMEOUT: 30 }],
    args: ["-v"],
  });
  const address = lab.address("server");
  const stanza = rc.replace("gw.example.org", address).replace("resolve", lab.address("knocker"));
  Deno.writeTextFileSync(`${folder}/.fwknoprc`, `${stanza}HMAC_KEY_BASE64    ${key}\n`, { mode: 0o600 });
  assert.equal(await lab.probe("knocker", address, 22), "filtered");
  const knocked = await runClient(lab, ["-n", "gw"], { env: { HOME: folder, DENO_DIR } });
  assert.equal(knocked.code, 0, knocked.stderr);
  assert.ok(await lab.opens("knocker", address, 22), daemon.program.output);
}, { needs: { ...C_PROGRAMS, ...GNUPG } });
