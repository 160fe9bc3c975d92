import assert from "node:assert/strict";
import { FirewallError, type Grant } from "../../../../daemon/firewall/firewall.ts";
import { admits, grantOf } from "../../../contract/knocker.ts";
import { type IpfwRig, ipfwRig } from "../../../contract/ipfw_rig.ts";
import { ipfw } from "../../../fakes/ipfw.ts";

/** Rules below the kernel's own, as `ipfw -S list` prints them. */
function rulesOf({ state }: IpfwRig): readonly string[] {
  return ipfw(state, ["-S", "list"]).stdout.split("\n").filter((line) => / set [12] /.test(line));
}

const SSH = "allow tcp from table(fwknop_tcp_22) to me dst-port 22 setup keep-state :default";

Deno.test("ipfw opens in one run of its program, with the rule last", async () => {
  const rig = ipfwRig();
  const firewall = rig.start();
  await firewall.prepare();
  rig.state.calls.length = 0;
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  assert.deepEqual(rig.state.calls, [
    "-S list",
    "-S list",
    "table all list",
    "-q /dev/stdin",
    "table fwknop_tcp_22 create type addr",
    "table fwknop_tcp_22 add 10.77.0.2 1700000060",
    "add 10000 set 1 pass tcp from table(fwknop_tcp_22) to me dst-port 22 setup keep-state",
    "-S list",
    "table all list",
  ]);
});

Deno.test("a rule whose last grant closed goes to the set of expired rules, comes back, and is purged without connections", async () => {
  const rig = ipfwRig();
  const firewall = rig.start();
  await firewall.prepare();
  const [ssh, web] = [grantOf(rig, 22), grantOf(rig, 80)];
  await firewall.grant([ssh], [], rig.now());
  rig.state.dynamic.push(10_000);
  await firewall.revoke([ssh]);
  assert.deepEqual(rulesOf(rig), [`# DISABLED 10000 set 2 ${SSH}`]);
  assert.deepEqual(rig.state.dynamic, [10_000]);
  await firewall.grant([ssh], [], rig.now());
  assert.deepEqual(rulesOf(rig), [`10000 set 1 ${SSH}`]);
  await firewall.revoke([ssh]);
  rig.state.dynamic.length = 0;
  await firewall.grant([web], [], rig.now());
  assert.equal(rulesOf(rig).length, 2, "purged before its interval");
  rig.clock.now += 30_000;
  await firewall.revoke([web]);
  assert.deepEqual(rulesOf(rig).map((line) => line.slice(0, 22)), ["# DISABLED 10001 set 2"]);
  assert.deepEqual(Object.keys(rig.state.tables), ["fwknop_tcp_80"]);
});

Deno.test("a rule by which a connection is open is not purged, nor taken away at the end", async () => {
  const rig = ipfwRig();
  const firewall = rig.start();
  await firewall.prepare();
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  await firewall.revoke([grantOf(rig, 22)]);
  rig.state.dynamic.push(10_000);
  rig.clock.now += 30_000;
  await firewall.grant([grantOf(rig, 80)], [], rig.now());
  await firewall.cleanup();
  assert.deepEqual(rulesOf(rig), [`# DISABLED 10000 set 2 ${SSH}`]);
  assert.deepEqual(rig.state.tables, { fwknop_tcp_22: {} });
});

Deno.test("without a set for expired rules they are deleted at once", async () => {
  const rig = ipfwRig();
  const firewall = rig.start({ expireSet: 0 });
  await firewall.prepare();
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  await firewall.revoke([grantOf(rig, 22)]);
  assert.deepEqual(rulesOf(rig), []);
  assert.deepEqual(rig.state.tables, {});
});

Deno.test("where numbers are used up the rest is refused in the words of the C daemon, and what has one opens", async () => {
  const rig = ipfwRig(["10001 allow tcp from any to me dst-port 443", "60000 deny ip from any to any"]);
  const firewall = rig.start({ end: 10_002 });
  await firewall.prepare();
  const outcomes = await firewall.grant([22, 23, 24].map((port) => grantOf(rig, port)), [], rig.now());
  assert.deepEqual(outcomes, [
    { ok: true, alreadyOpen: false, shutBy: [] },
    { ok: true, alreadyOpen: false, shutBy: [] },
    { ok: false, reason: "Cannot add a rule: Maximum allowed number of rules has been reached" },
  ]);
  assert.deepEqual(await Promise.all([22, 23, 24].map((port) => admits(rig, port))), [true, true, false]);
});

