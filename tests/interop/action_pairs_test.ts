/**
 * Every pair of what fwknopd can be asked to do and then ends: our daemon does the one that the C daemon does, with the same
 * exit status.
 */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, type Lab, labTest, makeLab, newKeys, OUR_DAEMON } from "../lab/mod.ts";

const ACTIONS: readonly string[] = [
  "-D",
  "--dump-serv-err-codes",
  "--exit-parse-config",
  "--exit-parse-digest-cache",
  "-h",
  "--key-gen",
  "--key-gen-file {dir}/keys",
  "-K",
  "-R",
  "-S",
  "--fw-flush",
  "--fw-list",
  "--fw-list-all",
  "-V",
  "--rotate-digest-cache --exit-parse-digest-cache",
];

/** What was done, by what is said of it. */
const DONE: Readonly<Record<string, RegExp>> = {
  "printed the configuration": /^Current fwknopd config settings/m,
  "printed the error numbers": /^err code: 4096/m,
  "checked the configuration": /^Configs parsed/m,
  "checked the replay file": /^Digest cache parsed/m,
  "began a new replay file": /^Rotating digest cache file/m,
  "printed the help": /^Usage: fwknopd/m,
  "printed keys": /^HMAC_KEY_BASE64: /m,
  "wrote keys": /Wrote Rijndael/,
  "looked for a daemon": /^No running fwknopd/m,
  "flushed": /^Deleting any existing/m,
  "listed what is ours": /^Listing rules in fwknopd iptables/m,
  "listed everything": /^Listing all iptables rules/m,
  "told the version": /compiled for firewall bin/,
  "refused both": /mutually exclusive/,
};

async function done(lab: Lab, argv: readonly string[], { folder, asked }: { folder: string; asked: string }) {
  const dir = `${lab.dir}/${folder}`;
  Deno.mkdirSync(dir);
  const { KEY_BASE64, HMAC_KEY_BASE64 } = newKeys();
  // The interface of the lab: a check that only ours makes succeeds.
  const files = {
    "fwknopd.conf": `FWKNOP_RUN_DIR ${dir}/run;\nFIREWALL_EXE /usr/sbin/iptables;\nPCAP_INTF lo;\n`,
    "access.conf": `SOURCE ANY\nKEY_BASE64 ${KEY_BASE64}\nHMAC_KEY_BASE64 ${HMAC_KEY_BASE64}\n`,
  };
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${dir}/${name}`, text, { mode: 0o600 });
  const given = ["-c", `${dir}/fwknopd.conf`, "-a", `${dir}/access.conf`, ...asked.replace("{dir}", dir).split(" ")];
  const { code, stdout, stderr } = await lab.run("server", [...argv, ...given]);
  const said = stdout + stderr;
  return [code, ...Object.keys(DONE).filter((name) => DONE[name]!.test(said))].join(", ");
}

labTest("of two things that fwknopd is asked to do the same is done as by the C daemon", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const pairs = ACTIONS.flatMap((one, index) => ACTIONS.slice(index + 1).map((other) => `${one} ${other}`));
  for (const [index, asked] of pairs.entries()) {
    const [ours, c] = await Promise.all([
      done(lab, OUR_DAEMON.argv, { folder: `ours${index}`, asked }),
      done(lab, C_DAEMON.argv, { folder: `c${index}`, asked }),
    ]);
    assert.equal(ours, c, asked);
    assert.match(ours, /^[01], /, asked);
  }
}, { needs: C_PROGRAMS });
