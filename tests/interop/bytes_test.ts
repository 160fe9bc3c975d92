/** Pass phrases are bytes: one in Latin-1 is the same key in the files of the C programs and in ours. */
import assert from "node:assert/strict";
import { hostConfigFiles, loadConfig } from "../../daemon/config/mod.ts";
import { parseDaemonOptions } from "../../daemon/options.ts";
import { escapedBytes } from "../../lib/bytes.ts";
import { webEngine } from "../../lib/crypto/web_engine.ts";
import { open } from "../../lib/spa/open.ts";
import { formatProblem } from "../../lib/settings/setting.ts";
import { runOwn, runOwnProcess, temporaryFolder } from "../cli/harness.ts";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  knock,
  labTest,
  makeLab,
  OUR_CLIENT,
  OUR_DAEMON,
  startDaemon,
} from "../lab/mod.ts";
import { writeRc } from "../lab/config.ts";
import { ACCESS, besideC, packetOf } from "./side_by_side.ts";

/** `schön` and `größe` in Latin-1, as `escapedText` has them. */
const PHRASES = { KEY: "sch\udcf6n", HMAC_KEY: "gr\udcf6\udcdfe" };
const KEYS = {
  cipher: { kind: "rijndael", key: Uint8Array.fromHex("736368f66e"), mode: "cbc" },
  hmac: { name: "sha256", key: Uint8Array.fromHex("6772f6df65") },
} as const;

besideC(
  "a pass phrase in Latin-1 in .fwknoprc and in key files is the key that the C client uses",
  async ({ home, both }) => {
    const rc = await writeRc(home, { gw: { SPA_SERVER: "127.0.0.1", ...PHRASES } });
    const ways = [["-n", "gw"]];
    for (const [name, phrase] of Object.entries(PHRASES)) {
      Deno.writeFileSync(`${home}/${name}`, escapedBytes(`127.0.0.1: ${phrase}`));
    }
    ways.push(["-D", "127.0.0.1", "-G", `${home}/KEY`, "--use-hmac", "--get-hmac-key", `${home}/HMAC_KEY`]);
    for (const way of ways) {
      for (
        const [client, run] of Object.entries(
          await both(["--rc-file", rc, "--no-save-args", "-T", "-v", ...ACCESS, ...way]),
        )
      ) {
        assert.ok((await open(webEngine, packetOf(run), KEYS)).ok, `${client}: ${run.err}`);
      }
    }
  },
);

Deno.test("a pass phrase in Latin-1 in access.conf and in a file of %include_keys is its bytes", () => {
  using folder = temporaryFolder();
  const write = (name: string, text: string) =>
    Deno.writeFileSync(`${folder.path}/${name}`, escapedBytes(text), { mode: 0o600 });
  write("d.conf", "# gr\udcfc\udcdfe\n");
  write("keys", `HMAC_KEY ${PHRASES.HMAC_KEY}\n`);
  write("access.conf", `SOURCE ANY # b\udcfcro\nKEY ${PHRASES.KEY}\n%include_keys keys\nREQUIRE_SOURCE_ADDRESS Y\n`);
  const options = parseDaemonOptions(["-c", "d.conf", "-a", "access.conf"]);
  assert.ok(options.ok);
  const loaded = loadConfig(options.options, hostConfigFiles(folder.path), 0);
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join());
  assert.deepEqual(loaded.stanzas[0]?.secrets, [KEYS]);
});

Deno.test("a stanza with a pass phrase in Latin-1 is saved over with the same bytes beside it", async () => {
  using folder = temporaryFolder();
  const rc = await writeRc(folder.path, { gw: { SPA_SERVER: "h", ...PHRASES } });
  const run = await runOwn([
    "--rc-file",
    rc,
    "-n",
    "gw",
    "--save-rc-stanza",
    "--no-save-args",
    "-D",
    "other",
    "-A",
    "tcp/1",
    "-s",
  ]);
  assert.equal(run.code, 1, "without a key nothing is sent");
  const saved = Deno.readFileSync(rc);
  for (const [name, phrase] of Object.entries(PHRASES)) {
    const line = escapedBytes(`${name}    ${phrase}\n`);
    assert.ok(saved.join().includes(line.join()), name);
  }
});

Deno.test("bytes that an argument cannot carry are refused as a key, and the environment is passed over with a warning", async () => {
  using folder = temporaryFolder();
  const shell = (line: string) => ["/bin/sh", "-c", `b=$(printf 'sch\\366n'); ${line}`, "sh"];
  const alone = ["--no-rc-file", "--no-save-args", "-T", "-D", "127.0.0.1", "-a", "192.0.2.10", "-A", "tcp/22"];
  const run = async (line: string, argv: readonly string[]) =>
    await runOwnProcess(argv, { home: folder.path, through: shell(line) });
  const key = await run('exec "$@" --key-rijndael "$b"', alone);
  assert.equal(key.code, 1);
  assert.match(key.err, /^fwknop: error: --key-rijndael: the value holds bytes that are no UTF-8 text/);
  assert.match(key.err, /hint: give the key in base64, in a file or through --stdin/);
  for (const name of ["LOGNAME", "HOME", "SPOOF_USER"]) {
    const passed = await run(`${name}="/$b" exec "$@"`, [...alone, "--key-rijndael", "x", "-v"]);
    assert.equal(passed.code, 0, passed.err);
    assert.doesNotMatch(passed.err, /unexpected|report/);
    if (name !== "HOME") {
      assert.match(passed.err, new RegExp(`warning: the variable ${name} holds bytes that are no UTF-8`));
    }
  }
});

async function opensWithPhrases(...[client, program]: [typeof OUR_CLIENT, typeof OUR_DAEMON]): Promise<void> {
  await using lab = await makeLab({ guard: "iptables", extra: [] });
  const daemon = await startDaemon(lab, { program, access: [{ ...PHRASES, FW_ACCESS_TIMEOUT: 60 }] });
  const server = lab.address("server");
  using folder = temporaryFolder();
  const rc = await writeRc(folder.path, { gw: { SPA_SERVER: server, ...PHRASES } });
  await knock(lab, ["--rc-file", rc, "-n", "gw", "-A", "tcp/2222", "-a", lab.address("knocker")], { program: client });
  assert.ok(await lab.opens("knocker", server, 2222), daemon.program.lines.slice(-20).join("\n"));
}

labTest("C client to our daemon: a pass phrase in Latin-1 opens", async () => {
  await opensWithPhrases(C_CLIENT, OUR_DAEMON);
}, { needs: C_PROGRAMS });

labTest("our client to the C daemon: a pass phrase in Latin-1 opens", async () => {
  await opensWithPhrases(OUR_CLIENT, C_DAEMON);
}, { needs: C_PROGRAMS });