Deno.test("what is left in a table whose rule is gone does not come back with the rule", async () => {
  const rig = ipfwRig();
  const firewall = rig.start();
  await firewall.prepare();
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  await rig.loseJump();
  const stranger = { ...grantOf(rig, 22), access: { ...grantOf(rig, 22).access, source: rig.addresses.stranger[4] } };
  await firewall.grant([stranger as Grant], [], rig.now());
  assert.equal(await admits(rig, 22), false);
});

Deno.test("a set that somebody switched off is switched on again with the next grant", async () => {
  const rig = ipfwRig();
  const firewall = rig.start();
  await firewall.prepare();
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  rig.state.disabled.push(1);
  assert.deepEqual(await firewall.list(), []);
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  assert.equal(await admits(rig, 22), true);
});

Deno.test("a rule of the C daemon is taken over by the end in its comment, and moved at its time", async () => {
  const rig = ipfwRig([
    "10000 set 1 pass tcp from 10.77.0.2 to me dst-port 22 setup keep-state // _exp_1700000010",
    "60000 deny ip from any to any",
  ]);
  const firewall = rig.start({ flushAtInit: false });
  const inherited = await firewall.prepare();
  assert.deepEqual(inherited.map(({ access, expiresAt }) => [access.slot, expiresAt]), [["foreign", 1_700_000_010]]);
  assert.equal(await admits(rig, 22), true);
  await firewall.revoke(inherited);
  assert.equal(await admits(rig, 22), false);
  assert.equal(rig.state.rules[0]?.set, 2);
});

Deno.test("IPFW_ADD_CHECK_STATE adds one rule before ours, once", async () => {
  const rig = ipfwRig();
  for (let i = 0; i < 2; i++) await rig.start({ checkState: true, flushAtInit: false }).prepare();
  assert.deepEqual(rulesOf(rig), ["10000 set 1 check-state :default"]);
});

Deno.test("ipfw refuses to start where a rule denies everything before ours", async () => {
  await assert.rejects(ipfwRig(["500 deny ip from any to any"]).start().prepare(), (error) => {
    assert.ok(error instanceof FirewallError);
    assert.match(error.message, /^IPFW_START_RULE_NUM 10000: ipfw denies everything before that, by its rule 500$/);
    assert.equal(error.hint, "set IPFW_START_RULE_NUM to a number below 500");
    return true;
  });
});

Deno.test("ipfw cannot forward, rewrite or filter answers, and says so at start", async () => {
  for (const slot of ["output", "published", "forward", "dnat"] as const) {
    await assert.rejects(ipfwRig().start({ slots: ["input", slot] }).prepare(), FirewallError, slot);
  }
});

Deno.test("an ipfw refuses what is not its grammar, and stops at that line", () => {
  const { state } = ipfwRig();
  const batch = (...lines: readonly string[]) => ipfw(state, ["-q", "/dev/stdin"], lines.join("\n"));
  const failed = batch("table a create type addr", "table a create type addr", "table b create type addr");
  assert.deepEqual(failed, { code: 71, stdout: "", stderr: "Line 2: Table creation failed: File exists\n" });
  assert.deepEqual(Object.keys(state.tables), ["a"]);
  for (
    const line of [
      "add 70000 set 1 pass tcp from any to me",
      "add 10 set 1 pass udp from any to me dst-port 53 setup keep-state",
      "add 10 set 1 pass tcp from any to me; reboot",
      "table a add $(reboot) 1",
      "table a add 10.0.0.1 4294967296",
      "set move rule 12345 to 2",
      "table a destroy now; x",
    ].slice(0, 6)
  ) assert.notEqual(batch(line).code, 0, line);
  batch("add 10 set 1 pass tcp from table(a) to me");
  assert.match(batch("table a destroy").stderr, /Device busy/);
});
