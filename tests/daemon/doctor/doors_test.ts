import assert from "node:assert/strict";
import { doorsOf } from "../../../daemon/doctor/doors.ts";
import { NO_NAT_POLICY } from "../../../daemon/grants/nat_policy.ts";
import { parseAddressList } from "../../../lib/net/cidr.ts";
import { parseIp } from "../../../lib/net/address.ts";
import { formatService, type Service } from "../../../lib/net/service.ts";

const tcp = (port: number): Service => ({ proto: "tcp", port });

function stanza(source: string, openPorts: readonly Service[] | null, restrictPorts: readonly Service[] = []) {
  const list = parseAddressList(source);
  assert.ok(list.ok);
  return { source: list.value, openPorts, restrictPorts, cycle: null, nat: NO_NAT_POLICY, guard: "input" as const };
}

function texts(...stanzas: ReturnType<typeof stanza>[]): readonly string[] {
  return doorsOf(stanzas, [4, 6]).map(({ service, family }) => `${formatService(service)} ${family}`);
}

Deno.test("doorsOf() lists each service of the stanzas once, in the families of their sources", () => {
  assert.deepEqual(
    texts(stanza("192.0.2.0/24", [tcp(80), tcp(22)]), stanza("ANY", [tcp(22)]), stanza("2001:db8::/32", [tcp(443)])),
    ["tcp/80 4", "tcp/22 4", "tcp/22 6", "tcp/443 6"],
  );
});

Deno.test("doorsOf() takes tcp/22 for a stanza without ports, and leaves out what is restricted", () => {
  assert.deepEqual(texts(stanza("ANY", null)), ["tcp/22 4", "tcp/22 6"]);
  assert.deepEqual(texts(stanza("ANY", null, [tcp(22)])), []);
  assert.deepEqual(texts(stanza("ANY", [tcp(22), tcp(80)], [tcp(22)])), ["tcp/80 4", "tcp/80 6"]);
  assert.deepEqual(doorsOf([stanza("ANY", null)], [4]), [{ service: tcp(22), family: 4 }]);
});

Deno.test("doorsOf() has the doors to what others publish where GUARD asks for them", () => {
  const of = (guard: "forward" | "both") => doorsOf([{ ...stanza("ANY", [tcp(80)]), guard }], [4]);
  const published = { service: tcp(80), family: 4, published: true };
  assert.deepEqual(of("forward"), [published]);
  assert.deepEqual(of("both"), [{ service: tcp(80), family: 4, alsoPublished: true }, published]);
});

Deno.test("doorsOf() has no door of a stanza whose commands open something", () => {
  const cycle = { open: "open", close: null, timer: null };
  assert.deepEqual(doorsOf([{ ...stanza("ANY", [tcp(22)]), cycle }], [4]), []);
});

Deno.test("doorsOf() has the doors of the host inside to which FORCE_NAT leads, each once", () => {
  const to = parseIp("10.0.0.5");
  assert.ok(to.ok);
  const nat = { ...NO_NAT_POLICY, forceNat: { to: to.value, port: 443 } };
  assert.deepEqual(doorsOf([{ ...stanza("ANY", [tcp(22), tcp(80)]), nat }], [4, 6]), [
    { service: tcp(443), family: 4, forwarded: true },
  ]);
  assert.deepEqual(doorsOf([{ ...stanza("ANY", null), nat: { ...nat, forwardAll: true } }], [4, 6]), []);
});
