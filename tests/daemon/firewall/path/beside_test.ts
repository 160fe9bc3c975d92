import assert from "node:assert/strict";
import { type Access, liveOnDemand } from "../../../../daemon/firewall/firewall.ts";
import { grantsBeside } from "../../../../daemon/firewall/path/beside.ts";
import { address } from "../../../contract/addresses.ts";

Deno.test("grantsBeside() has the grants of a source, and none that have no source", () => {
  const [one, other] = [address("192.0.2.1"), address("192.0.2.2")];
  const service = { proto: "tcp", port: 22 } as const;
  const input: Access = { slot: "input", source: one, destination: null, service };
  const published: Access = { ...input, slot: "published" };
  const all: readonly Access[] = [
    ...[input, published, { ...input, source: other }],
    ...[{ slot: "snat", match: { source: one }, to: other } as const],
    ...[{ slot: "foreign", family: 4, table: "filter", chain: "INPUT", rule: "" } as const],
  ];
  let looks = 0;
  const open = liveOnDemand(() => {
    looks++;
    return all.slice(1).map((access) => ({ access, expiresAt: 0 }));
  });
  const beside = grantsBeside([{ access: input, expiresAt: 0 }], open);
  assert.equal(looks, 0, "nobody asked yet");
  assert.deepEqual(beside(address("192.0.2.1")), [input, published]);
  assert.deepEqual(beside(address("192.0.2.3")), []);
  assert.equal(looks, 1);
});
