import assert from "node:assert/strict";
import { FamilyRules } from "../../../../daemon/firewall/iptables/family.ts";
import { rehearseGrants } from "../../../../daemon/firewall/iptables/rehearse_grants.ts";
import { findTools } from "../../../../daemon/firewall/iptables/tools.ts";
import { address } from "../../../contract/addresses.ts";
import { DEFAULTS } from "./defaults.ts";

const never = () => assert.fail("done in a rehearsal");
const GRANT = {
  access: { slot: "input", source: address("192.0.2.1"), destination: null, service: { proto: "tcp", port: 22 } },
  expiresAt: 1060,
} as const;

/** Rules that were never listed, and what the program that is kept open was asked. */
function scene(rehearse: (table: string) => Promise<void>) {
  const kept = { apply: never, start: never, rehearse };
  const options = { ...DEFAULTS, active: ["input"], hears: true, log: never, kept } as const;
  return (withKept: boolean) =>
    new FamilyRules(never, findTools(DEFAULTS.firewallExe, 4), { ...options, kept: withKept ? kept : null });
}

Deno.test("rehearseGrants() goes the way of a grant up to the program that is kept open, and nothing is noted", async () => {
  const tables: string[] = [];
  const rules = scene((table) => Promise.resolve(void tables.push(table)))(true);
  await rehearseGrants([rules], [GRANT, { ...GRANT, expiresAt: 1090 }], 1000);
  assert.deepEqual([tables, rules.open()], [["filter"], []]);
  await rehearseGrants([rules], [GRANT], 1000);
  assert.deepEqual([tables, rules.open()], [["filter", "filter"], []]);
});

Deno.test("rehearseGrants() does nothing where no program is kept open", async () => {
  await rehearseGrants([scene(never)(false)], [GRANT], 1000);
});
