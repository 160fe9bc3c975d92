import assert from "node:assert/strict";
import { firewalld } from "../../../../daemon/firewall/firewalld/firewalld.ts";

Deno.test("firewalld opens grants in its own chains only, runs no program and needs no right", () => {
  const config = firewalld.configure({
    ...{ firewdZone: undefined, flushFirewdAtInit: true, flushFirewdAtExit: true, outputRules: false, snat: false },
  });
  assert.deepEqual(firewalld.owners(config), ["firewalld"]);
  assert.deepEqual([firewalld.programs, firewalld.needs, firewalld.program(config)], [[], [], null]);
  assert.equal(firewalld.isOurs(config, "filter_IN_public"), false);
});
