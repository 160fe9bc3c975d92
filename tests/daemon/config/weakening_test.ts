import assert from "node:assert/strict";
import { weakenings } from "../../../daemon/config/weakening.ts";
import { good } from "./in_memory.ts";

const KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
const HMAC = `${"YWJj".repeat(21)}Cg==`;

/** A stanza that gives up nothing; `changes` puts other lines in, null takes one out. */
function stanza(changes: Readonly<Record<string, string | null>> = {}): string {
  const lines: Record<string, string | null> = {
    SOURCE: "192.0.2.0/24",
    DESTINATION: "198.51.100.1",
    KEY_BASE64: KEY,
    HMAC_KEY_BASE64: HMAC,
    HMAC_DIGEST_TYPE: "sha256",
    ENCRYPTION_MODE: "CBC",
    OPEN_PORTS: "tcp/22,tcp/23",
    RESTRICT_PORTS: "tcp/23",
    REQUIRE_USERNAME: "alice",
    REQUIRE_SOURCE_ADDRESS: "Y",
    ACCESS_EXPIRE_EPOCH: "2000000000",
    FW_ACCESS_TIMEOUT: "20",
    MAX_FW_TIMEOUT: "60",
    MAX_OPEN_GRANTS: "50",
    ...changes,
  };
  return Object.entries(lines).flatMap(([name, value]) => value === null ? [] : [`${name} ${value}\n`]).join("");
}

/** What is said at a reload from one access.conf to the other. */
function lost(before: string, after: string, server: readonly [string, string] = ["", ""]): readonly string[] {
  return weakenings(good(server[0], before), good(server[1], after));
}

/** What a changed line gives up, and the line that is named. */
const LOSSES = [
  [{ HMAC_KEY_BASE64: null }, "/a:1", "the HMAC key was of 64 bytes, is none"],
  [{ HMAC_KEY_BASE64: HMAC.slice(0, 40) }, "/a:4", "the HMAC key was of 64 bytes, is of 30 bytes"],
  [{ KEY_BASE64: KEY.slice(0, 42) }, "/a:3", "the encryption key was of 32 bytes, is of 31 bytes"],
  [{ KEY_BASE64: KEY.slice(0, 3) }, "/a:3", "the encryption key was of 32 bytes, is of 2 bytes"],
  [{ KEY_BASE64: null, KEY: "short" }, "/a:1", "the encryption key was of 32 bytes, is of 5 bytes"],
  [{ ENCRYPTION_MODE: "ECB" }, "/a:6", "ENCRYPTION_MODE was cbc, is ecb"],
  [{ HMAC_DIGEST_TYPE: "md5" }, "/a:5", "HMAC_DIGEST_TYPE was sha256, is md5"],
  [{ OPEN_PORTS: null }, "/a:1", "OPEN_PORTS was tcp/22,tcp/23, is every port"],
  [{ OPEN_PORTS: "tcp/22,tcp/23,tcp/80" }, "/a:7", "OPEN_PORTS was tcp/22,tcp/23, is tcp/22,tcp/23,tcp/80"],
  [{ RESTRICT_PORTS: null }, "/a:1", "RESTRICT_PORTS was tcp/23, is none"],
  [{ SOURCE: "ANY" }, "/a:1", "SOURCE was 192.0.2.0/24, is ANY"],
  [{ SOURCE: "192.0.2.0/23" }, "/a:1", "SOURCE was 192.0.2.0/24, is 192.0.2.0/23"],
  [{ SOURCE: "192.0.2.0/24,203.0.113.1" }, "/a:1", "SOURCE was 192.0.2.0/24, is 192.0.2.0/24,203.0.113.1"],
  [{ DESTINATION: null }, "/a:1", "DESTINATION was 198.51.100.1, is ANY"],
  [{ DESTINATION: "198.51.100.0/24" }, "/a:2", "DESTINATION was 198.51.100.1, is 198.51.100.0/24"],
  [{ REQUIRE_USERNAME: null }, "/a:1", "REQUIRE_USERNAME was alice, is any user"],
  [{ REQUIRE_SOURCE_ADDRESS: null }, "/a:1", "REQUIRE_SOURCE_ADDRESS was Y, is N"],
  [{ REQUIRE_SOURCE_ADDRESS: "N" }, "/a:10", "REQUIRE_SOURCE_ADDRESS was Y, is N"],
  [{ ACCESS_EXPIRE_EPOCH: null }, "/a:1", "ACCESS_EXPIRE was 2000000000 (seconds since 1970), is never"],
  [{ FW_ACCESS_TIMEOUT: "60" }, "/a:12", "FW_ACCESS_TIMEOUT was 20 seconds, is 60 seconds"],
  [{ FW_ACCESS_TIMEOUT: null }, "/a:1", "FW_ACCESS_TIMEOUT was 20 seconds, is 30 seconds"],
  [{ MAX_FW_TIMEOUT: null }, "/a:1", "MAX_FW_TIMEOUT was 60 seconds, is 300 seconds"],
  [{ MAX_OPEN_GRANTS: null }, "/a:1", "MAX_OPEN_GRANTS was 50, is 1000"],
] as const;

