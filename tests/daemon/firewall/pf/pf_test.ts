import assert from "node:assert/strict";
import { pf } from "../../../../daemon/firewall/pf/pf.ts";

const VALUES = { firewallExe: "/usr/sbin/iptables" };

Deno.test("pf says why it cannot be used on a host without its program", () => {
  const config = { ...pf.configure(VALUES), program: "/nowhere/pfctl" };
  assert.equal(pf.blocker(config), "pf is not here (there is no /nowhere/pfctl)");
  assert.equal(pf.blocker({ ...config, program: new URL(import.meta.url).pathname }), null);
});

Deno.test("pf enters no chain of Linux, and is opened without running anything", async () => {
  const config = { ...pf.configure(VALUES), program: "/nowhere/pfctl" };
  assert.deepEqual([pf.owners(config), pf.isOurs(config, "FWKNOP_INPUT"), pf.program(null)], [[], false, null]);
  const path = { chains: [], survey: () => Promise.resolve([]) };
  using opened = await pf.open(config, { slots: ["input"], log: () => {}, path, owner: null, hears: false });
  assert.equal(opened.name, "pf");
  await assert.rejects(opened.check(), /Cannot run \/nowhere\/pfctl: there is no such program/);
});
