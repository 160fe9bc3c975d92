/** The daemon with two capabilities, the client with one or none, and nothing else of root's. */
import assert from "node:assert/strict";
import {
  type Guard,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  OUR_DAEMON,
  type ProgramUnderTest,
  runClient,
  runToEnd,
  startDaemon,
} from "../lab/mod.ts";
import { knockArgs } from "./scene.ts";

const NOBODY = 65534;

/** As nobody, with these capabilities. */
function unprivileged(argv: readonly string[], capabilities: readonly string[]): string[] {
  const rights = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  const who = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
  return ["setpriv", ...who, `--inh-caps=${rights}`, `--ambient-caps=${rights}`, ...argv];
}

/**
 * A copy of the form under test where everybody may read it; where that is the source, whose caches belong to the
 * developer, a bundled script.
 */
async function installed(lab: Lab, program: ProgramUnderTest, name: "fwknop" | "fwknopd"): Promise<string> {
  const [given, ...rest] = program.argv;
  if (rest.length === 0) {
    await Deno.copyFile(given!, `${lab.dir}/${name}`);
    return `${lab.dir}/${name}`;
  }
  const build = new URL("../../.ci/build.ts", import.meta.url).pathname;
  const made = await runToEnd([Deno.execPath(), "run", "-A", build, "--scripts", `--out=${lab.dir}`]);
  assert.equal(made.code, 0, made.stdout + made.stderr);
  return `${lab.dir}/${name}`;
}

for (const guard of ["nftables", "iptables"] as Guard[]) {
  labTest(`${guard}: the daemon opens and closes doors as an ordinary user with two capabilities`, async () => {
    await using lab = await makeLab({ guard });
    const keys = newKeys();
    const access = [{ ...keys, FW_ACCESS_TIMEOUT: 2 }];
    const program = await installed(lab, OUR_DAEMON, "fwknopd");
    // A first start writes the files; then they are given away.
    await (await startDaemon(lab, { access })).stop();
    await lab.must("server", ["chown", "-R", `${NOBODY}:${NOBODY}`, lab.dir]);
    const daemon = await startDaemon(lab, {
      program: { ...OUR_DAEMON, argv: unprivileged([program], ["net_admin", "net_raw"]) },
      access,
      env: { HOME: lab.dir },
    });
    // What belongs to root there is that of a process whose memory nobody else can read or dump.
    assert.equal((await Deno.stat(`/proc/${daemon.program.pid}/mem`)).uid, 0);
    assert.match(await Deno.readTextFile(`/proc/${daemon.program.pid}/limits`), /^Max core file size +0 /m);
    const status = await Deno.readTextFile(`/proc/${daemon.program.pid}/status`);
    assert.match(status, new RegExp(`^Uid:\t${NOBODY}\t${NOBODY}\t${NOBODY}\t${NOBODY}$`, "m"));
    const server = lab.address("server");
    await knock(lab, [...knockArgs(lab, 22), ...keyArgs(keys)]);
    assert.ok(await lab.opens("knocker", server, 22), daemon.program.output);
    assert.equal(await lab.probe("stranger", server, 22), "filtered");
    assert.ok(await lab.closes("knocker", server, 22));
    assert.equal((await daemon.stop()).code, 0, daemon.program.output);
  }, { needs: { setpriv: "util-linux" } });
}

/** A program of its own, which alone can carry a file capability: a script runs with those of its interpreter. */
function isExecutable(path: string): boolean {
  using file = Deno.openSync(path);
  const magic = new Uint8Array(4);
  return file.readSync(magic) === 4 && new TextDecoder().decode(magic) === "\x7fELF";
}

labTest(
  "the client knocks raw as an ordinary user with CAP_NET_RAW, and says what is missing without it",
  async (t) => {
    await using lab = await makeLab();
    const keys = newKeys();
    const program = await installed(lab, OUR_CLIENT, "fwknop");
    await Deno.chmod(lab.dir, 0o755);
    const daemon = await startDaemon(lab, {
      server: { PCAP_FILTER: "port 62201 or icmp or icmp6" },
      access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }],
    });
    const env = { HOME: "/nonexistent", DENO_DIR: "/nonexistent" };
    const raw = ["udpraw", "tcpraw", "icmp"];
    const asNobody = (port: number, transport: string, capabilities: readonly string[]) => {
      const args = [...knockArgs(lab, port), ...keyArgs(keys), "-P", transport];
      return runClient(lab, args, { program: { name: "ours", argv: unprivileged([program], capabilities) }, env });
    };
    const allOpen = async (firstPort: number, capabilities: readonly string[]) => {
      for (const [index, transport] of raw.entries()) {
        const { code, stderr } = await asNobody(firstPort + index, transport, capabilities);
        assert.equal(code, 0, stderr);
        const opened = await lab.opens("knocker", lab.address("server"), firstPort + index);
        assert.ok(opened, `${transport}\n${daemon.program.output}`);
      }
    };
    await t.step("with an ambient capability", () => allOpen(41_000, ["net_raw"]));
    await t.step("without any", async () => {
      for (const transport of raw) {
        const { code, stderr } = await asNobody(42_000, transport, []);
        assert.equal(code, 1);
        assert.match(stderr, /error: Could not create socket: Operation not permitted \(open a raw socket/);
        assert.match(stderr, /hint: raw sockets need the capability CAP_NET_RAW: .*setcap cap_net_raw\+ep/);
      }
      assert.equal((await asNobody(42_001, "udp", [])).code, 0, "udp needs no right");
    });
    await t.step({
      name: "with a capability of the file, compiled",
      ignore: !isExecutable(program),
      async fn() {
        await lab.must("knocker", ["setcap", "cap_net_raw+ep", program]);
        await allOpen(43_000, []);
      },
    });
  },
  { needs: { setpriv: "util-linux", setcap: "libcap2-bin" } },
);
