/**
 * The words of the C daemon about its options, files and life that scripts look for stand in our messages: both daemons are
 * called alike, on a network of their own.
 */
import assert from "node:assert/strict";
import {
  C_DAEMON,
  C_PROGRAMS,
  cPcapBlocker,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type Program,
  type ProgramUnderTest,
  startDaemon,
} from "../lab/mod.ts";

/** One call. `{dir}` is a folder of its own, in which `digest` is a replay file. */
interface Call {
  readonly args: readonly string[];
  readonly says: RegExp;
  /** What the C daemon says where its 2.6.10 and 2.6.11 differ, and ours has the words of one of them. Null: it goes on and does not end. */
  readonly cSays?: RegExp | null;
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
  { args: ["--fw-list"], says: /Listing rules in fwknopd iptables chains\.\.\./, code: 0 },
  { args: ["--exit-parse-digest-cache", "-d", "{dir}/digest"], says: /Digest cache parsed, exiting\./, code: 0 },
  {
    args: ["--exit-parse-digest-cache", "-d", "{dir}/digest"],
    says: /\*Skipping invalid digest file entry in .*\/digest at line 2\./,
    code: 0,
  },
  {
    args: ["--exit-parse-digest-cache", "--rotate-digest-cache", "-d", "{dir}/digest"],
    says: /Rotating digest cache file\./,
    code: 0,
  },
  {
    args: ["--exit-parse-digest-cache", "--rotate-digest-cache"],
    says: /Unable to rename digest file/,
    code: 0,
  },
  { args: ["--exit-parse-digest-cache", "-v"], says: /Using Digest Cache: '.*' \(entry count = 0\)/, code: 0 },
  { args: ["--key-gen"], says: /^KEY_BASE64: \S{44}\nHMAC_KEY_BASE64: \S{88}$/m, code: 0 },
  { args: ["--key-gen-file", "{dir}/keys"], says: /\[\+\] Wrote Rijndael and HMAC keys to: .*\/keys/, code: 0 },
  { args: ["--key-gen", "--hmac-digest-type", "abc"], says: /Invalid hmac digest type/ },
  { args: ["-D"], says: /Current fwknopd config settings:\n *0\. CONFIG_FILE +=\s+'/, code: 0 },
  { args: ["-D"], says: /Current fwknopd access settings:\n[^]*KEY_BASE64:\s+<see the access\.conf file>/, code: 0 },
  {
    args: ["--dump-serv-err-codes"],
    says: /^err code: 4096, err string: 'Data is not a valid SPA message format'/m,
    code: 0,
  },
  { args: ["-V"], says: /^fwknopd server 2\.6\.[0-9]+, compiled for firewall bin: \/usr\/sbin\/iptables$/m, code: 0 },
  { args: ["-A"], says: /not compiled with AFL fuzzing support/ },
  { args: ["--fault-injection-tag", "x"], says: /not compiled with libfiu support/ },
  { args: ["-f", "-p", "{dir}/none/pid"], says: /PID file error/, cSays: null },
];

const HEADER = "# <digest> <proto> <src_ip> <src_port> <dst_ip> <dst_port> <time>\n";
const NO_ENTRY = "abc\n";

function wordsStand(program: ProgramUnderTest): () => Promise<void> {
  return async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const missing: string[] = [];
    for (const [index, { args, says, cSays = says, code = 1 }] of CALLS.entries()) {
      const expected = program === C_DAEMON ? cSays : says;
      if (expected === null) continue;
      const dir = `${lab.dir}/${index}`;
      Deno.mkdirSync(dir);
      const { KEY_BASE64, HMAC_KEY_BASE64 } = newKeys();
      const files = {
        "fwknopd.conf": `FWKNOP_RUN_DIR ${dir}/run;\nFIREWALL_EXE /usr/sbin/iptables;\n`,
        "access.conf": `SOURCE ANY\nKEY_BASE64 ${KEY_BASE64}\nHMAC_KEY_BASE64 ${HMAC_KEY_BASE64}\n`,
        digest: HEADER + NO_ENTRY,
      };
      for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${dir}/${name}`, text, { mode: 0o600 });
      const filled = args.map((arg) => arg.replaceAll("{dir}", dir));
      const given = ["-c", `${dir}/fwknopd.conf`, "-a", `${dir}/access.conf`];
      const ran = await lab.run("server", [...program.argv, ...given, ...filled]);
      const said = ran.stdout + ran.stderr;
      const call = args.join(" ");
      if (!expected.test(said)) missing.push(`${call}: not ${expected}: ${said}`);
      if (ran.code !== code) missing.push(`${call}: exit status ${ran.code}, not ${code}: ${said}`);
    }
    assert.deepEqual(missing, []);
  };
}

labTest("the words about options and files that scripts look for stand in our messages", wordsStand(OUR_DAEMON));
labTest("they are those of the C daemon", wordsStand(C_DAEMON), { needs: C_PROGRAMS });

const IPTABLES = { FIREWALL_EXE: "/usr/sbin/iptables" } as const;

async function hear(program: Program, words: readonly RegExp[], since = 0): Promise<void> {
  for (const one of words) await program.waitFor(one, { since });
}

/** A daemon from its start to its end, and what others say that are asked about it. */
function wholeLife(program: ProgramUnderTest): () => Promise<void> {
  return async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [] });
    const place = `${lab.dir}/new/run`;
    const server = { ...IPTABLES, FWKNOP_RUN_DIR: place, FWKNOP_PID_FILE: null, DIGEST_FILE: null };
    await using daemon = await startDaemon(lab, { program, server, access: [{ ...newKeys() }], args: ["-v"] });
    await hear(daemon.program, [
      /Run directory: .*\/new\/run does not exist\. Attempting to create it\./,
      /Successfully created Run directory: .*\/new\/run/,
      /^Starting fwknopd/,
      /Added jump rule from chain: INPUT to chain: FWKNOP_INPUT/,
      /iptables 'comment' match is available/,
      /Sniffing interface: eth0/,
      /PCAP filter is: 'udp port 62201'/,
      /Starting fwknopd main event loop\./,
    ]);
    const ask = async (arg: string) => {
      const [first, ...rest] = daemon.argv.filter((word) => word !== "-f" && word !== "-v");
      const { code, stdout, stderr } = await lab.run("server", [first!, ...rest, ...arg.split(" ")]);
      return `${code} ${stdout}${stderr}`;
    };
    assert.match(await ask("-S"), /^0 Detected fwknopd is running \(pid=[0-9]+\)\./);
    assert.match(await ask("-f"), /^1 [^]*\[\*\] An instance of fwknopd is already running: \(PID=[0-9]+\)\./);
    const before = daemon.program.mark();
    assert.match(await ask("-R"), /^0 Sent restart signal to fwknopd \(pid=[0-9]+\)/);
    await hear(daemon.program, [/Got SIGHUP/, /Re-starting fwknopd/], before);
    const stopping = daemon.program.mark();
    assert.match(await ask("-K"), /^0 Killed fwknopd \(pid=[0-9]+\)/);
    await hear(
      daemon.program,
      [/Gracefully leaving the fwknopd event loop\./, /Got SIGTERM\. Exiting\.\.\./, /Shutting Down fwknopd\./],
      stopping,
    );
  };
}

labTest("the words of a daemon's life stand in our messages", wholeLife(OUR_DAEMON));
labTest("they are those of the C daemon's life", wholeLife(C_DAEMON), { needs: C_PROGRAMS, blocker: cPcapBlocker });

/** An empty capture file of Ethernet frames. */
const CAPTURE = Uint8Array.from(
  [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0],
);

/** Where packets come from, a start that fails, and an end from the keyboard. */
function sources(program: ProgramUnderTest): () => Promise<void> {
  return async () => {
    await using lab = await makeLab({ guard: "iptables", extra: [], udpPorts: [62201] });
    const access = [{ ...newKeys() }];
    const file = `${lab.dir}/capture`;
    Deno.writeFileSync(file, CAPTURE);
    const start = (folder: string, server: Record<string, string>, args: readonly string[] = []) =>
      startDaemon(lab, { program, server: { ...IPTABLES, ...server }, access, args: ["-v", ...args], folder });
    {
      await using daemon = await start("file", {}, ["--pcap-file", file]);
      await hear(daemon.program, [/Reading pcap file: .*\/capture/]);
      daemon.program.signal("SIGINT");
      await hear(daemon.program, [/Got SIGINT\. Exiting\.\.\./]);
    }
    {
      await using daemon = await start("tcp", { ENABLE_TCP_SERVER: "Y", PCAP_FILTER: "port 62201" });
      await hear(daemon.program, [/Kicking off TCP server to listen on port 62201\./]);
      await lab.must("server", ["iptables", "-I", "INPUT", "-p", "tcp", "--dport", "62201", "-j", "ACCEPT"]);
      await lab.probe("knocker", lab.address("server"), 62201);
      await hear(daemon.program, [/tcp_server: Got TCP connection from 10\.77\.0\.2\./]);
    }
    await using daemon = await start("udp", { ENABLE_UDP_SERVER: "Y" });
    await hear(daemon.program, [/Kicking off UDP server to listen on port 62201\./]);
    const second = await failingStart(lab, daemon.argv, lab.dir);
    assert.match(second, /run_udp_server: bind\(\) failed/);
    assert.match(second, /Fatal run_udp_server\(\) error/);
    daemon.program.signal("SIGTERM");
    await hear(daemon.program, [/Shutting Down fwknopd\./]);
  };
}

/** What a second daemon on files of its own says. */
async function failingStart(lab: Lab, argv: readonly string[], dir: string): Promise<string> {
  const own = ["-r", `${dir}/second`, "-p", `${dir}/second/pid`, "-d", `${dir}/second/digest`];
  const { code, stdout, stderr } = await lab.run("server", [...argv, ...own]);
  assert.equal(code, 1, stderr);
  return stdout + stderr;
}

labTest("the words about where packets come from stand in our messages", sources(OUR_DAEMON));
labTest("they are those of the C daemon's sources", sources(C_DAEMON), { needs: C_PROGRAMS, blocker: cPcapBlocker });
