/** What is particular to iptables, on a real one in a lab. */
import assert from "node:assert/strict";
import { type Access, FirewallError, type Grant } from "../../../../daemon/firewall/firewall.ts";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { activeSlots } from "../../../../daemon/firewall/slots.ts";
import type { Run } from "../../../../lib/host/run.ts";
import { address } from "../../../contract/addresses.ts";
import { type IptablesRig, iptablesRig } from "../../../contract/iptables_rig.ts";
import { runWithin } from "../../../contract/namespace.ts";
import { labTest } from "../../../lab/mod.ts";

const SSH = { proto: "tcp", port: 22 } as const;
const ALL_SLOTS = activeSlots({ output: true, forwarding: true, localNat: true, snat: true, published: false });

function access(rig: IptablesRig, family: 4 | 6 = 4): Access {
  return { slot: "input", source: rig.addresses.knocker[family], destination: null, service: SSH };
}

function grant(rig: IptablesRig, family: 4 | 6 = 4, seconds = 600): Grant {
  return { access: access(rig, family), expiresAt: rig.now() + seconds };
}

/** What is run for some work. */
function countedRuns(rig: IptablesRig) {
  const programs: string[] = [];
  const run: Run = (program, ...rest) => {
    programs.push(program);
    return runWithin(rig.lab.host("server").namespace)(program, ...rest);
  };
  const calls = async (work: Promise<unknown>) => {
    const before = programs.length;
    await work;
    return programs.slice(before).map((path) => path.replace("/usr/sbin/", ""));
  };
  return { calls, run };
}

async function save(rig: IptablesRig, tool: string): Promise<string> {
  return await rig.lab.must("server", [`${tool}-save`]);
}

labTest("a saved rule set that is restored later brings no door back whose time is over", async () => {
  await using rig = await iptablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  const over = grant(rig, 4, 1);
  await firewall.grant([over], [], rig.now());
  const saved = await save(rig, "iptables");
  await firewall.revoke([over]);
  await rig.lab.must("server", ["iptables-restore"], { stdin: saved });
  assert.deepEqual(await firewall.list(), [over]);
  assert.equal(await firewall.repair([], over.expiresAt - 1), false);
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
  assert.equal(await firewall.repair([], over.expiresAt), true);
  assert.deepEqual(await firewall.list(), []);
  assert.ok(!await rig.admits({ from: "knocker", family: 4, service: SSH }));
});

labTest(
  "where none is kept open one process grants, one revokes, and none is needed to know that it worked",
  async () => {
    await using rig = await iptablesRig();
    const { calls, run } = countedRuns(rig);
    const firewall = rig.start({ run, keep: null });
    await firewall.prepare();
    const first = grant(rig);
    assert.deepEqual(await calls(firewall.grant([first], [], rig.now())), ["iptables-restore"]);
    const longer = { ...first, expiresAt: first.expiresAt + 60 };
    assert.deepEqual(await calls(firewall.grant([longer], [first], rig.now())), ["iptables-restore"]);
    assert.deepEqual(await calls(firewall.revoke([longer])), ["iptables-restore"]);
    assert.deepEqual(await calls(firewall.list()), ["iptables-save", "ip6tables-save"]);
  },
);