Deno.test("weakenings() says where no system is asked for any more", () => {
  const files = { "/etc/fwknop/fingerprints.conf": "Linux: ttl=64 window=* options=*\n" };
  const [asking, other] = ["linux", "Lin"].map((text) => good("", stanza({ REQUIRE_OS: text }), { files }));
  const line = "/a:1: stanza #1 is weaker than the one in force: REQUIRE_OS was linux, is any system";
  assert.deepEqual(weakenings(asking!, good("", stanza())), [line]);
  assert.deepEqual(weakenings(asking!, other!), []);
});

Deno.test("weakenings() names each thing that a stanza gives up, with its line, and nothing for the way back", () => {
  for (const [changes, place, said] of LOSSES) {
    const [before, after] = [stanza(), stanza(changes)];
    assert.deepEqual(lost(before, after), [`${place}: stanza #1 is weaker than the one in force: ${said}`]);
    assert.deepEqual(lost(after, before), [], `the way back of ${said}`);
  }
});

Deno.test("weakenings() names what commands give up, and nothing for the way back", () => {
  const user = { ENABLE_CMD_EXEC: "Y", CMD_EXEC_USER: "alice" };
  const cycle = { CMD_CYCLE_OPEN: "open", CMD_CYCLE_CLOSE: "close", CMD_CYCLE_TIMER: "5" };
  const table = [
    [{}, { ENABLE_CMD_EXEC: "Y" }, "/a:15", "ENABLE_CMD_EXEC was N, is Y"],
    [user, { ENABLE_CMD_EXEC: "Y" }, "/a:1", "CMD_EXEC_USER was alice, is the daemon itself"],
    [user, { ...user, CMD_EXEC_USER: "root" }, "/a:16", "CMD_EXEC_USER was alice, is the daemon itself"],
    [user, { ...user, ENABLE_CMD_SUDO_EXEC: "Y" }, "/a:17", "ENABLE_CMD_SUDO_EXEC was N, is Y"],
    [cycle, {}, "/a:1", "CMD_CYCLE_OPEN was open, is none, so that doors are opened"],
    [cycle, { ...cycle, CMD_CYCLE_CLOSE: "NONE" }, "/a:16", "CMD_CYCLE_CLOSE was close, is NONE"],
  ] as const;
  for (const [was, is, place, said] of table) {
    const [before, after] = [stanza(was), stanza(is)];
    assert.deepEqual(lost(before, after), [`${place}: stanza #1 is weaker than the one in force: ${said}`]);
    assert.deepEqual(lost(after, before), [], `the way back of ${said}`);
  }
});

