import assert from "node:assert/strict";
import { configureIpfw, ipfwObjections } from "../../../../daemon/firewall/ipfw/settings.ts";
import { good, STANZA, wrong } from "../../config/in_memory.ts";

const BUILT_IN = {
  firewallExe: "/usr/sbin/iptables",
  flushIpfwAtInit: "Y",
  flushIpfwAtExit: "Y",
  ipfwStart: "10000",
  ipfwMax: "65535",
  ipfwActiveSet: "1",
  ipfwExpireSet: "2",
  ipfwPurge: "30",
  ipfwCheckState: "N",
};

function ends(ipfwStart: string, ipfwMax: string): readonly [start: number, end: number] {
  const { start, end } = configureIpfw({ ...BUILT_IN, ipfwStart, ipfwMax });
  return [start, end];
}

Deno.test("configureIpfw() has the values of the C daemon, and no number that ipfw has not", () => {
  const { program, activeSet, expireSet, purgeInterval, checkState } = configureIpfw(BUILT_IN);
  assert.deepEqual([program, activeSet, expireSet, purgeInterval, checkState], ["/sbin/ipfw", 1, 2, 30, false]);
  assert.deepEqual(ends("10000", "65535"), [10_000, 65_534]);
  assert.deepEqual(ends("10000", "1"), [10_000, 10_000]);
  assert.deepEqual(ends("65534", "1000"), [65_534, 65_534]);
});

Deno.test("ipfwObjections() are numbers that do not fit into 16 bits, sets that are not ours, and one set for both", () => {
  const keys = (values: Partial<typeof BUILT_IN>) =>
    ipfwObjections({ ...BUILT_IN, ...values }, new Set()).map(({ key }) => key);
  assert.deepEqual(keys({}), []);
  for (const ipfwStart of ["0", "65535", "70000", "131071", "ten"]) {
    assert.deepEqual(keys({ ipfwStart }), ["ipfwStart"], ipfwStart);
  }
  assert.deepEqual(keys({ ipfwMax: "65536" }), ["ipfwMax"]);
  for (const ipfwActiveSet of ["0", "31", "63"]) assert.deepEqual(keys({ ipfwActiveSet }), ["ipfwActiveSet"]);
  assert.deepEqual(keys({ ipfwExpireSet: "31" }), ["ipfwExpireSet"]);
  assert.deepEqual(keys({ ipfwExpireSet: "0" }), []);
  assert.deepEqual(keys({ ipfwExpireSet: "1" }), ["ipfwExpireSet"]);
  assert.deepEqual(keys({ ipfwPurge: "0", ipfwCheckState: "perhaps" }), ["ipfwPurge", "ipfwCheckState"]);
});

Deno.test("IPFW_START_RULE_NUM may say anything where ipfw is not in use; where it is, an overflow is told with its line", () => {
  const line = "IPFW_START_RULE_NUM 70000\n";
  assert.match(good(line, STANZA).warnings.join("\n"), /^\/c:1: IPFW_START_RULE_NUM has no effect/m);
  assert.match(
    wrong(`FIREWALL ipfw\n${line}`, STANZA).join("\n"),
    /^\/c:2: IPFW_START_RULE_NUM: value is out of range: not in the range 1-65534/m,
  );
});
