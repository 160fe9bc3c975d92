import assert from "node:assert/strict";
import { formatService, parseService } from "../../../lib/net/service.ts";

Deno.test("parseService() takes lower-case tcp and udp, ports 1 to 65535, leading zeros too", () => {
  const rows: readonly [string, string][] = [["tcp/22", "tcp/22"], ["udp/65535", "udp/65535"], ["tcp/022", "tcp/22"], [
    "udp/00001",
    "udp/1",
  ]];
  for (const [text, canonical] of rows) {
    const service = parseService(text);
    assert.ok(service.ok, text);
    assert.equal(formatService(service.value), canonical);
  }
});

Deno.test("parseService() tells a bad protocol from a bad port", () => {
  const protocols = ["", "tcp", "/22", "TCP/22", "icmp/8", "none/0", " tcp/22", "tcpp/22"];
  for (const text of protocols) assert.deepEqual(parseService(text), { ok: false, fault: "protocol" }, text);
  const ports = [
    "tcp/",
    "tcp/0",
    "tcp/00000",
    "tcp/65536",
    "tcp/22x",
    "tcp/000022",
    "tcp/-1",
    "tcp/+1",
    "tcp/ 22",
    "tcp/22/23",
    "tcp/２２",
  ];
  for (const text of ports) assert.deepEqual(parseService(text), { ok: false, fault: "port" }, text);
});
