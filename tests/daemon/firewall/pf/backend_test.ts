import assert from "node:assert/strict";
import { type Access, FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { parseIp } from "../../../../lib/net/address.ts";
import { admits, grantOf } from "../../../contract/knocker.ts";
import { PF_CONF, pfRig } from "../../../contract/pf_rig.ts";
import { pfctl, pfState } from "../../../fakes/pfctl.ts";

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

Deno.test("pf is told when a grant ends before it opens, and of a service that is open its table only", async () => {
  const rig = pfRig();
  const firewall = rig.start();
  await firewall.prepare();
  const asked = async (work: Promise<unknown>) => {
    rig.state.calls.length = 0;
    await work;
    return rig.state.calls.filter((call) => !/ (?:rules|show)$/.test(call));
  };
  const [ssh, web] = [22, 80].map((port) => grantOf(rig, port));
  const other = { ...ssh!, access: { ...ssh!.access, source: rig.addresses.stranger[4] } } as typeof ssh & object;
  const [ends, anchor] = ["-a fwknop/ends -f -", "-a fwknop -f -"];
  const table = (verb: string) => `-a fwknop -t fwknop_tcp_22 -T ${verb} -f -`;
  assert.deepEqual(await asked(firewall.grant([ssh!, web!], [], rig.now())), [ends, anchor]);
  assert.deepEqual(await asked(firewall.grant([other], [ssh!, web!], rig.now())), [ends, table("add")]);
  assert.deepEqual(await asked(firewall.grant([grantOf(rig, 22, 90)], [ssh!, web!, other], rig.now())), [ends]);
  assert.deepEqual(await asked(firewall.revoke([other])), [table("delete"), ends]);
  assert.deepEqual(await asked(firewall.revoke([web!])), [anchor, ends]);
  assert.equal(
    pfctl(rig.state, ["-a", "fwknop", "-s", "rules"]).stdout,
    'pass in quick inet proto tcp from <fwknop_tcp_22> to any port 22:22 flags S/SA keep state label "fwknop_tcp_22"\n',
  );
  assert.equal(pfctl(rig.state, ["-a", "fwknop", "-s", "Tables"]).stdout, "fwknop_tcp_22\n");
  assert.equal(pfctl(rig.state, ["-a", "fwknop", "-t", "fwknop_tcp_22", "-T", "show"]).stdout, "   10.77.0.2\n");
});

Deno.test("pf: a table without a daemon can be emptied by age, and a new daemon sees that", async () => {
  const rig = pfRig();
  const earlier = rig.start();
  await earlier.prepare();
  await earlier.grant([grantOf(rig, 22, 60)], [], rig.now());
  const expire = ["-a", "fwknop", "-t", "fwknop_tcp_22", "-T", "expire", "60"];
  rig.state.now = rig.now() + 60;
  assert.equal(pfctl(rig.state, expire).code, 0);
  assert.equal(await admits(rig, 22), true);
  rig.state.now += 1;
  assert.equal(pfctl(rig.state, expire).code, 0);
  assert.equal(await admits(rig, 22), false);
  const later = rig.start({ flushAtInit: false });
  assert.deepEqual(await later.prepare(), []);
  // The rule is there, its table is empty: a grant puts the client into it.
  assert.deepEqual((await later.grant([grantOf(rig, 22)], [], rig.now())).map(({ ok }) => ok), [true]);
  assert.equal(await admits(rig, 22), true);
});

Deno.test("pf: an entry that has no end is over, whoever put it there", async () => {
  const rig = pfRig();
  const firewall = rig.start();
  await firewall.prepare();
  const mine = grantOf(rig, 22);
  await firewall.grant([mine], [], rig.now());
  const add = ["-a", "fwknop", "-t", "fwknop_tcp_22", "-T", "add"];
  assert.equal(pfctl(rig.state, [...add, "10.77.0.3", "10.9.0.0/16", "!10.9.0.1", "fd77::3"]).code, 0);
  assert.equal(await rig.admits({ from: "stranger", family: 4, service: { proto: "tcp", port: 22 } }), true);
  assert.deepEqual((await firewall.list()).map(({ expiresAt }) => expiresAt - rig.now()), [
    60,
    ...Array(4).fill(-rig.now()),
  ]);
  assert.equal(await firewall.repair([mine], rig.now()), true);
  assert.deepEqual(await firewall.list(), [mine]);
  assert.equal(await firewall.repair([mine], rig.now()), false);
});

Deno.test("pf: a rule that has lost its table lets nobody in, and is put right by the next look", async () => {
  const rig = pfRig();
  const firewall = rig.start();
  await firewall.prepare();
  const mine = grantOf(rig, 22);
  await firewall.grant([mine], [], rig.now());
  assert.equal(pfctl(rig.state, ["-a", "fwknop", "-t", "fwknop_tcp_22", "-T", "kill"]).code, 0);
  assert.equal(await admits(rig, 22), false);
  assert.deepEqual(await firewall.list(), []);
  assert.equal(await firewall.repair([mine], rig.now()), true);
  assert.deepEqual(await firewall.list(), [mine]);
  assert.equal(await admits(rig, 22), true);
});

Deno.test("pf: nothing opens whose end cannot be written, and what closes does not wait for that", async () => {
  const rig = pfRig();
  let isBroken = false;
  const firewall = rig.start({
    run: (_program, args, options) => {
      const fails = isBroken && args.includes("fwknop/ends") && args.includes("-f");
      const answer = fails
        ? { code: 255, stdout: "", stderr: "pfctl: Cannot allocate memory.\n" }
        : pfctl(rig.state, args, options?.stdin);
      return Promise.resolve({ ...answer, timedOut: false, truncated: false, pid: 1 });
    },
  });
  await firewall.prepare();
  const live = [grantOf(rig, 22), grantOf(rig, 23)];
  await firewall.grant(live, [], rig.now());
  isBroken = true;
  assert.deepEqual(await firewall.grant([grantOf(rig, 80)], live, rig.now()), [
    { ok: false, reason: "/sbin/pfctl failed: pfctl: Cannot allocate memory." },
  ]);
  await firewall.revoke([live[0]!]);
  assert.deepEqual(await Promise.all([22, 23, 80].map((port) => admits(rig, port))), [false, true, false]);
});

Deno.test("pf: two addresses of this host whose tables would have one name are never mixed up", async () => {
  const rig = pfRig();
  const firewall = rig.start();
  await firewall.prepare();
  const [first, second] = ["fd77::1:0:2", "fd77::2:0:1"].map((text) => {
    const destination = parseIp(text);
    assert.ok(destination.ok);
    const access: Access = {
      slot: "input",
      source: rig.addresses.knocker[6],
      destination: destination.value,
      service: { proto: "tcp", port: 22 },
    };
    return { access, expiresAt: rig.now() + 60 };
  });
  assert.deepEqual(await firewall.grant([first!], [], rig.now()), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  assert.deepEqual(await firewall.grant([second!], [first!], rig.now()), [
    { ok: false, reason: "Cannot make a table: another address of this host has one of that name" },
  ]);
  assert.deepEqual(await firewall.list(), [first]);
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
      "pass in quick inet proto tcp from <fwknop_tcp_22> to any port 22:22 flags S/SA keep state …\n",
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
  const table = "/sbin/pfctl -a fwknop -t fwknop_tcp_22 -T";
  assert.equal(firewall.commandOf(grant, "add"), `${table} add 10.77.0.2`);
  assert.equal(firewall.commandOf(grant, "delete"), `${table} delete 10.77.0.2`);
});

Deno.test("an anchor that is not there is an empty one for a question", async () => {
  const rig = pfRig();
  await rig.loseJump();
  const firewall = rig.start();
  assert.match(await firewall.describe(false), /nothing is open/);
  await firewall.cleanup();
  assert.deepEqual(await firewall.list(), []);
});
