import assert from "node:assert/strict";
import { readActiveZones, zonesFor } from "../../../../daemon/firewall/firewalld/zones.ts";
import { address } from "../../../contract/addresses.ts";

const zone = (name: string, interfaces: readonly string[], sources: readonly string[] = []) => ({
  name,
  interfaces,
  sources,
});

Deno.test("readActiveZones() reads the answer of firewalld, and leaves out what has another shape", () => {
  assert.deepEqual(
    readActiveZones([["public", [["interfaces", ["eth0"]], ["sources", []]]], ["work", [["sources", ["10.0.0.0/8"]]]]]),
    [zone("public", ["eth0"]), zone("work", [], ["10.0.0.0/8"])],
  );
  assert.deepEqual(readActiveZones(undefined), []);
  assert.deepEqual(readActiveZones(["public", 3, [4, []], ["odd", "text"]]), [zone("odd", [])]);
});

Deno.test("zonesFor() is the default zone where nothing is bound", () => {
  assert.deepEqual(zonesFor(address("192.0.2.1"), [], "public"), ["public"]);
});

Deno.test("zonesFor() are the zones of all interfaces and the default zone, each once", () => {
  const active = [zone("public", ["eth0"]), zone("dmz", ["eth1"]), zone("work", [], ["10.0.0.0/8"])];
  assert.deepEqual(zonesFor(address("192.0.2.1"), active, "public"), ["public", "dmz"]);
});

Deno.test("zonesFor() is the zone that names the source, before those of interfaces", () => {
  const active = [zone("public", ["eth0"]), zone("work", [], ["10.0.0.0/8", "2001:db8::/32"])];
  assert.deepEqual(zonesFor(address("10.1.2.3"), active, "public"), ["work"]);
  assert.deepEqual(zonesFor(address("2001:db8::7"), active, "public"), ["work"]);
});

Deno.test("zonesFor() has zones that are bound to a set or to a network card: the client may be in them", () => {
  const active = [zone("public", ["eth0"]), zone("set", [], ["ipset:office"]), zone("card", [], ["00:11:22:33:44:55"])];
  assert.deepEqual(zonesFor(address("192.0.2.1"), active, "public"), ["public", "set", "card"]);
});
