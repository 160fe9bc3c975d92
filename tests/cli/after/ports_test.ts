import assert from "node:assert/strict";
import { portsToWaitFor } from "../../../cli/after/ports.ts";
import type { Service } from "../../../lib/net/service.ts";

function services(...ports: readonly (readonly ["tcp" | "udp", number])[]): { services: readonly Service[] } {
  return { services: ports.map(([proto, port]) => ({ proto, port })) };
}

Deno.test("portsToWaitFor() takes every TCP port once", () => {
  const request = services(["tcp", 22], ["udp", 53], ["tcp", 443], ["tcp", 22]);
  assert.deepEqual(portsToWaitFor(request, "--wait"), { ok: true, value: [22, 443] });
});

Deno.test("portsToWaitFor() refuses UDP alone and commands, with the reason", () => {
  const udp = portsToWaitFor(services(["udp", 53]), "--wait");
  assert.ok(!udp.ok);
  assert.match(udp.fault.message, /^--wait needs a TCP port: an open UDP port gives no answer/);
  const command = portsToWaitFor(services(), "--then");
  assert.ok(!command.ok);
  assert.match(command.fault.message, /^--then cannot be combined with a command/);
});
