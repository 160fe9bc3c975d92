/**
 * The words of the C daemon about its options, files and life that scripts look for stand in our messages: both daemons are
 * called alike, on a network of their own.
 */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, labTest, makeLab, newKeys, OUR_DAEMON, type ProgramUnderTest } from "../lab/mod.ts";

/** One call. `{dir}` is a folder of its own, in which `digest` is a replay file. */
interface Call {
  readonly args: readonly string[];
  readonly says: RegExp;
  /** What the C daemon says where its 2.6.10 and 2.6.11 differ, and ours has the words of one of them. */
  readonly cSays?: RegExp;
  /** Default 1. */
  readonly code?: number;
}

const CALLS: readonly Call[] = [
  { args: ["-D", "-K"], says: /mutually exclusive/ },
  { args: ["-S"], says: /No running fwknopd detected\./ },
  { args: ["-R"], says: /No running fwknopd detected\./ },
  { args: ["-K"], says: /No running fwknopd detected\./ },
  { args: ["-r", "run", "-f", "--exit-parse-config"], says: /is not absolute/ },
  {
    args: ["-c", "{dir}/none", "-D"],
    says: /Could not open config file/,
    cSays: /Could not open config file|was not found/,
  },
  { args: ["--key-gen-file", "{dir}/none/keys"], says: /Unable to create key gen file/ },
  { args: ["--fw-flush"], says: /Deleting any existing firewall rules\.\.\./, code: 0 },
  { args: ["--fw-list-all"], says: /Listing all iptables rules in applicable tables\.\.\./, code: 0 },
  { args: ["--exit-parse-digest-cache", "-d", "{dir}/digest"], says: /Digest cache parsed, exiting\./, code: 0 },
];

const HEADER = "# <digest> <proto> <src_ip> <src_port> <dst_ip> <dst_port> <time>\n";

function wordsStand(program: ProgramUnderTest): () => Promise<void> {
  return async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const missing: string[] = [];
    for (const [index, { args, says, cSays = says, code = 1 }] of CALLS.entries()) {
      const dir = `${lab.dir}/${index}`;
      Deno.mkdirSync(dir);
      const { KEY_BASE64, HMAC_KEY_BASE64 } = newKeys();
      const files = {
        "fwknopd.conf": `FWKNOP_RUN_DIR ${dir}/run;\nFIREWALL_EXE /usr/sbin/iptables;\n`,
        "access.conf": `SOURCE ANY\nKEY_BASE64 ${KEY_BASE64}\nHMAC_KEY_BASE64 ${HMAC_KEY_BASE64}\n`,
        digest: HEADER,
      };
      for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${dir}/${name}`, text, { mode: 0o600 });
      const filled = args.map((arg) => arg.replaceAll("{dir}", dir));
      const given = ["-c", `${dir}/fwknopd.conf`, "-a", `${dir}/access.conf`];
      const ran = await lab.run("server", [...program.argv, ...given, ...filled]);
      const said = ran.stdout + ran.stderr;
      const expected = program === C_DAEMON ? cSays : says;
      const call = args.join(" ");
      if (!expected.test(said)) missing.push(`${call}: not ${expected}: ${said}`);
      if (ran.code !== code) missing.push(`${call}: exit status ${ran.code}, not ${code}: ${said}`);
    }
    assert.deepEqual(missing, []);
  };
}

labTest("the words about options and files that scripts look for stand in our messages", wordsStand(OUR_DAEMON));
labTest("they are those of the C daemon", wordsStand(C_DAEMON), { needs: C_PROGRAMS });
