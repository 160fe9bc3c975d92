/** The dump of the configuration beside that of the C daemon. */
import assert from "node:assert/strict";
import { formatDump, hostConfigFiles, loadConfig } from "../../daemon/config/mod.ts";
import { parseDaemonOptions } from "../../daemon/options.ts";
import { formatProblem } from "../../lib/settings/setting.ts";
import { C_DAEMON, C_PROGRAMS, cDaemonHasPcap, gatedTest, missing } from "../lab/mod.ts";
import { STANZA } from "../daemon/config/in_memory.ts";

/** What only a C daemon without libpcap shows, or shows otherwise: it is always a UDP server or reads a netfilter queue. */
const WITHOUT_PCAP = /^(ENABLE_UDP_SERVER|ENABLE_NFQ_CAPTURE|NFQ_[A-Z_]+) /;

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

/** What only goes together. */
const PAIRS: readonly (readonly [server: string, access: string])[] = [
  ...SERVERS.flatMap((server) => ACCESSES.map((access) => [server, access] as const)),
  [
    "ENABLE_IPT_FORWARDING Y\nENABLE_IPT_LOCAL_NAT Y\nENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP 192.0.2.1\nENABLE_NAT_DNS N\n",
    `${STANZA}FORCE_NAT 10.0.0.5 22\nFORCE_SNAT 10.0.0.1\n${STANZA}FORCE_MASQUERADE Y\nFORWARD_ALL Y\nDISABLE_DNAT Y\n`,
  ],
  [
    "GPG_HOME_DIR /tmp\n",
    `SOURCE ANY\nHMAC_KEY h\nGPG_DECRYPT_PW p\nGPG_DECRYPT_ID gw\nGPG_REMOTE_ID DEADBEEF,12345678\n` +
    `${STANZA}GPG_ALLOW_NO_PW Y\nGPG_HOME_DIR /\nGPG_FINGERPRINT_ID ${"1".repeat(40)}\nGPG_DISABLE_SIG Y\n` +
    `${STANZA}GPG_HOME_DIR /\nGPG_REMOTE_ID DEADBEEF\n`,
  ],
];

/** Numbers go, because one variable more shifts them; variables that the other daemon has not are left out. */
function comparable(dump: string, other: string): string[] {
  const names = new Set(variables(other).map(nameOf));
  return variables(dump).filter((line) => {
    const name = nameOf(line);
    return (cDaemonHasPcap() || !WITHOUT_PCAP.test(line)) && (name === null || names.has(name));
  });
}

function variables(dump: string): string[] {
  return dump.split("\n").map((line) => line.replace(/^ *[0-9]+\. /, ""));
}

/** Null for a line that is no variable of fwknopd.conf. */
function nameOf(line: string): string | null {
  return /^([A-Z0-9_]+) += {2}'/.exec(line)?.[1] ?? null;
}

gatedTest(missing(C_PROGRAMS), {
  name: "formatDump() agrees with the C daemon on files that both accept",
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "fwknop-dump-" });
    try {
      for (const [server, access] of PAIRS) {
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
        // What printf(3) writes for an address that was never set.
        const text = new TextDecoder().decode(theirs.stdout).replaceAll("(null)", "<not set>");
        assert.deepEqual(comparable(ours, text), comparable(text, text));
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
