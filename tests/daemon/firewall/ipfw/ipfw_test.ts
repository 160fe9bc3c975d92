import assert from "node:assert/strict";
import { ipfw } from "../../../../daemon/firewall/ipfw/ipfw.ts";

const VALUES = { firewallExe: "/usr/sbin/iptables" };

Deno.test("ipfw says why it cannot be used on a host without its program", () => {
  const config = { ...ipfw.configure(VALUES), program: "/nowhere/ipfw" };
  assert.equal(ipfw.blocker(config), "ipfw is not here (there is no /nowhere/ipfw)");
  assert.equal(ipfw.blocker({ ...config, program: new URL(import.meta.url).pathname }), null);
});

Deno.test("ipfw enters no chain of Linux, and is opened without running anything", async () => {
  const config = { ...ipfw.configure(VALUES), program: "/nowhere/ipfw" };
  assert.deepEqual([ipfw.owners(config), ipfw.isOurs(config, "FWKNOP_INPUT"), ipfw.program(null)], [[], false, null]);
  const path = { chains: [], survey: () => Promise.resolve([]) };
  using opened = await ipfw.open(config, { slots: ["input"], log: () => {}, path, owner: null, hears: false });
  assert.equal(opened.name, "ipfw");
  await assert.rejects(opened.check(), /Cannot run \/nowhere\/ipfw: there is no such program/);
});
