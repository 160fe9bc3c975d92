import assert from "node:assert/strict";
import { formatService, formatServices, parsePort, parseService, parseServices } from "../../../lib/net/service.ts";

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

Deno.test("parsePort() takes 1 to 65535 in up to five digits, and nothing else", () => {
  for (const [digits, port] of [["1", 1], ["22", 22], ["00022", 22], ["65535", 65_535]] as const) {
    assert.equal(parsePort(digits), port);
  }
  for (const digits of ["", "0", "00000", "65536", "000022", "-1", "+1", "1e3", "0x16", " 22", "22\n", "٢"]) {
    assert.equal(parsePort(digits), null, JSON.stringify(digits));
  }
});

Deno.test("parseServices() reads what formatServices() writes, and names the first item that it cannot read", () => {
  const services = [{ proto: "tcp", port: 22 }, { proto: "udp", port: 53 }] as const;
  assert.equal(formatServices(services), "tcp/22,udp/53");
  assert.deepEqual(parseServices("tcp/22,udp/53"), { ok: true, value: services });
  for (const [text, item, fault] of [["tcp/22,tcp/0,x", "tcp/0", "port"], ["tcp/22,", "", "protocol"]] as const) {
    assert.deepEqual(parseServices(text), { ok: false, fault: { item, fault } });
  }
});
