/**
 * The words of the C daemon's messages about configuration that scripts look for stand in ours: each situation is made with
 * both daemons, which only check their files.
 */
import assert from "node:assert/strict";
import { C_DAEMON, C_PROGRAMS, labTest, makeLab, newKeys, OUR_DAEMON, type ProgramUnderTest } from "../lab/mod.ts";

/** One situation. `{dir}` is the folder of the test. */
interface Row {
  readonly situation: string;
  /** Lines of fwknopd.conf beside the run directory. */
  readonly server?: string;
  /** access.conf, in which `{keys}` are two good lines; one good stanza otherwise. */
  readonly access?: string;
  /** What `{dir}/more` holds. */
  readonly more?: string;
  readonly args?: readonly string[];
  /** Of access.conf; default 0600. */
  readonly mode?: number;
  /** Of access.conf; default root. */
  readonly owner?: number;
  readonly says: RegExp;
  /** What the C daemon says where its 2.6.10 and 2.6.11 differ, and ours has the words of one of them. */
  readonly cSays?: RegExp;
  /** Of ours; default 1. */
  readonly code?: number;
  /** Of the C daemon where it is another one: it passes over what ours refuses. Null: that daemon has other words. */
  readonly cCode?: number | null;
}

const GOOD = "SOURCE ANY\n{keys}";
/** A file that is not there: 2.6.10 and 2.6.11. */
const NO_FILE = /was not found|Could not open access file: .*\nNo such file/;
const NAT_ON = "ENABLE_IPT_FORWARDING Y\n";
const LONG = btoa("x".repeat(137));

const inStanza = (line: string, says: RegExp, more: Partial<Row> = {}): Row => (
  { situation: line.slice(0, 60), access: `${GOOD}${line}\n`, says, ...more }
);
const inServer = (line: string, says: RegExp, more: Partial<Row> = {}): Row => (
  { situation: line, server: `${line}\n`, says, ...more }
);
const addresses = (list: string, says: RegExp, more: Partial<Row> = {}): readonly Row[] => [
  { situation: `SOURCE ${list}`, access: `SOURCE ${list}\n{keys}`, says, ...more },
  inStanza(`DESTINATION ${list}`, says, more),
];

