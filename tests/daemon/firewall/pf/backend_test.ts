import assert from "node:assert/strict";
import { type Access, FirewallError, type Grant } from "../../../../daemon/firewall/firewall.ts";
import { parseIp } from "../../../../lib/net/address.ts";
import { PF_CONF, type PfRig, pfRig } from "../../../contract/pf_rig.ts";
import { pfctl, pfState } from "../../../fakes/pfctl.ts";

function grantOf(rig: PfRig, port: number, seconds = 60): Grant {
  const access: Access = {
    slot: "input",
    source: rig.addresses.knocker[4],
    destination: null,
    service: { proto: "tcp", port },
  };
  return { access, expiresAt: rig.now() + seconds };
}

function admits(rig: PfRig, port: number): Promise<boolean> {
  return rig.admits({ from: "knocker", family: 4, service: { proto: "tcp", port } });
}

Deno.test("pf refuses to start without its anchor in pf.conf, and to grant where that is taken away later", async () => {
  const rig = pfRig();
  await rig.loseJump();
  await assert.rejects(rig.start().prepare(), (error) => {
    assert.ok(error instanceof FirewallError);
    assert.equal(error.message, 'anchor is not active: pf.conf needs: anchor "fwknop"');
    assert.match(error.hint, /pfctl -f \/etc\/pf\.conf/);
    return true;
  });
  rig.state.main = pfState(PF_CONF).main;
  const firewall = rig.start();
  await firewall.prepare();
  const live = [grantOf(rig, 22)];
  await firewall.grant(live, [], rig.now());
  await rig.loseJump();
  assert.deepEqual(await firewall.grant([grantOf(rig, 23)], live, rig.now()), [
    { ok: false, reason: 'anchor is not active: pf.conf needs: anchor "fwknop"' },
  ]);
  await assert.rejects(firewall.repair(live, rig.now()), /pf\.conf needs/);
  assert.equal(await admits(rig, 22), false);
});

Deno.test("pf is asked four times for a knock, and its anchor is loaded once for all grants of it", async () => {
  const rig = pfRig();
  const firewall = rig.start();
  await firewall.prepare();
  rig.state.calls.length = 0;
  await firewall.grant([22, 23, 24].map((port) => grantOf(rig, port)), [], rig.now());
  assert.deepEqual(rig.state.calls, [
    "-s rules",
    "-a fwknop -s rules",
    "-a fwknop -f -",
    "-a fwknop -s rules",
  ]);
});

Deno.test("pf that is disabled is told once", async () => {
  const rig = pfRig();
  rig.state.enabled = false;
  const firewall = rig.start();
  await firewall.prepare();
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  assert.deepEqual(rig.log, ["warning pf is disabled, so it lets everybody in: enable it with pfctl -e"]);
});

Deno.test("pf keeps rules of others in the anchor, and closes one that has an end at its time", async () => {
  const rig = pfRig();
  const text = 'pass in quick inet proto tcp from 10.0.0.9 to any port = ssh keep state label "_exp_1700000010"\n' +
    "pass in quick inet proto udp from 10.0.0.9 to any port = domain keep state\n";
  assert.equal(pfctl(rig.state, ["-a", "fwknop", "-f", "-"], text).code, 0);
  const firewall = rig.start({ flushAtInit: false });
  const inherited = await firewall.prepare();
  assert.deepEqual(inherited.map(({ access, expiresAt }) => [access.slot, expiresAt]), [["foreign", 1_700_000_010]]);
  await firewall.grant([grantOf(rig, 22)], [], rig.now());
  await firewall.revoke(inherited);
  assert.equal(
    pfctl(rig.state, ["-a", "fwknop", "-s", "rules"]).stdout.replaceAll(/label .*/g, "…"),
    "pass in quick inet proto udp from 10.0.0.9 to any port = domain keep state\n" +
      "pass in quick inet proto tcp from 10.77.0.2 to any port 22:22 flags S/SA keep state …\n",
  );
});

Deno.test("pf cannot forward, rewrite or filter answers, and says so at start and to a grant", async () => {
  const rig = pfRig();
  for (
    const [slot, message] of [
      ["output", /^ENABLE_IPT_OUTPUT: pf/],
      ["published", /^GUARD: /],
      ["forward", /^Forwarding\/NAT requests are not supported with pf/],
    ] as const
  ) {
    await assert.rejects(rig.start({ slots: ["input", slot] }).prepare(), (error) => {
      assert.ok(error instanceof FirewallError);
      assert.match(error.message, message);
      assert.notEqual(error.hint, "");
      return true;
    });
  }
  const firewall = rig.start();
  await firewall.prepare();
  const target = parseIp("10.78.0.2");
  assert.ok(target.ok);
  const forward: Access = { slot: "forward", source: rig.addresses.knocker[4], target: target.value, service: null };
  const outcomes = await firewall.grant([{ ...grantOf(rig, 22), access: forward }, grantOf(rig, 22)], [], rig.now());
  assert.deepEqual(outcomes.map(({ ok }) => ok), [false, true]);
  assert.equal(await admits(rig, 22), true);
});

Deno.test("a pfctl that cannot be asked after the load is no grant that is called open", async () => {
  const rig = pfRig();
  let isBroken = false;
  const firewall = rig.start({
    run: (_program, args, options) => {
      const fails = isBroken && args.includes("-a") && args.includes("-s");
      const answer = fails
        ? { code: 1, stdout: "", stderr: "pfctl: /dev/pf: Device busy\n" }
        : pfctl(rig.state, args, options?.stdin);
      if (args.includes("-f")) isBroken = true;
      return Promise.resolve({ ...answer, timedOut: false, truncated: false, pid: 1 });
    },
  });
  await firewall.prepare();
  assert.deepEqual(await firewall.grant([grantOf(rig, 22)], [], rig.now()), [
    { ok: false, reason: "/sbin/pfctl failed: pfctl: /dev/pf: Device busy" },
  ]);
});

Deno.test("what pf would be told is shown as it is told", () => {
  const firewall = pfRig().start();
  const grant = grantOf(pfRig(), 22);
  const rule = 'pass in quick inet proto tcp from 10.77.0.2 to any port 22:22 keep state label "_exp_1700000060"';
  assert.equal(firewall.commandOf(grant, "add"), `/sbin/pfctl -a fwknop -f -, with: ${rule}`);
  assert.equal(firewall.commandOf(grant, "delete"), `/sbin/pfctl -a fwknop -f -, without: ${rule}`);
});

Deno.test("an anchor that is not there is an empty one for a question", async () => {
  const rig = pfRig();
  await rig.loseJump();
  const firewall = rig.start();
  assert.match(await firewall.describe(false), /nothing is open/);
  await firewall.cleanup();
  assert.deepEqual(await firewall.list(), []);
});
