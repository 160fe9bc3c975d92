import assert from "node:assert/strict";
import { formatMessage, formatNat, parseMessage, parseNat } from "../../../lib/wire/message_text.ts";

Deno.test("parseMessage() reads addresses of both families and services", () => {
  const result = parseMessage(1, "2001:db8::1,tcp/22,udp/053");
  assert.ok(result.ok && result.value.kind === "access");
  assert.equal(result.value.allow.text, "2001:db8::1");
  assert.deepEqual(result.value.services, [{ proto: "tcp", port: 22 }, { proto: "udp", port: 53 }]);
  assert.equal(formatMessage(result.value), "2001:db8::1,tcp/22,udp/53");
});

Deno.test("parseMessage() keeps a command as it stands, commas, lines and all", () => {
  const result = parseMessage(0, "192.0.2.10,echo 'a,b'\n  # ü\u{1f511}");
  assert.ok(result.ok && result.value.kind === "command");
  assert.equal(result.value.command, "echo 'a,b'\n  # ü\u{1f511}");
});

Deno.test("parseMessage() says which part is wrong", () => {
  const rows: readonly [0 | 1, string, string][] = [
    [1, "", "allow"],
    [1, "tcp/22", "allow"],
    [1, ",tcp/22", "allow"],
    [1, "::,tcp/22", "allow"],
    [1, "0:0:0:0:0:0:0:0,tcp/22", "allow"],
    [1, " 1.2.3.4,tcp/22", "allow"],
    [1, "1.2.3.4,", "access"],
    [1, "1.2.3.4,tcp/22 ", "access"],
    [1, "1.2.3.4,,tcp/22", "access"],
    [1, "1.2.3.4,5.6.7.8,tcp/22", "access"],
    [0, "1.2.3.4,", "command"],
    [0, "1.2.3.4,a\0", "command"],
    [0, "1.2.3.4,\udfff", "command"],
    [0, "host,ls", "allow"],
  ];
  for (const [type, text, problem] of rows) {
    assert.deepEqual(parseMessage(type, text), { ok: false, fault: problem }, text);
  }
});

Deno.test("parseNat() reads names, IPv4 and bracketed IPv6", () => {
  const rows: readonly [string, string, number, string][] = [
    ["10.1.2.3,22", "10.1.2.3", 22, "10.1.2.3,22"],
    ["internal.example.com,0443", "internal.example.com", 443, "internal.example.com,443"],
    ["db_1.lan.,5432", "db_1.lan.", 5432, "db_1.lan.,5432"],
    ["[2001:DB8::5],22", "2001:db8::5", 22, "[2001:db8::5],22"],
    ["[::ffff:10.0.0.1],22", "10.0.0.1", 22, "10.0.0.1,22"],
  ];
  for (const [text, host, port, canonical] of rows) {
    const nat = parseNat(text);
    assert.deepEqual(nat, { ok: true, value: { host, port } }, text);
    assert.ok(nat.ok && formatNat(nat.value) === canonical);
  }
});

Deno.test("parseNat() refuses everything else", () => {
  const rows = [
    "",
    ",",
    ",22",
    "a",
    "a,",
    "a,0",
    "a,65536",
    "a,22x",
    "a,000022",
    "a,22,1",
    "a:22",
    "ho st,22",
    "h@st,22",
    "999.1.2.3,22",
    "010.0.0.1,22",
    "2001:db8::5,22",
    "[::],22",
    "[1.2.3.4],22",
    "[::1%lo],22",
    "[::1,22",
    `${"a".repeat(64)},22`,
    `${"a.".repeat(36)}a,22`,
  ];
  for (const text of rows) assert.equal(parseNat(text).ok, false, text);
});