const ROWS: readonly Row[] = [
  {
    situation: "several includes",
    access: `${GOOD}%include {dir}/more\n\n${GOOD}%include {dir}/more\n`,
    more: GOOD,
    says: /Configs parsed/,
    code: 0,
  },
  inServer("PCAP_INTF", /Invalid config file entry/, { cCode: 0 }),
  { situation: "no entry", access: `${GOOD}FOO\n`, says: /Invalid access file entry/ },
  inServer(`${"A".repeat(200)} x`, /Invalid config file entry/, { cCode: null }),
  inStanza(`${"A".repeat(200)} x`, /Invalid access file entry/, { cCode: null }),
  inServer("FWKNOP_RUN_DIR {dir}/more", /NOT a directory/),
  {
    situation: "no entry in an included file",
    access: `${GOOD}%include {dir}/more\n`,
    more: "FOO\n",
    says: /Invalid access file entry/,
  },
  { situation: "no stanza", access: "# nothing\n", says: /Could not find valid SOURCE stanza/ },
  {
    situation: "DESTINATION without SOURCE",
    access: "DESTINATION 192.0.2.1\n{keys}",
    says: /Could not find valid SOURCE stanza/,
  },
  {
    situation: "keys left out",
    access: "SOURCE ANY\n%include_keys {dir}/more\n",
    more: "HMAC_KEY_BASE64 QUJDREVGR0g=\n",
    says: /skipping stanza/,
    cCode: null,
  },
  {
    situation: "%include_keys: no file",
    access: "SOURCE ANY\n%include_keys {dir}/none\n",
    says: /was not found/,
    cSays: NO_FILE,
  },
  {
    situation: "%include_keys: no key",
    access: "SOURCE ANY\n%include_keys {dir}/more\n",
    more: "HMAC_KEY_BASE64 QUJDREVGR0g=\n",
    says: /was not found/,
    cCode: null,
  },
  {
    situation: "%include_keys: another entry",
    access: "SOURCE ANY\n%include_keys {dir}/more\n",
    more: "{keys}OPEN_PORTS tcp/22\n",
    says: /Ignoring invalid entry: 'OPEN_PORTS'/,
    code: 0,
  },
  inStanza("%include {dir}/none", /was not found/, { cSays: NO_FILE }),
  ...["{dir}/none", "/dev/null"].map((folder) =>
    inStanza(`%include_folder ${folder}`, /Invalid access folder directory/, { cCode: null })
  ),
  { situation: "--access-folder", args: ["--access-folder", "{dir}/none"], says: /Invalid access folder directory/ },
  inStanza(`%include_folder /${"a".repeat(1500)}`, /path is too long/, { cCode: null }),
  ...["KEY", "KEY_BASE64", "HMAC_KEY", "HMAC_KEY_BASE64"].map((name): Row => ({
    situation: `${name} __CHANGEME__`,
    access: `SOURCE ANY\n${name.startsWith("HMAC") ? "KEY a\n" : ""}${name} __CHANGEME__\n`,
    says: new RegExp(`\\b${name} value is not properly`),
  })),
  inServer("MAX_SPA_PACKET_AGE 0", /var MAX_SPA_PACKET_AGE value .*not in the range/),
  inServer("MAX_SPA_PACKET_AGE abc", /var MAX_SPA_PACKET_AGE value .*not in the range/),
  inServer("PCAP_DISPATCH_COUNT 99999999", /var PCAP_DISPATCH_COUNT value .*not in the range/),
  inServer("UDPSERV_PORT 131072", /var UDPSERV_PORT value .*not in the range/, { cCode: null }),
  inStanza("FW_ACCESS_TIMEOUT -1", /FW_ACCESS_TIMEOUT value .*not in range/),
  inStanza("MAX_FW_TIMEOUT 8388609", /MAX_FW_TIMEOUT value .*not in range/),
  ...["1.2.3.4/33", "1.2.3.4/0", "1.2.3.4/abc", "1.2.3.0/1.2.3"].flatMap((list) => addresses(list, /Invalid IP mask/)),
  ...addresses("1.2.3.4/", /Missing mask/),
  ...addresses("1.2.3.0/255.300.0.0", /error parsing IP mask/),
  ...addresses("1.2.3.400", /Fatal error parsing IP to int/),
  ...addresses("1.2.3.4,,", /Fatal error parsing IP to int/),
  ...addresses("123123123123123123", /Error parsing .*IP/),
  inStanza("ACCESS_EXPIRE_EPOCH 9999999999999999999999", /invalid epoch seconds value/),
  inStanza("ACCESS_EXPIRE_EPOCH abc", /invalid epoch seconds value/, { cCode: null }),
  inStanza("ENCRYPTION_MODE abc", /Unrecognized .*MODE/),
  inServer("SYSLOG_FACILITY abc", /Invalid SYSLOG_FACILITY/),
  inServer("ENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP 1.2.3.400", /Invalid IPv4/),
  ...[["1.2.3.4", "invalid FORCE_NAT arg.*need .*IP.* .*PORT"], ["1.2.3.4 99999", "invalid FORCE_NAT port"]].map(
    ([value, says = ""]) => inStanza(`FORCE_NAT ${value}`, new RegExp(says), { server: NAT_ON }),
  ),
  inStanza("FORCE_NAT 1.2.3.400 22", /invalid FORCE_NAT IP/, { server: NAT_ON }),
  inStanza("FORCE_NAT 1.2.3.4 22", /FORCE_NAT requires either ENABLE_IPT_FORWARDING/),
  inStanza("FORCE_SNAT 1.2.3.400", /invalid FORCE_SNAT IP/, { server: NAT_ON }),
  inStanza("FORCE_SNAT 1.2.3.4", /FORCE_SNAT requires either/),
  inStanza("FORCE_MASQUERADE Y", /requires either FORCE_NAT or FORWARD_ALL/, { server: NAT_ON }),
  inStanza("FORCE_SNAT 1.2.3.4", /requires either FORCE_NAT or FORWARD_ALL/, { server: NAT_ON }),
  inStanza("MAX_FW_TIMEOUT 20\nFW_ACCESS_TIMEOUT 30", /honoring MAX_FW_TIMEOUT/, { code: 0 }),
  inStanza("FW_ACCESS_TIMEOUT 400", /honoring MAX_FW_TIMEOUT/, { code: 0 }),
  {
    situation: "a key too long, decoded",
    access: `SOURCE ANY\nKEY a\nHMAC_KEY_BASE64 ${LONG}\n`,
    says: /Invalid decoded key length/,
    cCode: null,
  },
  ...["0", "999", "abc"].flatMap((length): Row[] => [
    { situation: `--key-len ${length}`, args: ["--key-gen", "--key-len", length], says: /Invalid key length/ },
    {
      situation: `--hmac-key-len ${length}`,
      args: ["--key-gen", "--hmac-key-len", length],
      says: /Invalid hmac key length/,
    },
  ]),
  { situation: "--locale of the system", args: ["--locale", "C"], says: /Locale set to 'C'/, code: 0 },
  {
    situation: "%include_keys",
    access: "SOURCE ANY\n%include_keys {dir}/more\n",
    more: "{keys}",
    says: /Including key file: '.*more'/,
    code: 0,
  },
  { situation: "-a: no file", args: ["-a", "{dir}/none"], says: /Invalid access\.conf file path/ },
  { situation: "-a: a folder", args: ["-a", "{dir}"], says: /Invalid access\.conf file path/ },
  {
    situation: "--access-folder: a file",
    args: ["--access-folder", "{dir}/more"],
    says: /Invalid access folder directory/,
  },
  {
    situation: "a file for all to read",
    access: GOOD,
    mode: 0o644,
    says: /permissions should only be user read\/write \(0600, -rw-------\)/,
    code: 0,
  },
  {
    situation: "a file of somebody else",
    access: GOOD,
    owner: 65_534,
    says: /not owned by current effective user id/,
    code: 0,
  },
  {
    situation: "an HMAC key too long",
    access: `SOURCE ANY\nKEY a\nHMAC_KEY ${"x".repeat(137)}\n`,
    says: /Invalid HMAC key length/,
    cCode: null,
  },
  inStanza("%include_folder {dir}/none", /could not be opened/, { cCode: null }),
  {
    situation: "a folder in place of a file",
    access: `${GOOD}%include {dir}\n`,
    says: /is not a regular file or symbolic link/,
  },
  ...["gpg-home-dir", "gpg-exe", "sudo-exe", "pcap-file"].flatMap((name): Row[] => {
    const says = {
      "gpg-home-dir": /gpg home directory '.*could not lstat\(\)/,
      "gpg-exe": /gpg path '.*not executable\?/,
      "sudo-exe": /sudo path '.*not executable\?/,
      "pcap-file": /Invalid pcap file path/,
    }[name]!;
    return ["{dir}/none", name === "gpg-home-dir" || name === "pcap-file" ? "/dev/null" : "{dir}"].map((value) => (
      { situation: `--${name} ${value}`, args: [`--${name}`, value], says }
    ));
  }),
  inServer("PCAP_FILTER $NO_SUCH_NAME", /Invalid embedded variable in/, { cCode: 0 }),
  inServer("NO_SUCH_NAME 1", /nknown configuration parameter/, { cCode: 0 }),
  inServer("STRICT N\nNO_SUCH_NAME 1", /Ignoring unknown configuration parameter: 'NO_SUCH_NAME'/, { code: 0 }),
  inStanza("NO_SUCH_NAME 1", /Ignoring unknown access parameter: 'NO_SUCH_NAME'/, { server: "STRICT N\n", code: 0 }),
  inServer("VERBOSE -1", /VERBOSE value .*not in the range/),
  inServer("ENABLE_UDP_SERVER maybe", /No available capture mode/, { cCode: null }),
  inServer("IPT_INPUT_ACCESS a, b", /Invalid IPT_INPUT_ACCESS specification/),
  inServer("IPT_INPUT_ACCESS ACCEPT, filter, INPUT, 99999, FWKNOP_INPUT, 1", /invalid jump rule position/),
  inServer("IPT_INPUT_ACCESS ACCEPT, filter, INPUT, 1, FWKNOP_INPUT, 99999", /invalid to_chain rule position/),
  {
    situation: "no key",
    access: "SOURCE ANY\nOPEN_PORTS tcp/22\n",
    says: /No keys found for access stanza source: 'ANY'/,
  },
  { situation: "no key", access: "SOURCE ANY\nOPEN_PORTS tcp/22\n", says: /Data error in access file/ },
  { situation: "one key twice", access: "SOURCE ANY\nKEY aaaa\nHMAC_KEY aaaa\n", says: /should not be identical/ },
  { situation: "one key twice", access: "SOURCE ANY\nKEY aaaa\nHMAC_KEY aaaa\n", says: /Data error in access file/ },
  { situation: "no base64", access: "SOURCE ANY\nKEY_BASE64 a!b\n", says: /look like base64/ },
  {
    situation: "includes of includes",
    access: `${GOOD}%include {dir}/more\n`,
    more: "%include {dir}/more\n",
    says: /Refusing to go deeper than 3 levels/,
  },
  { situation: "SOURCE", access: "SOURCE 1.2.3.4/\n{keys}", says: /Fatal invalid SOURCE in access stanza/ },
  inStanza("DESTINATION 1.2.3.4/", /Fatal invalid DESTINATION/),
  inStanza("OPEN_PORTS tcp22", /Fatal invalid OPEN_PORTS/),
  inStanza("RESTRICT_PORTS tcp22", /Fatal invalid RESTRICT_PORTS/),
  inStanza("OPEN_PORTS tcp22", /Parse error on access port entry/),
  inStanza("OPEN_PORTS tcp/99999", /Invalid port '.*' in access request, must be in \[0,65535\]/),
  inStanza("OPEN_PORTS foo/22", /Invalid protocol in access port entry/),
  inStanza("ACCESS_EXPIRE abc", /invalid date value/),
  inStanza("HMAC_DIGEST_TYPE abc", /HMAC_DIGEST_TYPE argument .*must be one of/),
  {
    situation: "REQUIRE_SOURCE_ADDRESS absent",
    access: GOOD,
    says: /REQUIRE_SOURCE_ADDRESS not enabled/,
    code: 0,
  },
  inStanza("CMD_CYCLE_OPEN /bin/true", /also setting CMD_CYCLE_CLOSE/),
  inStanza("CMD_CYCLE_CLOSE /bin/true", /also setting CMD_CYCLE_OPEN/),
  inStanza("CMD_CYCLE_OPEN /bin/true\nCMD_CYCLE_CLOSE /bin/true", /Must set the CMD_CYCLE_TIMER/),
  inStanza("CMD_CYCLE_TIMER 99999999", /CMD_CYCLE_TIMER value .*not in range/),
  inStanza("CMD_EXEC_USER nobody_here", /Unable to determine UID for CMD_EXEC_USER/),
  inStanza("CMD_EXEC_GROUP nobody_here", /Unable to determine GID for/),
  inStanza("CMD_EXEC_USER nobody", /Setting gid/, { code: 0 }),
  inStanza("FORCE_NAT abc", /invalid FORCE_NAT arg/, { server: NAT_ON }),
  { situation: "-r", args: ["-r", "run"], says: /Path 'run' is not absolute/, cCode: null },
  { situation: "-C -1", args: ["-C", "-1"], says: /invalid -C packet count limit/ },
  { situation: "--locale", args: ["--locale", "xx_YY"], says: /Unable to set locale/, code: 0 },
];

