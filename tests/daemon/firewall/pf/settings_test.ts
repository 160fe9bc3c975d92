import assert from "node:assert/strict";
import { configurePf, pfObjections } from "../../../../daemon/firewall/pf/settings.ts";
import { good, STANZA, wrong } from "../../config/in_memory.ts";

const BUILT_IN = {
  firewallExe: "/usr/sbin/iptables",
  flushPfAtInit: "Y",
  flushPfAtExit: "Y",
  pfAnchor: "fwknop",
  pfExpire: "30",
};

Deno.test("configurePf() has the values of the C daemon, and the pfctl that FIREWALL_EXE names", () => {
  const usual = { program: "/sbin/pfctl", anchor: "fwknop", flushAtInit: true, flushAtExit: true };
  assert.deepEqual(configurePf(BUILT_IN), usual);
  const values = { ...BUILT_IN, firewallExe: "/usr/sbin/pfctl", pfAnchor: "a/b", flushPfAtInit: "n" };
  assert.deepEqual(configurePf(values, new Set(["firewallExe"])), {
    ...usual,
    program: "/usr/sbin/pfctl",
    anchor: "a/b",
    flushAtInit: false,
  });
});

Deno.test("pfObjections() are anchors that pf.conf could not name, numbers out of range, and another program", () => {
  const keys = (values: Partial<typeof BUILT_IN>, ...given: readonly string[]) =>
    pfObjections({ ...BUILT_IN, ...values }, new Set(given)).map(({ key }) => key);
  assert.deepEqual(keys({}), []);
  for (const pfAnchor of ['a"b', "a b", "-F", "/a", "a//b", "a".repeat(64), "$(x)", "a\nb", ""]) {
    assert.deepEqual(keys({ pfAnchor }), ["pfAnchor"], pfAnchor);
  }
  assert.deepEqual(keys({ pfAnchor: "a".repeat(63), pfExpire: "131072" }), ["pfExpire"]);
  assert.deepEqual(keys({ flushPfAtExit: "maybe" }), ["flushPfAtExit"]);
  assert.deepEqual(keys({}, "firewallExe"), ["firewallExe"]);
  assert.deepEqual(keys({ firewallExe: "/sbin/pfctl" }, "firewallExe"), []);
});

Deno.test("PF_ANCHOR_NAME may say anything where pf is not in use; where it is, a wrong one is a mistake with its line", () => {
  const line = 'PF_ANCHOR_NAME a"b\n';
  assert.match(good(line, STANZA).warnings.join("\n"), /^\/c:1: PF_ANCHOR_NAME has no effect/m);
  assert.match(wrong(`FIREWALL pf\n${line}`, STANZA).join("\n"), /^\/c:2: PF_ANCHOR_NAME: expected letters/m);
  assert.doesNotMatch(good("FIREWALL pf\nPF_ANCHOR_NAME mine\n", STANZA).warnings.join("\n"), /PF_ANCHOR_NAME/);
});
