/** STRICT: what the C daemon passes over is refused, or with N a warning that says what is done instead. */
import assert from "node:assert/strict";
import { judge, refusals } from "../../../daemon/config/files.ts";
import type { Problem } from "../../../lib/settings/setting.ts";
import { formatService } from "../../../lib/net/service.ts";
import { good, load, STANZA, wrong } from "./in_memory.ts";

const ORIGIN = { file: "/c", line: 3 };
const SOFT: Problem = { origin: ORIGIN, message: "X: no number", hint: "write one", lenient: "read as 0" };
const HARD: Problem = { origin: ORIGIN, message: "Y: no path" };

/** The warnings of a configuration that starts, without those of the stanza that every test has. */
function warnings(server: string, access = "", files: Readonly<Record<string, string>> = {}): readonly string[] {
  return good(server, STANZA + access, { files }).warnings;
}

Deno.test("judge() leaves a strict report alone, and else makes warnings of what there is a lenient way for", () => {
  const report = { problems: [HARD, SOFT], warnings: ["before"], notes: ["n"] };
  assert.deepEqual(judge(report, true), report);
  assert.deepEqual(judge(report, false), {
    problems: [HARD],
    warnings: ["before", "/c:3: X: no number: STRICT is N: read as 0 (write one)"],
    notes: ["n"],
  });
  assert.equal(refusals(report), 1);
});

/** In fwknopd.conf: the line, what it says with STRICT N, and a value that it then has. */
const SERVER_LINES: readonly [string, RegExp, (loaded: ReturnType<typeof good>) => unknown, unknown][] = [
  ["PCAP_INTERFAC eth1", /Ignoring unknown configuration parameter: 'PCAP_INTERFAC'/, inter, "eth0"],
  ["PCAP_INTF: eth1", /unknown configuration parameter with ":"/, inter, "eth0"],
  ["PCAP_INTF", /Invalid config file entry.*the line is skipped/, inter, "eth0"],
  ["PCAP_INTF $NOWHERE", /\$NOWHERE is not set.*Ignoring PCAP_INTF/, inter, "eth0"],
  ["BLACKLIST 192.0.2.1", /Ignoring BLACKLIST/, inter, "eth0"],
  ["MAX_SPA_PACKET_AGE 60abc", /read as 60, which may let in more/, ({ config }) => config.maxAge, 60],
  ["TCPSERV_PORT 65600", /read as 64/, ({ config }) => config.settings.tcpServerPort, 64],
  ["UDPSERV_PORT 62201 # x", /^$/, ({ config }) => config.udpServer.port, 62201],
  ["RULES_CHECK_THRESHOLD abc", /read as 0/, ({ config }) => config.settings.rulesCheckThreshold, 0],
  ["ENABLE_SPA_OVER_HTTP TRUE", /read as N/, ({ config }) => config.http.enabled, false],
  ["ALLOW_ANY_USER_AGENT off", /read as Y/, ({ config }) => config.http.anyUserAgent, true],
  ["MAX_SNIFF_BYTES 100", /no packet will be seen/, ({ config }) => config.capture.snapLength, 100],
];

function inter({ config }: ReturnType<typeof good>): unknown {
  return config.capture.interfaces.join();
}

Deno.test("with STRICT N fwknopd.conf is read as the C daemon reads it, with a warning each", () => {
  for (const [line, warning, value, expected] of SERVER_LINES) {
    if (warning.source !== "^$") assert.equal(wrong(line).length, 1, line);
    const loaded = good(`${line}\nSTRICT N\n`);
    assert.deepEqual(value(loaded), expected, line);
    assert.match(loaded.warnings.filter((one) => one.startsWith("/c:1:")).join("\n"), warning, line);
  }
});

Deno.test("what the C daemon refuses is refused with STRICT N too", () => {
  const server = [
    "MAX_SPA_PACKET_AGE abc",
    "MAX_SPA_PACKET_AGE 0",
    "MAX_SPA_PACKET_AGE 100001",
    "UDPSERV_PORT 131072",
    "UDPSERV_PORT 65536",
    "ENABLE_UDP_SERVER on",
    "SYSLOG_FACILITY LOG_MINE",
    "IPT_INPUT_ACCESS ACCEPT, filter",
    "STRICT maybe",
    "FWKNOP_PID_FILE /a",
  ];
  for (const line of server) assert.equal(wrong(`STRICT N\n${line}`).length, 1, line);
  const access = [
    "OPEN_PORTS tcp/70000",
    "OPEN_PORTS icmp/8",
    "RESTRICT_PORTS tcp/abc",
    "FW_ACCESS_TIMEOUT -5",
    "MAX_FW_TIMEOUT 9999999999",
    "DESTINATION 192.0.2.1 192.0.2.2",
    "ACCESS_EXPIRE 1/2",
    "HMAC_DIGEST_TYPE sha256 x",
    "ENCRYPTION_MODE CBC x",
    "KEY_BASE64 a!b",
    "OPEN_PORTS",
  ];
  for (const line of access) assert.equal(wrong("STRICT N", `${STANZA}${line}`).length, 1, line);
});