function wordsStand(program: ProgramUnderTest): () => Promise<void> {
  return async () => {
    await using lab = await makeLab();
    const { dir } = lab;
    const write = (name: string, text: string) => {
      const { KEY_BASE64, HMAC_KEY_BASE64 } = newKeys();
      const keys = `KEY_BASE64 ${KEY_BASE64}\nHMAC_KEY_BASE64 ${HMAC_KEY_BASE64}\n`;
      Deno.writeTextFileSync(`${dir}/${name}`, text.replaceAll("{keys}", keys).replaceAll("{dir}", dir), {
        mode: 0o600,
      });
    };
    const missing: string[] = [];
    for (const row of ROWS) {
      const { situation, server = "", access = GOOD, more = "", args = [], code = 1, cCode = code } = row;
      const says = program === C_DAEMON ? row.cSays ?? row.says : row.says;
      if (program === C_DAEMON && cCode === null) continue;
      write("fwknopd.conf", `FWKNOP_RUN_DIR {dir}/run;\n${server}`);
      write("access.conf", access);
      write("more", more);
      Deno.chmodSync(`${dir}/access.conf`, row.mode ?? 0o600);
      Deno.chownSync(`${dir}/access.conf`, row.owner ?? 0, null);
      const files = ["-c", `${dir}/fwknopd.conf`, "-a", `${dir}/access.conf`, "-f"];
      const mode = args.includes("--key-gen") ? [] : [...files, "--exit-parse-config"];
      const filled = args.map((arg) => arg.replaceAll("{dir}", dir));
      const ran = await lab.run("server", [...program.argv, ...mode, ...filled]);
      const expected = program === C_DAEMON ? cCode : code;
      if (!says.test(ran.stderr)) missing.push(`${situation}: not ${says}: ${ran.stderr}`);
      if (ran.code !== expected) missing.push(`${situation}: exit status ${ran.code}, not ${expected}: ${ran.stderr}`);
    }
    assert.deepEqual(missing, []);
  };
}

labTest("the words about configuration that scripts look for stand in our messages", wordsStand(OUR_DAEMON));
labTest("they are those of the C daemon", wordsStand(C_DAEMON), { needs: C_PROGRAMS });
