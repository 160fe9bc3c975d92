import assert from "node:assert/strict";
import { portsToWaitFor } from "../../../cli/after/ports.ts";
import { accessTo, COMMAND } from "../../fakes/requests.ts";

Deno.test("portsToWaitFor() takes every TCP port once", () => {
  const request = accessTo("tcp/22,udp/53,tcp/443,tcp/22");
  assert.deepEqual(portsToWaitFor(request, "--wait"), { ok: true, value: [22, 443] });
});

Deno.test("portsToWaitFor() refuses UDP alone and commands, with the reason", () => {
  const udp = portsToWaitFor(accessTo("udp/53"), "--wait");
  assert.ok(!udp.ok);
  assert.match(udp.fault.message, /^--wait needs a TCP port: an open UDP port gives no answer/);
  const command = portsToWaitFor(COMMAND, "--then");
  assert.ok(!command.ok);
  assert.match(command.fault.message, /^--then cannot be combined with a command/);
});
