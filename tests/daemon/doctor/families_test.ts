import assert from "node:assert/strict";
import { ownFamilies, reachableFamilies } from "../../../daemon/doctor/families.ts";

Deno.test("reachableFamilies() counts IPv6 only with an address that others can reach", () => {
  const loopback = "00000000000000000000000000000001 01 80 10 80       lo\n";
  const link = "fe800000000000000042acfffe110002 02 40 20 80     eth0\n";
  const global = "20010db8000000000000000000000001 02 40 00 80     eth0\n";
  assert.deepEqual(reachableFamilies(loopback + link), [4]);
  assert.deepEqual(reachableFamilies(null), [4]);
  assert.deepEqual(reachableFamilies(loopback + link + global), [4, 6]);
});

Deno.test("ownFamilies() are those of this host, IPv4 among them", () => {
  const addresses = Deno.networkInterfaces().filter(({ family, address }) =>
    family === "IPv6" && address !== "::1" && !/^fe[89ab]/.test(address)
  );
  assert.deepEqual(ownFamilies(), addresses.length > 0 ? [4, 6] : [4]);
});
