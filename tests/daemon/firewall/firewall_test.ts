import assert from "node:assert/strict";
import {
  type Access,
  accessFamily,
  accessKey,
  liveOnDemand,
  type NatMatch,
} from "../../../daemon/firewall/firewall.ts";
import { parseIp } from "../../../lib/net/address.ts";

function ip(text: string) {
  const parsed = parseIp(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Every kind of grant with every choice of its parts. */
function everyAccess(): readonly Access[] {
  const sources = ["192.0.2.1", "192.0.2.11", "2001:db8::1"];
  const services = [{ proto: "tcp", port: 22 }, { proto: "udp", port: 22 }, { proto: "tcp", port: 2 }] as const;
  const others = ["198.51.100.1", "198.51.100.2", null];
  const rows: Access[] = [];
  for (const source of sources.map(ip)) {
    for (const other of others.map((text) => text === null ? null : ip(text))) {
      for (const service of services) {
        for (const slot of ["input", "output", "published"] as const) {
          rows.push({ slot, source, destination: other, service });
        }
        rows.push({ slot: "forward", source, target: other, service });
        for (const toPort of [22, 2, null]) {
          rows.push({ slot: "dnat", source, destination: other, service, to: ip("203.0.113.5"), toPort });
        }
      }
      rows.push({ slot: "forward", source, target: other, service: null });
      rows.push({ slot: "dnat", source, destination: other, service: null, to: ip("203.0.113.5"), toPort: null });
    }
    const matches: NatMatch[] = [{ source }, ...services.map((service) => ({ destination: source, service }))];
    for (const match of matches) {
      for (const to of ["203.0.113.5", "203.0.113.6"]) rows.push({ slot: "snat", match, to: ip(to) });
      for (const toPort of [22, null]) rows.push({ slot: "masquerade", match, toPort });
    }
  }
  for (
    const [table, chain, rule] of [["a", "b", "c"], ["a b", "c", "c"], ["a", "b c", "c"], ["a", "b", "c c"]] as const
  ) {
    for (const family of [4, 6] as const) rows.push({ slot: "foreign", family, table, chain, rule });
  }
  return rows;
}

Deno.test("accessKey() tells all grants apart, and gives equal ones the same key, however they were built", () => {
  const all = everyAccess();
  assert.equal(new Set(all.map(accessKey)).size, all.length);
  for (const access of all) {
    const turned = Object.fromEntries(Object.entries(structuredClone(access)).toReversed()) as unknown as Access;
    assert.equal(accessKey(turned), accessKey(access));
  }
});

Deno.test("accessFamily() is that of the addresses", () => {
  for (const access of everyAccess()) {
    const six = access.slot === "foreign" ? access.family === 6 : "source" in access && access.source.family === 6;
    if ("source" in access || access.slot === "foreign") assert.equal(accessFamily(access), six ? 6 : 4);
  }
});

Deno.test("liveOnDemand() asks each time that somebody begins to read, and not before", () => {
  let asked = 0;
  const live = liveOnDemand(() => (asked++, []));
  assert.equal(asked, 0);
  assert.deepEqual([[...live], [...live], asked], [[], [], 2]);
});
