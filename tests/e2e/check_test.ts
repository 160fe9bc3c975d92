/** `--exit-parse-config`: what a start would meet is told before it, and nothing is changed by looking. */
import assert from "node:assert/strict";
import {
  type Guard,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  startDaemon,
  writeAccess,
  writeServerConfig,
} from "../lab/mod.ts";
import type { Directives } from "../lab/mod.ts";

/** As root in name only. */
const POWERLESS = ["setpriv", "--bounding-set=-net_admin,-net_raw"];

interface Check {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs the check, or with `words` something else, over a configuration with these lines. */
async function check(
  lab: Lab,
  server: Directives,
  { before = [], words = ["--exit-parse-config"] }: {
    readonly before?: readonly string[];
    readonly words?: readonly string[];
  } = {},
): Promise<Check> {
  const config = await writeServerConfig(lab.dir, { PCAP_INTF: "eth0", FWKNOP_RUN_DIR: `${lab.dir}/later`, ...server });
  const access = await writeAccess(lab.dir, [{ ...newKeys(), REQUIRE_SOURCE_ADDRESS: "Y" }]);
  const argv = [...before, ...OUR_DAEMON.argv, "-c", config, "-a", access, ...words];
  const { code, stdout, stderr } = await lab.run("server", argv);
  assert.equal(stdout, "");
  return { code, lines: stderr.trimEnd().split("\n") };
}

for (const guard of ["nftables", "iptables", "none"] as (Guard | "none")[]) {
  labTest(`${guard}: the check names the packet filter that a start would take, and changes nothing`, async () => {
    await using lab = await makeLab({ guard });
    const ruleset = () => lab.must("server", ["nft", "list", "ruleset"]);
    const before = (await ruleset()).replaceAll(/packets \d+ bytes \d+/g, "");
    const { code, lines } = await check(lab, { FWKNOP_PID_FILE: null, DIGEST_FILE: null });
    assert.equal(code, 0, lines.join("\n"));
    assert.equal(lines.at(-1), "Configs parsed, exiting.");
    assert.match(lines.at(-2) ?? "", guard === "nftables" ? /^firewall: nftables, / : /^firewall: iptables, /);
    assert.equal(lines.some((line) => line.startsWith("No chain drops incoming packets")), guard === "none");
    assert.equal((await ruleset()).replaceAll(/packets \d+ bytes \d+/g, ""), before);
    assert.deepEqual([...Deno.readDirSync(`${lab.dir}/run`)], []);
    assert.throws(() => Deno.statSync(`${lab.dir}/later`));
  });
}

labTest("the check fails where a start would: interface, filter, packet filter, places of files", async () => {
  await using lab = await makeLab();
  await Deno.writeTextFile(`${lab.dir}/file`, "");
  const cases: readonly (readonly [Directives, RegExp])[] = [
    [{ PCAP_INTF: "nope0" }, /^fwknopd: error: Cannot listen on interface "nope0": .*pcap_open_live error/],
    [{ PCAP_FILTER: "udp prt 5" }, /^fwknopd: error: Cannot use the PCAP filter 'udp prt 5': /],
    [{ PCAP_FILE: "/nowhere.pcap" }, /^fwknopd: error: Cannot read capture file "\/nowhere\.pcap"/],
    [{ FIREWALL_EXE: "/nowhere/iptables" }, /^fwknopd: error: .*\/nowhere\/iptables/],
    [
      { FIREWALL: "nftables", NFT_INPUT_CHAINS: "inet nope input" },
      /^fwknopd: error: Cannot use the base chain "inet nope input"/,
    ],
    [
      { IPT_INPUT_ACCESS: "ACCEPT, filter, NOPE, 1, X, 1" },
      /^fwknopd: error: Cannot use the chain "NOPE": it is not in the table/,
    ],
    [{ FWKNOP_RUN_DIR: `${lab.dir}/file` }, /^fwknopd: error: Cannot use the run directory .*not a directory/i],
    [{ FWKNOP_PID_FILE: "/nowhere/x.pid" }, /^fwknopd: error: Cannot use the PID file .*no folder \/nowhere/],
    [{ DIGEST_FILE: lab.dir }, /^fwknopd: error: Cannot use the replay file .*not a regular file/],
  ];
  for (const [server, expected] of cases) {
    const { code, lines } = await check(lab, server);
    assert.equal(code, 1, lines.join("\n"));
    const errors = lines.filter((line) => line.startsWith("fwknopd: error: "));
    assert.equal(errors.length, 1, lines.join("\n"));
    assert.match(errors[0] ?? "", expected);
    assert.match(lines.at(-1) ?? "", /^Configs parsed, exiting\./);
    const started = await check(lab, server, { words: ["-f"] });
    assert.equal(started.code, 1, `a start takes what the check refuses: ${started.lines.join("\n")}`);
  }
});

labTest("the check and a start warn of what keeps a service of the stanzas shut, with the remedy", async () => {
  await using lab = await makeLab({ guard: "nftables" });
  const shuts =
    "table inet other {\n chain first {\n type filter hook prerouting priority -300;\n tcp dport 22 drop\n }\n }";
  await lab.must("server", ["nft", "-f", "-"], { stdin: shuts });
  const line = /^inet other first keeps tcp\/22 over IPv4 and IPv6 shut \(drops it by its rule .*\): ./;
  const { code, lines } = await check(lab, {});
  assert.equal(code, 0, lines.join("\n"));
  assert.equal(lines.filter((one) => line.test(one)).length, 1, lines.join("\n"));
  const daemon = await startDaemon(lab, { access: [{ ...newKeys() }] });
  assert.match(daemon.program.output, new RegExp(line, "m"));
});

labTest("the check says what it could not look at without rights, and a start without them names them", async () => {
  await using lab = await makeLab();
  const { code, lines } = await check(lab, {}, { before: POWERLESS });
  assert.equal(code, 0, lines.join("\n"));
  assert.match(lines.join("\n"), /^Not looked at, because this user has no CAP_NET_ADMIN and CAP_NET_RAW/m);
  const bad = await check(lab, { PCAP_INTF: "nope0" }, { before: POWERLESS });
  assert.equal(bad.code, 1);
  assert.match(bad.lines.join("\n"), /pcap_open_live error/);
  for (const FIREWALL of ["auto", "nftables", "iptables"]) {
    const { code, lines } = await check(lab, { FIREWALL }, { before: POWERLESS, words: ["-f"] });
    assert.equal(code, 1);
    const hint = lines.find((line) => line.startsWith("fwknopd: hint: ")) ?? "";
    assert.match(hint, /root/, lines.join("\n"));
    assert.match(hint, /CAP_NET_ADMIN/, lines.join("\n"));
    assert.doesNotMatch(hint, /Debian|install/);
  }
  const capture = await check(lab, {}, { before: ["setpriv", "--bounding-set=-net_raw"], words: ["-f"] });
  assert.match(capture.lines.at(-1) ?? "", /^fwknopd: hint: .*root.*CAP_NET_RAW/);
});
