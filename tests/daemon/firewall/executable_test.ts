import assert from "node:assert/strict";
import { executable, exeObjections } from "../../../daemon/firewall/executable.ts";

const GIVEN = new Set(["firewallExe"]);
const USUAL = "/sbin/pfctl";

Deno.test("executable() is the usual one unless somebody wrote FIREWALL_EXE", () => {
  assert.equal(executable(USUAL, { firewallExe: "/usr/sbin/iptables" }), USUAL);
  assert.equal(executable(USUAL, { firewallExe: "/usr/sbin/pfctl" }, GIVEN), "/usr/sbin/pfctl");
});

Deno.test("exeObjections() refuse another program and a path that is not absolute", () => {
  assert.deepEqual(exeObjections(USUAL, { firewallExe: "/usr/sbin/iptables" }, new Set()), []);
  assert.deepEqual(exeObjections(USUAL, { firewallExe: "/opt/pfctl" }, GIVEN), []);
  for (const firewallExe of ["/usr/sbin/iptables", "pfctl", "sbin/pfctl", "/sbin/mypfctl", ""]) {
    const [objection] = exeObjections(USUAL, { firewallExe }, GIVEN);
    assert.equal(objection?.hint, "set FIREWALL_EXE to /sbin/pfctl, or remove it", firewallExe);
  }
});
