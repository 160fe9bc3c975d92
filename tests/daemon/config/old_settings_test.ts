import assert from "node:assert/strict";
import { oldLine } from "../../../daemon/config/old_settings.ts";
import { OLD_NAMES } from "../../../lib/settings/old_names.ts";
import { isDirective } from "../../../daemon/config/names.ts";

const FILES = ["fwknopd.conf", "access.conf"] as const;

Deno.test("what limited who gets in is refused, with its remedy, unless it asks for nothing", () => {
  const cases = [
    ["BLACKLIST", "fwknopd.conf", "192.0.2.0/24", "NONE"],
    ["FIREWALL_TYPE", "fwknopd.conf", "external_cmd", "iptables"],
    ["ENABLE_EXTERNAL_CMDS", "access.conf", "Y", "N"],
    ["DISABLE_FW_ACCESS", "access.conf", "Y", "N"],
    ["PERMIT_CLIENT_PORTS", "access.conf", "N", "Y"],
    ["PERMIT_CLIENT_TIMEOUT", "access.conf", "N", "Y"],
  ] as const;
  for (const [name, file, limiting, idle] of cases) {
    const refused = oldLine(name, limiting, file);
    assert.ok(refused !== null && "hint" in refused, name);
    assert.ok(refused.message.startsWith(`${name}: `) && refused.hint.length > 0);
    assert.deepEqual(oldLine(name, idle, file), { warning: `${name} is of fwknop 1.x and has no effect` });
  }
});

Deno.test("what always limits is refused whatever it says", () => {
  for (const name of ["RESTRICT_INTF", "VALID_USERS", "CMD_REGEX"]) {
    for (const value of ["", "none", "N", "Y"]) assert.ok("hint" in (oldLine(name, value, "access.conf") ?? {}), name);
  }
});

Deno.test("what only said how that program worked is a warning; each name counts in its own file", () => {
  assert.deepEqual(oldLine("KNOPTM_PID_FILE", "x", "fwknopd.conf"), {
    warning: "KNOPTM_PID_FILE is of fwknop 1.x and has no effect",
  });
  assert.equal(oldLine("KNOPTM_PID_FILE", "x", "access.conf"), null);
  assert.match(JSON.stringify(oldLine("keytype", "x", "access.conf")), /OpenWrt/);
  assert.equal(oldLine("keytype", "x", "fwknopd.conf"), null);
  assert.equal(oldLine("PCAP_INTF", "eth0", "fwknopd.conf"), null);
  assert.equal(oldLine("toString", "x", "access.conf"), null);
});

Deno.test("no name of today is among the old ones, and no message repeats the value", () => {
  for (const file of FILES) {
    for (const name of OLD_NAMES[file]) {
      assert.ok(!isDirective(name), name);
      assert.ok(!JSON.stringify(oldLine(name, "s3cret", file)).includes("s3cret"), name);
    }
  }
});
