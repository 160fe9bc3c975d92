import assert from "node:assert/strict";
import type { Grant } from "../../../../daemon/firewall/firewall.ts";
import { grantsOf, planChange, type View } from "../../../../daemon/firewall/pf/plan.ts";
import { doorRule, endRule, parseAnchor, parseEnds } from "../../../../daemon/firewall/pf/rules.ts";
import { accessThrough, type Door } from "../../../../daemon/firewall/pf/tables.ts";

const DOOR: Door = { family: 4, service: { proto: "tcp", port: 22 }, destination: null };
const LEGACY = 'pass in quick inet proto tcp from 10.0.0.7 to any port = ssh keep state label "_exp_70"';
const OTHERS = ["pass in proto udp from 10.0.0.9 to any port = domain keep state"];

function access(client: string) {
  const found = accessThrough(DOOR, client);
  assert.ok(found !== null);
  return found;
}

function view(clients: Readonly<Record<string, number>>, more: Partial<View> = {}): View {
  const ends = Object.entries(clients).map(([client, end]) => endRule(access(client), end));
  return {
    doors: [{ ...DOOR, clients: Object.keys(clients) }],
    ending: parseAnchor(LEGACY, "a").ending,
    others: OTHERS,
    ends: parseEnds(ends.join("\n")),
    ...more,
  };
}

const grant = (client: string, expiresAt: number): Grant => ({ access: access(client), expiresAt });
const NOTHING = { taken: [], ends: null, added: [], anchor: null, clashing: [] };

Deno.test("grantsOf() has the end of each entry, none where nobody knows it, and rules that have one themselves", () => {
  const doors = [{ ...DOOR, clients: ["10.0.0.1", "10.0.0.2", "10.0.0.0/8"] }];
  const listed = grantsOf(view({ "10.0.0.1": 60 }, { doors }), "a");
  assert.deepEqual(listed.map(({ access: { slot }, expiresAt }) => [slot, expiresAt]), [
    ...[["input", 60], ["input", 0], ["foreign", 0], ["foreign", 70]],
  ]);
});

Deno.test("planChange() touches what changes only: an entry, an end, or the anchor where a service comes or goes", () => {
  const before = view({ "10.0.0.1": 60, "10.0.0.2": 61 });
  const [one, two, legacy] = grantsOf(before, "a");
  assert.ok(one && two && legacy);
  const end = (client: string, at: number) => `${endRule(access(client), at)}\n`;
  assert.deepEqual(planChange(before, { open: [], close: [] }), NOTHING);
  assert.deepEqual(planChange(before, { open: [], close: [one] }), {
    ...NOTHING,
    taken: [{ table: "fwknop_tcp_22", clients: ["10.0.0.1"] }],
    ends: end("10.0.0.2", 61),
  });
  assert.deepEqual(planChange(before, { open: [grant("10.0.0.3", 90)], close: [] }), {
    ...NOTHING,
    ends: end("10.0.0.1", 60) + end("10.0.0.2", 61) + end("10.0.0.3", 90),
    added: [{ table: "fwknop_tcp_22", clients: ["10.0.0.3"] }],
  });
  // Renewed: the entry stays where it is.
  assert.deepEqual(planChange(before, { open: [grant("10.0.0.1", 90)], close: [one] }), {
    ...NOTHING,
    ends: end("10.0.0.2", 61) + end("10.0.0.1", 90),
  });
  assert.deepEqual(planChange(before, { open: [], close: [one, two] }), {
    ...NOTHING,
    ends: "",
    anchor: `${OTHERS[0]}\n${LEGACY}\n`,
  });
  assert.deepEqual(planChange(before, { open: [], close: [legacy] }), {
    ...NOTHING,
    anchor: `${OTHERS[0]}\n${doorRule(DOOR)}\n`,
  });
});

Deno.test("planChange() makes a table with exactly its entries, where there is none and where it was lost", () => {
  for (const doors of [[], [{ ...DOOR, clients: null }]]) {
    const { added, anchor, taken } = planChange(view({}, { doors }), { open: [grant("10.0.0.1", 60)], close: [] });
    assert.deepEqual([added, taken], [[], []]);
    assert.equal(anchor, `table <fwknop_tcp_22> { 10.0.0.1 }\n${OTHERS[0]}\n${LEGACY}\n${doorRule(DOOR)}\n`);
  }
});
