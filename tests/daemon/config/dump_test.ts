/** The dump against the real C daemon (Debian's 2.6.10, which lacks ALLOW_ANY_USER_AGENT and what is ours). */
import assert from "node:assert/strict";
import { formatDump, hostConfigFiles, loadConfig } from "../../../daemon/config/mod.ts";
import { parseDaemonOptions } from "../../../daemon/options.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";
import { C_DAEMON, C_PROGRAMS, cDaemonHasPcap, gatedTest, missing } from "../../lab/mod.ts";
import { good, STANZA } from "./in_memory.ts";

/** What only a C daemon without libpcap shows, or shows otherwise: it is always a UDP server or reads a netfilter queue. */
const WITHOUT_PCAP = /^(ENABLE_UDP_SERVER|ENABLE_NFQ_CAPTURE|NFQ_[A-Z_]+) /;

/** One `NAME = 'value'` line of our dump. */
function variable(dump: string, name: string): string | undefined {
  return new RegExp(`^ *[0-9]+\\. ${name} +=  '(.*)'$`, "m").exec(dump)?.[1];
}

Deno.test("formatDump() writes what the C daemon 2.6.11 writes, ours after it", () => {
  const { config, access } = good("PCAP_INTF lo\nVERBOSE 1", STANZA);
  const lines = formatDump(config, access).split("\n");
  assert.equal(lines[0], "Current fwknopd config settings:");
  assert.equal(lines[1], "  0. CONFIG_FILE                  =  '/c'");
  assert.equal(lines[3], "  2. PCAP_INTF                    =  'lo'");
  assert.equal(lines[56], " 55. FAULT_INJECTION_TAG          =  '<not set>'");
  assert.equal(lines[57], " 56. FIREWALL                     =  'auto'");
  const heading = lines.indexOf("SOURCE (1):  ANY");
  assert.deepEqual(lines.slice(heading - 2, heading), ["", "Current fwknopd access settings:"]);
  assert.equal(lines[heading + 1], "=".repeat(62));
  assert.equal(lines[heading + 2], "                DESTINATION:  <not set>");
  assert.doesNotMatch(lines.join("\n"), /enckey|hmackey/);
});

Deno.test("formatDump() shows MAX_OPEN_GRANTS where it was set", () => {
  const dump = (more: string) => {
    const { config, access } = good("", `${STANZA}${more}`);
    return formatDump(config, access);
  };
  assert.doesNotMatch(dump(""), /MAX_OPEN_GRANTS/);
  assert.match(dump("MAX_OPEN_GRANTS 5\n"), /^ {12}MAX_OPEN_GRANTS: {2}5$/m);
});

Deno.test("formatDump() shows what was derived", () => {
  const { config, access } = good("FWKNOP_RUN_DIR /srv/\nPCAP_FILE /x", STANZA);
  const dump = formatDump(config, access);
  assert.equal(variable(dump, "FWKNOP_PID_FILE"), "/srv/fwknopd.pid");
  assert.equal(variable(dump, "ENABLE_SPA_PACKET_AGING"), "N");
});

const SERVERS: readonly string[] = [
  "",
  "PCAP_INTF  lo;\nPCAP_FILTER udp port 1 or udp port 2; both\nENABLE_UDP_SERVER Y\nUDPSERV_PORT 5\n",
  "FWKNOP_RUN_DIR /tmp/none\nFWKNOP_PID_FILE $FWKNOP_RUN_DIR/p.pid\nDIGEST_FILE $FWKNOP_RUN_DIR/d\nVERBOSE 2\n",
  "PCAP_FILE /etc/hostname\nSYSLOG_FACILITY LOG_LOCAL3\nSYSLOG_IDENTITY knock\nMAX_SPA_PACKET_AGE 7\n",
  "FLUSH_IPT_AT_INIT N\nFLUSH_IPT_AT_EXIT N\nENABLE_IPT_OUTPUT Y\nENABLE_RULE_PREPEND Y\n" +
  "IPT_INPUT_ACCESS ACCEPT, filter, INPUT, 2, KNOCK, 1\n# end",
];

const ACCESSES: readonly string[] = [
  STANZA,
  "SOURCE: ANY\nKEY_BASE64: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nHMAC_KEY some words\nOPEN_PORTS tcp/22, udp/53\n",
  "SOURCE 192.0.2.1, 198.51.100.0/24\nDESTINATION 192.0.2.9\nKEY a\nHMAC_KEY b\nHMAC_DIGEST_TYPE sha512\n" +
  "RESTRICT_PORTS tcp/25\nREQUIRE_USERNAME bob\nREQUIRE_SOURCE_ADDRESS Y\nFW_ACCESS_TIMEOUT 60\nMAX_FW_TIMEOUT 90\n" +
  "SOURCE ANY\nKEY c\nACCESS_EXPIRE 7/4/2030\nENCRYPTION_MODE legacy\n",
  "SOURCE ANY\r\nKEY a\r\nKEY second one\r\nHMAC_KEY_BASE64 AAEC\r\nACCESS_EXPIRE_EPOCH 2000000000\r\n",
];

/** Numbers go, because one variable more shifts them. */
function comparable(dump: string): string[] {
  return dump.split("\n").map((line) => line.replace(/^ *[0-9]+\. /, ""))
    .filter((line) =>
      (cDaemonHasPcap() || !WITHOUT_PCAP.test(line)) &&
      !/^(ALLOW_ANY_USER_AGENT|FIREWALL|FLUSH_NFT_AT_(INIT|EXIT)|NFT_(INPUT|OUTPUT|FORWARD)_CHAINS) /.test(line)
    );
}

gatedTest(missing(C_PROGRAMS), {
  name: "formatDump() agrees with the C daemon on files that both accept",
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "fwknop-dump-" });
    try {
      for (const server of SERVERS) {
        for (const access of ACCESSES) {
          Deno.writeTextFileSync(`${folder}/c`, server, { mode: 0o600 });
          Deno.writeTextFileSync(`${folder}/a`, access, { mode: 0o600 });
          Deno.writeTextFileSync(`${folder}/o`, "", { mode: 0o600 });
          const argv = ["-f", "-D", "-c", `${folder}/c`, "-O", `${folder}/o`, "-a", `${folder}/a`];
          const theirs = await new Deno.Command(C_DAEMON.argv[0]!, { args: argv, stderr: "null" }).output();
          const options = parseDaemonOptions(argv);
          assert.ok(options.ok);
          const loaded = loadConfig(options.options, hostConfigFiles("/"), 0);
          assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
          const ours = formatDump(loaded.config, loaded.access);
          assert.ok(theirs.success, `${C_DAEMON.argv[0]} refuses ${server}${access}`);
          assert.deepEqual(comparable(ours), comparable(new TextDecoder().decode(theirs.stdout)));
        }
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