Deno.test("STRICT counts wherever it stands, the last line of all files first, and for access.conf too", () => {
  const stray = `${STANZA}FW_TIMEOUT 9\n`;
  const files = { "/o": "STRICT N\n", "/y": "STRICT Y\n" };
  assert.equal(wrong("", stray).length, 1);
  assert.equal(wrong("STRICT N\nSTRICT Y", stray).length, 1);
  for (const server of ["STRICT N", "STRICT Y\nBOGUS x\nSTRICT N", "OVERRIDE_CONFIG /o"]) {
    assert.deepEqual(wrong(server, stray, { files }), [], server);
  }
  assert.deepEqual(wrong("", stray, { files, argv: ["-O", "/o"] }), []);
  assert.equal(wrong("STRICT N", stray, { files, argv: ["-O", "/y"] }).length, 1);
});

Deno.test("with STRICT N a line that limited somebody and does not count is said to be lost", () => {
  const lost = (name: string) => new RegExp(`if ${name} is meant, what it limits is NOT limited`);
  for (
    const [line, warning] of [
      ["RESTRICT_PORT tcp/22", lost("RESTRICT_PORTS")],
      ["OPEN_PORT tcp/22", lost("OPEN_PORTS")],
      ["DESTINATON 192.0.2.1", lost("DESTINATION")],
      ["REQUIRE_USERNAM bob", lost("REQUIRE_USERNAME")],
      ["REQUIRE_SOURCE_ADRESS Y", lost("REQUIRE_SOURCE_ADDRESS")],
      ["ACCESS_EXPIRES 1/2/2031", lost("ACCESS_EXPIRE")],
      ["SOURC 192.0.2.1", /if SOURCE is meant, the lines below it change the stanza above/],
      ["RESTRICT_PORTS tcp/23; tcp/25", /what RESTRICT_PORTS limits there is NOT limited/],
      ["OPEN_PORTS tcp/22; RESTRICT_PORTS tcp/23", /what RESTRICT_PORTS limits there is NOT limited/],
      ["REQUIRE_SOURCE_ADDRESS TRUE", /read as N, which may let in more than was meant/],
      ["RESTRICT_PORTS tcp/22 udp/53", /read as tcp\/22, which may let in more than was meant/],
      ["ACCESS_EXPIRE_EPOCH abc", /read as 0, which may let in more than was meant/],
      ["ACCESS_EXPIRE 13/45/2030 x", /read as 2031-02-1[34]T.*which may let in more than was meant/],
    ] as const
  ) {
    assert.equal(wrong("", `${STANZA}${line}`).length, 1, line);
    assert.match(warnings("STRICT N", line).join("\n"), warning, line);
  }
  assert.doesNotMatch(warnings("STRICT N", "FW_TIMEOUT 9").join("\n"), /NOT limited/);
});

Deno.test("with STRICT N what stands before the first SOURCE, or is no key in a file of keys, is passed over", () => {
  const files = { "/k": "HMAC_KEYY x\n", "/other": "OPEN_PORTS tcp/1\n" };
  const lines = warnings("STRICT N", "%include_keys /k\n%include /other\n", files);
  assert.match(lines.join("\n"), /\/k:1: .*STRICT is N: Ignoring invalid entry/);
  assert.match(lines.join("\n"), /\/other:1: OPEN_PORTS: stands before the first SOURCE.*the line does not count/);
  const [stanza] = good("STRICT N", `${STANZA}OPEN_PORTS tcp/22x, udp/53\n`).stanzas;
  assert.deepEqual(stanza?.openPorts?.map(formatService), ["tcp/22", "udp/53"]);
});

Deno.test("a stanza that no packet can open starts with STRICT N, and says so", () => {
  for (const line of ["OPEN_PORTS tcp/0", "OPEN_PORTS tcp/22\nRESTRICT_PORTS tcp/22"]) {
    assert.match(warnings("STRICT N", line).join("\n"), /STRICT is N: the stanza opens nothing/);
  }
});

Deno.test("no key is shown with STRICT N either", () => {
  for (const line of ["s3cr3tw0rd x", "KEYY s3cr3tw0rd", "KEY x; s3cr3tw0rd", "key=s3cr3tw0rd x"]) {
    const loaded = load("STRICT N", `${STANZA}${line}\n`);
    assert.doesNotMatch(JSON.stringify(loaded.ok ? loaded.warnings : loaded.problems), /s3cr3tw0rd/, line);
  }
});