labTest("FLUSH_IPT_AT_INIT removes what an earlier run left for slots that are not in use any more", async () => {
  await using rig = await iptablesRig();
  const before = await rig.ruleset();
  const earlier = rig.start({ active: ALL_SLOTS });
  await earlier.prepare();
  const dnat: Grant = {
    access: {
      slot: "dnat",
      source: address("10.77.0.2"),
      destination: null,
      service: SSH,
      to: address("10.78.0.2"),
      toPort: 22,
    },
    expiresAt: rig.now() + 600,
  };
  assert.deepEqual(await earlier.grant([dnat], [], rig.now()), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
  const kept = rig.start({ flushAtInit: false });
  assert.deepEqual(await kept.prepare(), [dnat]);
  assert.deepEqual(await kept.list(), [dnat]);
  await kept.revoke([dnat]);
  assert.deepEqual(await kept.list(), []);
  const later = rig.start();
  await later.prepare();
  assert.doesNotMatch(await rig.ruleset(), /FWKNOP_(OUTPUT|FORWARD|PREROUTING|POSTROUTING|MASQUERADE)/);
  await later.cleanup();
  assert.equal((await rig.ruleset()).replace(/\*nat\n(:.*\n)+COMMIT\n/g, ""), before);
});

labTest("a chain that the site's own rules lead to is emptied on cleanup and stays", async () => {
  await using rig = await iptablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  await rig.lab.must("server", ["iptables", "-A", "INPUT", "-i", "lo", "-g", "FWKNOP_INPUT"]);
  await firewall.grant([grant(rig)], [], rig.now());
  await firewall.cleanup();
  assert.equal(await rig.lab.must("server", ["iptables", "-S", "FWKNOP_INPUT"]), "-N FWKNOP_INPUT\n");
  assert.ok(!await rig.admits({ from: "knocker", family: 4, service: SSH }));
});

labTest("a rule that iptables refuses does not keep the others of its batch from being granted", async () => {
  await using rig = await iptablesRig();
  const chains = { ...DEFAULT_CHAINS, output: { ...DEFAULT_CHAINS.output, target: "NO_SUCH_TARGET" } };
  const firewall = rig.start({ chains, active: ["input", "output"] });
  await firewall.prepare();
  const input = grant(rig);
  const output: Grant = {
    access: { slot: "output", source: address("10.77.0.2"), destination: null, service: SSH },
    expiresAt: input.expiresAt,
  };
  const [refused, granted] = await firewall.grant([output, input], [], rig.now());
  assert.deepEqual(granted, { ok: true, alreadyOpen: false, shutBy: [] });
  assert.match(refused?.ok === false ? refused.reason : "", /NO_SUCH_TARGET/);
  assert.deepEqual(await firewall.list(), [input]);
});

labTest("a slot that is not in use refuses its doors", async () => {
  await using rig = await iptablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  const output: Grant = {
    access: { slot: "output", source: address("10.77.0.2"), destination: null, service: SSH },
    expiresAt: rig.now() + 60,
  };
  const [outcome] = await firewall.grant([output], [], rig.now());
  assert.match(outcome?.ok === false ? outcome.reason : "", /output chain is not in use/);
});

labTest("prepare() says which directive to look at when a chain or target does not exist", async () => {
  await using rig = await iptablesRig();
  const before = await rig.ruleset();
  const input = { ...DEFAULT_CHAINS.input, from: "NO_SUCH_CHAIN" };
  await assert.rejects(rig.start({ chains: { ...DEFAULT_CHAINS, input } }).prepare(), (error) => {
    assert.ok(error instanceof FirewallError);
    assert.match(error.message, /^Cannot use the chain "NO_SUCH_CHAIN"/);
    assert.match(error.hint, /IPT_\*_ACCESS/);
    return true;
  });
  assert.equal(await rig.ruleset(), before);
  const target = { ...DEFAULT_CHAINS.input, target: "NO_SUCH_TARGET" };
  await assert.rejects(rig.start({ chains: { ...DEFAULT_CHAINS, input: target } }).prepare(), /NO_SUCH_TARGET/);
});

labTest("prepare() refuses a table that only nft can read", async () => {
  await using rig = await iptablesRig();
  await rig.lab.must("server", ["nft", "add rule ip filter INPUT fib daddr type local drop"]);
  await assert.rejects(rig.start().prepare(), (error) => {
    assert.ok(error instanceof FirewallError);
    assert.match(error.message, /table "filter"/);
    return /FIREWALL to nftables/.test(error.hint);
  });
});

labTest("without ip6tables IPv4 goes on, and that is said once", async () => {
  await using rig = await iptablesRig();
  const dir = `${rig.lab.dir}/only4`;
  await Deno.mkdir(dir);
  for (const name of ["iptables", "iptables-save", "iptables-restore"]) {
    await Deno.symlink(`/usr/sbin/${name}`, `${dir}/${name}`);
  }
  const inside = runWithin(rig.lab.host("server").namespace);
  // `ip netns exec` would hide that a program is missing.
  const run: Run = async (program, ...rest) => {
    await Deno.stat(program);
    return await inside(program, ...rest);
  };
  const firewall = rig.start({ firewallExe: `${dir}/iptables`, run });
  assert.deepEqual(await firewall.prepare(), []);
  const [v4, v6] = [grant(rig, 4), grant(rig, 6)];
  const outcomes = await firewall.grant([v6, v4], [], rig.now());
  assert.deepEqual(outcomes.map(({ ok }) => ok), [false, true]);
  assert.match(outcomes[0]?.ok === false ? outcomes[0].reason : "", /ip6tables-save.*no such program/);
  assert.deepEqual(await firewall.list(), [v4]);
  assert.equal(await firewall.repair([v4, v6], rig.now()), false);
  await firewall.revoke([v4, v6]);
  await firewall.cleanup();
  assert.equal(rig.log.filter((line) => line.startsWith("IPv6 grants are not possible here")).length, 1);
});

labTest("FIREWALL_EXE that is not there or cannot be run is an error with a remedy", async () => {
  await using rig = await iptablesRig();
  const dir = `${rig.lab.dir}/bad`;
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${dir}/iptables-save`, "", { mode: 0o644 });
  const { runProgram } = await import("../../../../lib/host/run.ts");
  const rows = [[`${rig.lab.dir}/nowhere/iptables`, /no such program/], [`${dir}/iptables`, /not executable/]] as const;
  for (const [firewallExe, message] of rows) {
    await assert.rejects(rig.start({ firewallExe, run: runProgram }).prepare(), (error) => {
      assert.ok(error instanceof FirewallError);
      assert.match(error.message, message);
      return /FIREWALL_EXE/.test(error.hint);
    });
  }
});

labTest("describe() prints the listings of --fw-list and --fw-list-all", async () => {
  await using rig = await iptablesRig();
  const firewall = rig.start({ active: ["input", "output"] });
  await firewall.prepare();
  await firewall.grant([grant(rig), grant(rig, 6)], [], rig.now());
  const ours = await firewall.describe(false);
  assert.match(ours, /^Listing rules in fwknopd iptables chains\.\.\.\n\nChain FWKNOP_INPUT \(1 references\)\n/);
  assert.match(ours, /\n1 +ACCEPT .* 10\.77\.0\.2 .* tcp dpt:22 \/\* _exp_\d+ \*\/\n\nChain FWKNOP_OUTPUT/);
  assert.match(ours, /\nListing rules in fwknopd ip6tables chains\.\.\.\n\nChain FWKNOP_INPUT/);
  assert.match(ours, /fd77::2/);
  const all = await firewall.describe(true);
  assert.match(all, /^Listing all iptables rules in applicable tables\.\.\.\n\nChain INPUT \(policy DROP/);
  await firewall.cleanup();
  const none = await firewall.describe(false);
  assert.match(none, /^Listing rules in fwknopd iptables chains\.\.\.\n\nnothing is open\n\nListing .*ip6tables/);
});

labTest("work that is asked for at once is done one after the other", async () => {
  await using rig = await iptablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  const ports = Array.from({ length: 12 }, (_, i) => 1000 + i);
  const grants = ports.map((port): Grant => ({
    access: { slot: "input", source: address("10.77.0.2"), destination: null, service: { proto: "tcp", port } },
    expiresAt: rig.now() + 600,
  }));
  await Promise.all([
    ...grants.map((one) => firewall.grant([one], [], rig.now())),
    firewall.revoke(grants.slice(0, 6)),
    firewall.list(),
  ]);
  assert.deepEqual(await firewall.list(), grants.slice(6));
});

// Legacy comes last: where its tables exist, iptables-nft adds a warning to everything it prints.
for (const variant of ["iptables", "iptables-legacy"] as const) {
  labTest(
    `${variant}: saved and restored with a door open, nobody else gets in, and the door closes on time`,
    async () => {
      await using rig = await iptablesRig(variant);
      const firewall = rig.start();
      await firewall.prepare();
      const live = [grant(rig, 4), grant(rig, 6)];
      await firewall.grant(live, [], rig.now());
      for (const tool of [variant, variant.replace("ip", "ip6")]) {
        const saved = await save(rig, tool);
        await rig.lab.must("server", [tool, "-F"]);
        await rig.lab.must("server", [`${tool}-restore`], { stdin: saved });
      }
      for (const family of [4, 6] as const) {
        assert.ok(await rig.admits({ from: "knocker", family, service: SSH }));
        assert.ok(!await rig.admits({ from: "stranger", family, service: SSH }));
      }
      assert.equal(await firewall.repair(live, rig.now()), false);
      await firewall.revoke(live);
      for (const family of [4, 6] as const) assert.ok(!await rig.admits({ from: "knocker", family, service: SSH }));
    },
  );
}
