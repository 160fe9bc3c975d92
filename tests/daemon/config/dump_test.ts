/** The dump against the real C daemon (Debian's 2.6.10, which lacks ALLOW_ANY_USER_AGENT and what is ours). */
import assert from "node:assert/strict";
import { formatDump } from "../../../daemon/config/mod.ts";
import { good, STANZA } from "./in_memory.ts";

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
  assert.equal(lines[57], " 56. STRICT                       =  'Y'");
  assert.ok(lines.slice(58).includes(" 58. MAX_STRANGER_CPU             =  '20'"), lines.slice(56, 62).join("\n"));
  assert.ok(lines.slice(59).includes(" 59. MAX_RUNNING_COMMANDS         =  '16'"), lines.slice(56, 62).join("\n"));
  assert.match(lines.slice(59).join("\n"), /^ [56][0-9]\. FIREWALL {21}= {2}'auto'$/m);
  const heading = lines.indexOf("SOURCE (1):  ANY");
  assert.deepEqual(lines.slice(heading - 2, heading), ["", "Current fwknopd access settings:"]);
  assert.equal(lines[heading + 1], "=".repeat(62));
  assert.equal(lines[heading + 2], "                DESTINATION:  <not set>");
  assert.doesNotMatch(lines.join("\n"), /enckey|hmackey/);
});

Deno.test("formatDump() shows GUARD where it is not what the C daemon does", () => {
  const dump = (more: string) => {
    const { config, access } = good("", `${STANZA}${more}`);
    return formatDump(config, access);
  };
  assert.doesNotMatch(dump("GUARD input\n"), /GUARD/);
  assert.match(dump("GUARD forward\n"), /^ +GUARD: {2}forward$/m);
});

Deno.test("formatDump() shows MAX_OPEN_GRANTS where it was set", () => {
  const dump = (more: string) => {
    const { config, access } = good("", `${STANZA}${more}`);
    return formatDump(config, access);
  };
  assert.doesNotMatch(dump(""), /MAX_OPEN_GRANTS/);
  assert.match(dump("MAX_OPEN_GRANTS 5\n"), /^ {12}MAX_OPEN_GRANTS: {2}5$/m);
});

Deno.test("formatDump() shows REQUIRE_OS where it was set", () => {
  const files = { "/etc/fwknop/fingerprints.conf": "Linux: ttl=64 window=* options=*\n" };
  const { config, access } = good("", `${STANZA}REQUIRE_OS ^Lin.*\n`, { files });
  assert.match(formatDump(config, access), /^ {17}REQUIRE_OS: {2}\^Lin\.\*$/m);
});

Deno.test("formatDump() shows what was derived", () => {
  const { config, access } = good("FWKNOP_RUN_DIR /srv/\nPCAP_FILE /x", STANZA);
  const dump = formatDump(config, access);
  assert.equal(variable(dump, "FWKNOP_PID_FILE"), "/srv/fwknopd.pid");
  assert.equal(variable(dump, "ENABLE_SPA_PACKET_AGING"), "N");
});

Deno.test("formatDump() shows what a stanza says of GnuPG in the rows of the C daemon, and no passphrase", () => {
  const loaded = good(
    "",
    `SOURCE ANY\nHMAC_KEY h\nGPG_DECRYPT_PW t0ps3cret\nGPG_DECRYPT_ID gw\nGPG_REMOTE_ID deadbeef,${"1".repeat(16)}\n`,
  );
  const dump = formatDump(loaded.config, loaded.access);
  const rows = dump.split("\n").filter((line) => line.includes("GPG_") && line.includes(":  ")).map((line) =>
    line.trim()
  );
  assert.deepEqual(rows, [
    "GPG_HOME_DIR:  /root/.gnupg",
    "GPG_EXE:  <not set>",
    "GPG_DECRYPT_ID:  gw",
    "GPG_DECRYPT_PW:  <see the access.conf file>",
    "GPG_REQUIRE_SIG:  Yes",
    "GPG_IGNORE_SIG_VERIFY_ERROR:  No",
    `GPG_REMOTE_ID:  DEADBEEF,${"1".repeat(16)}`,
    "GPG_FINGERPRINT_ID:  <not set>",
  ]);
  assert.ok(!dump.includes("t0ps3cret"));
});
