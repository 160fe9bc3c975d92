import assert from "node:assert/strict";
import { doorOf, parseTables, tableName } from "../../../../daemon/firewall/ipfw/tables.ts";
import { parseIp } from "../../../../lib/net/address.ts";

function ip(text: string) {
  const read = parseIp(text);
  assert.ok(read.ok);
  return read.value;
}

Deno.test("tableName() says what a table opens, and doorOf() reads it", () => {
  const table = [
    [{ service: { proto: "tcp", port: 22 }, destination: null }, "fwknop_tcp_22"],
    [{ service: { proto: "udp", port: 65535 }, destination: ip("10.77.0.1") }, "fwknop_udp_65535_0a4d0001"],
    [{ service: { proto: "tcp", port: 1 }, destination: ip("fd77::1") }, `fwknop_tcp_1_fd77${"0".repeat(27)}1`],
  ] as const;
  for (const [door, name] of table) {
    assert.equal(tableName(door), name);
    assert.deepEqual(doorOf(name), door);
    // The longest name that ipfw takes.
    assert.ok(name.length < 64);
  }
});

Deno.test("doorOf() knows no other name", () => {
  for (
    const name of [
      ...[
        "fwknop",
        "fwknop_tcp",
        "fwknop_icmp_1",
        "fwknop_tcp_0",
        "fwknop_tcp_022",
        "fwknop_tcp_65536",
        "fwknop_tcp_22_",
      ],
      ...["fwknop_tcp_22_0a4d00", "fwknop_tcp_22_0A4D0001", "fwknop_tcp_22_0a4d00010a4d0001", "afwknop_tcp_22"],
      `fwknop_tcp_22_${"0".repeat(20)}ffff0a4d0001`,
    ]
  ) assert.equal(doorOf(name), null, name);
});

Deno.test("parseTables() reads our tables, empty ones too, and of their entries single addresses", () => {
  const listing = [
    "--- table(fwknop_tcp_22), set(0) ---",
    "10.77.0.2/32 1700000000",
    "10.0.0.0/8 1700000000",
    "fd77::2/128 1700000001",
    "fd77::/64 1700000001",
    "--- table(blocked), set(0) ---",
    "10.77.0.9/32 0",
    "--- table(fwknop_udp_53), set(0) ---",
    "",
  ].join("\n");
  const tables = [...parseTables(listing)].map(([name, entries]) => [
    name,
    entries.map(({ source, expiresAt }) => `${source.text} ${expiresAt}`),
  ]);
  assert.deepEqual(tables, [
    ["fwknop_tcp_22", ["10.77.0.2 1700000000", "fd77::2 1700000001"]],
    ["fwknop_udp_53", []],
  ]);
});