Deno.test("weakenings() has nothing to say of what is as it was or means the same", () => {
  const [other] = [stanza({ KEY_BASE64: KEY.replace("Q", "R"), SOURCE: "203.0.113.7", HMAC_KEY_BASE64: null })];
  assert.deepEqual(lost(stanza(), stanza()), []);
  assert.deepEqual(lost(stanza() + other, other + stanza()), []);
  assert.deepEqual(lost(stanza(), stanza({ SOURCE: "192.0.2.128/25, 192.0.2.0/25" })), []);
  assert.deepEqual(lost(stanza(), stanza({ OPEN_PORTS: "tcp/23,tcp/22" })), []);
  assert.deepEqual(lost(stanza(), stanza({ OPEN_PORTS: "tcp/22", RESTRICT_PORTS: null })), []);
  assert.deepEqual(lost(stanza(), stanza({ REQUIRE_USERNAME: "bob" })), []);
  assert.deepEqual(lost(stanza(), stanza({ ENCRYPTION_MODE: "CTR" })), []);
});

Deno.test("weakenings() knows a stanza again at another place, with another key, and calls a new one new", () => {
  const newKey = { KEY_BASE64: KEY.replace("Q", "R") };
  assert.deepEqual(lost(stanza(), stanza({ ...newKey, SOURCE: "203.0.113.7", HMAC_KEY_BASE64: null })), []);
  assert.match(lost(stanza(), stanza({ ...newKey, OPEN_PORTS: null }))[0] ?? "", /OPEN_PORTS/);
  assert.match(lost(stanza(), stanza({ ...newKey, HMAC_KEY_BASE64: null }))[0] ?? "", /HMAC key .* is none/);
  const added = stanza({ ...newKey, SOURCE: "203.0.113.7" });
  assert.match(lost(stanza(), added + stanza({ HMAC_KEY_BASE64: null }))[0] ?? "", /^\/a:15: stanza #2 .* HMAC key/);
  assert.match(lost(stanza(), stanza() + stanza({ SOURCE: "ANY" }))[0] ?? "", /^\/a:15: stanza #2 .* SOURCE/);
});

const HTTP = "ENABLE_SPA_OVER_HTTP Y\nENABLE_X_FORWARDED_FOR Y";

Deno.test("weakenings() names what fwknopd.conf gives up, and no key ever", () => {
  const rows = [
    ["MAX_SPA_PACKET_AGE 60", "", "MAX_SPA_PACKET_AGE was 60 seconds, is 120 seconds"],
    ["", "ENABLE_SPA_PACKET_AGING N", "MAX_SPA_PACKET_AGE was 120 seconds, is not checked"],
    ["", "ENABLE_SPA_OVER_HTTP Y", "ENABLE_SPA_OVER_HTTP was N, is Y"],
    ["ENABLE_SPA_OVER_HTTP Y", "ENABLE_SPA_OVER_HTTP Y\nALLOW_ANY_USER_AGENT Y", "ALLOW_ANY_USER_AGENT was N, is Y"],
    [
      "ENABLE_SPA_OVER_HTTP Y",
      "ENABLE_SPA_OVER_HTTP Y\nENABLE_X_FORWARDED_FOR Y",
      "ENABLE_X_FORWARDED_FOR was N, is Y",
    ],
    [`${HTTP}\nHTTP_PROXIES 10.0.0.1`, HTTP, "HTTP_PROXIES was 10.0.0.1, is ANY"],
    [
      `${HTTP}\nHTTP_PROXIES 10.0.0.1`,
      `${HTTP}\nHTTP_PROXIES 10.0.0.1,10.0.0.9`,
      "HTTP_PROXIES was 10.0.0.1, is 10.0.0.1,10.0.0.9",
    ],
    ["ENABLE_DESTINATION_RULE Y", "", "ENABLE_DESTINATION_RULE was Y, is N"],
    ["", "ENABLE_PCAP_ANY_DIRECTION Y", "ENABLE_PCAP_ANY_DIRECTION was N, is Y"],
  ] as const;
  for (const [before, after, said] of rows) {
    assert.deepEqual(lost(stanza(), stanza(), [before, after]), [
      `The configuration is weaker than the one in force: ${said}`,
    ]);
    assert.deepEqual(lost(stanza(), stanza(), [after, before]), []);
  }
  const all = LOSSES.flatMap(([changes]) => lost(stanza(), stanza(changes))).join("\n");
  for (const secret of [KEY.slice(0, 8), HMAC.slice(0, 8), "short"]) assert.ok(!all.includes(secret));
});
