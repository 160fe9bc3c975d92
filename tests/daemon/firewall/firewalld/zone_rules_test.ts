import assert from "node:assert/strict";
import { accessKey } from "../../../../daemon/firewall/firewall.ts";
import { grantsOf, mayChange, refusal, ZoneRules } from "../../../../daemon/firewall/firewalld/zone_rules.ts";
import type { RuleAccess } from "../../../../daemon/firewall/firewalld/rich_rule.ts";
import { address } from "../../../contract/addresses.ts";
import { fakeFirewalld } from "./fake_firewalld.ts";

const NOW = 1_800_000_000;
const access: RuleAccess = {
  ...{ slot: "input", source: address("192.0.2.1"), destination: null, service: { proto: "tcp", port: 22 } },
};

Deno.test("everywhere() has exact ends of this process' rules, and those that the marks say of others'", async () => {
  const service = fakeFirewalld(NOW);
  const rules = new ZoneRules(service, { zones: ["dmz"], clock: () => service.now });
  const end = NOW + 20_001;
  assert.equal(await rules.open(access, end, await rules.inUse()), false);
  assert.deepEqual(grantsOf(await rules.everywhere()), [{ access, expiresAt: end }]);
  const later = new ZoneRules(service, { zones: [], clock: () => service.now });
  const [found] = grantsOf(await later.everywhere());
  assert.ok(found && found.expiresAt <= end && found.expiresAt > end - 256);
});

Deno.test("remove() takes a rule that is gone, or whose zone is, for removed", async () => {
  const service = fakeFirewalld(NOW);
  const rules = new ZoneRules(service, { zones: [], clock: () => NOW });
  await rules.remove({ zone: "public", text: "rule", access });
  await rules.remove({ zone: "gone", text: "rule", access });
  service.refuse = "other";
  await assert.rejects(rules.remove({ zone: "public", text: "rule", access }), /other/);
});

Deno.test("known() is what firewalld told last with what was done since, until there is a doubt", async () => {
  const service = fakeFirewalld(NOW);
  const rules = new ZoneRules(service, { zones: [], clock: () => service.now });
  assert.equal(await rules.known(), null);
  await rules.open(access, NOW + 30, await rules.inUse());
  const other = { ...access, source: address("192.0.2.2") };
  await rules.open(other, NOW + 40, await rules.known() ?? new Map());
  assert.deepEqual(await rules.known(), await rules.inUse());
  await rules.open(access, NOW + 300, await rules.known() ?? new Map());
  const [rule] = (await rules.known())?.get(accessKey(other)) ?? [];
  await rules.remove(rule!);
  const known = await rules.known();
  assert.deepEqual(known, await rules.inUse());
  assert.deepEqual([...known?.values() ?? []].flat().map(({ expiresAt }) => expiresAt), [NOW + 300]);
  service.refuse = "unsure";
  await assert.rejects(rules.remove(rule!), /unsure/);
  service.refuse = null;
  assert.equal(await rules.known(), null);
  await rules.inUse();
  service.refuse = "absent";
  await assert.rejects(rules.everywhere());
  service.refuse = null;
  assert.equal(await rules.known(), null, "what was asked for and not told is not known");
});

Deno.test("mayChange() changes nothing, and throws where it may not", async () => {
  const service = fakeFirewalld(NOW);
  await mayChange(service, "public");
  assert.equal(service.rulesOf.get("public")?.size, 0);
  service.refuse = "denied";
  await assert.rejects(mayChange(service, "public"), (error) => refusal(error) === "denied");
});
