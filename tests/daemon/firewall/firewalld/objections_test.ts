import assert from "node:assert/strict";
import { impossible, objectionTo, twinOf } from "../../../../daemon/firewall/firewalld/objections.ts";
import type { Access, Slot } from "../../../../daemon/firewall/firewall.ts";
import { address } from "../../../contract/addresses.ts";

const source = address("192.0.2.1"), inside = address("10.0.0.5");
const SSH = { proto: "tcp", port: 22 } as const;
const NAT: readonly Slot[] = ["input", "forward", "dnat"];
const dnat: Access = {
  ...{ slot: "dnat", source, destination: null, service: { proto: "tcp", port: 2222 }, to: inside, toPort: 22 },
};
const forward: Access = { slot: "forward", source, target: inside, service: SSH };

Deno.test("impossible() names the setting that firewalld cannot do", () => {
  assert.equal(impossible({ output: false, snat: false }), null);
  assert.match(impossible({ output: true, snat: false }) ?? "", /ENABLE_FIREWD_OUTPUT/);
  assert.match(impossible({ output: false, snat: true }) ?? "", /ENABLE_FIREWD_SNAT/);
  assert.match(impossible({ output: false, snat: false }, ["input", "published"]) ?? "", /GUARD forward/);
});

Deno.test("objectionTo() has a reason for each kind of grant that no rich rule holds", () => {
  assert.equal(objectionTo({ slot: "input", source, destination: null, service: SSH }, ["input"]), null);
  assert.equal(objectionTo(dnat, NAT), null);
  assert.match(objectionTo(dnat, ["input"]) ?? "", /not switched on/);
  assert.match(objectionTo({ ...dnat, service: null, toPort: null }, NAT) ?? "", /FORWARD_ALL/);
  assert.match(objectionTo(forward, NAT) ?? "", /DISABLE_DNAT/);
  assert.match(objectionTo({ slot: "snat", match: { source }, to: inside }, NAT) ?? "", /rewrite sources/);
  assert.match(objectionTo({ slot: "output", source, destination: null, service: SSH }, NAT) ?? "", /cannot hold/);
});

Deno.test("twinOf() finds the forwarded port that lets the same client through to the same host", () => {
  const grants = (access: Access) => [{ access, expiresAt: 0 }];
  assert.equal(twinOf(forward, grants(dnat)), dnat);
  assert.equal(twinOf({ ...forward, target: null }, grants(dnat)), dnat);
  assert.equal(twinOf(dnat, grants(dnat)), null);
  assert.equal(twinOf({ ...forward, service: null }, grants(dnat)), null);
  for (
    const other of [
      { ...dnat, source: address("192.0.2.2") },
      { ...dnat, to: address("10.0.0.6") },
      { ...dnat, toPort: 23 },
      { ...dnat, service: { proto: "udp", port: 2222 } as const },
    ]
  ) assert.equal(twinOf(forward, grants(other)), null);
});
