import assert from "node:assert/strict";
import type { Grant } from "../../../../daemon/firewall/firewall.ts";
import { noConcatenatedMaps, noOwners } from "../../../ffi/nfnetlink/foreign_ruleset.ts";
import { labTest } from "../../../lab/mod.ts";
import { oddNames } from "../../../lab/foreign/odd_names.ts";
import { applyAndStay } from "../../../lab/foreign/steps.ts";
import { type NftablesRig, nftablesRig } from "./rig.ts";

const SSH = { proto: "tcp", port: 22 } as const;

function grant(rig: NftablesRig, seconds = 600): Grant {
  const access = { slot: "input", source: rig.addresses.knocker[4], destination: null, service: SSH } as const;
  return { access, expiresAt: rig.now() + seconds };
}

async function text(rig: NftablesRig): Promise<string> {
  return await rig.lab.must("server", ["nft", "list", "ruleset"]);
}

/** A line for each command: the process that stays reads them one by one. */
const OWNED = "add table inet theirs { flags owner; }\n" +
  "add chain inet theirs base { type filter hook input priority 20; policy accept; }\n" +
  "add rule inet theirs base tcp dport 23 drop\n";
const NAMED = { input: [{ family: "inet", table: "theirs", chain: "base" }] } as const;

labTest("a table that belongs to another process is left alone, and the others are opened", async () => {
  await using rig = await nftablesRig();
  const owner = await applyAndStay(rig.lab, OWNED, "inet theirs");
  const firewall = rig.start();
  await firewall.prepare();
  assert.deepEqual(rig.log.filter((line) => line.startsWith("warning")), []);
  const [outcome] = await firewall.grant([grant(rig)], [], rig.now());
  assert.ok(outcome?.ok);
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
  await firewall.cleanup();
  await owner.stop();
}, { blocker: noOwners });

labTest(
  "a table that refuses to be written hinders no other, whenever that comes out, and earns no hint on root",
  async () => {
    await using rig = await nftablesRig();
    const owner = await applyAndStay(rig.lab, OWNED, "inet theirs");
    // What the survey does not know comes out when the kernel refuses.
    const chains = (await rig.chains()).map((chain) => ({ ...chain, locked: false }));
    const path = { chains, survey: () => Promise.resolve(chains) };
    const firewall = rig.start({ path });
    await firewall.prepare();
    const warnings = () => rig.log.filter((line) => line.startsWith("warning"));
    assert.equal(warnings().length, 1);
    assert.match(warnings()[0] ?? "", /inet theirs: its table belongs to another process.*NftablesTableOwner=no/);
    assert.doesNotMatch(rig.log.join("\n"), /CAP_NET_ADMIN|root/);
    assert.ok((await firewall.grant([grant(rig)], [], rig.now()))[0]?.ok);
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
    assert.equal(await firewall.backend.adapt([grant(rig)], rig.now()), false);
    assert.equal(await firewall.backend.repair([grant(rig)], rig.now()), "intact");
    assert.equal(warnings().length, 1, "once");
    await owner.stop();
  },
  { blocker: noOwners },
);

labTest(
  "a named chain in a table of another process is said, with the remedy, and is no reason not to start",
  async () => {
    await using rig = await nftablesRig();
    const owner = await applyAndStay(rig.lab, OWNED, "inet theirs");
    const guard = { family: "inet", table: "guard", chain: "input" } as const;
    const firewall = rig.start({ chains: { input: [...NAMED.input, guard] } });
    await firewall.prepare();
    assert.match(rig.log.join("\n"), /warning Cannot open doors in inet theirs base: .*NftablesTableOwner=no/);
    assert.ok((await firewall.grant([grant(rig)], [], rig.now()))[0]?.ok);
    assert.match(await text(rig), /jump fwknop_input/);
    await owner.stop();
  },
  { blocker: noOwners },
);

labTest(
  "tables of every kind and with names that nft cannot write are no obstacle; one that drops is gone into",
  async () => {
    await using rig = await nftablesRig();
    await rig.nft("flush ruleset");
    const long = "t".repeat(255);
    for (
      const script of [
        `table inet ${long} {\n flags dormant;\n chain base {\n type filter hook input priority 5; policy drop;\n }\n }`,
        "table arp a {\n chain base {\n type filter hook input priority 0; policy accept;\n }\n }",
        "table bridge b {\n chain base {\n type filter hook input priority 0; policy accept;\n }\n }",
        "table netdev n {\n chain base {\n type filter hook ingress device lo priority 0; policy accept;\n }\n }",
      ]
    ) await rig.nft(script);
    const odd = { table: `it's "odd"\t{ ünï }`, chain: "drop; } $(x)" };
    await rig.lab.must("server", oddNames(odd.table, odd.chain));
    const chains = (await rig.chains()).filter(({ table }) => table !== long);
    const path = { chains, survey: () => Promise.resolve(chains) };
    const firewall = rig.start({ path });
    await firewall.prepare();
    assert.ok((await firewall.grant([grant(rig)], [], rig.now()))[0]?.ok);
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
    assert.ok(!await rig.admits({ from: "stranger", family: 4, service: SSH }));
    assert.equal(firewall.containerOf(grant(rig).access), `inet ${odd.table} fwknop_input4`);
    assert.match(await firewall.describe(false), /fwknop_input4 10\.77\.0\.\d+ \. tcp \. 22, expires/);
    await firewall.cleanup();
    assert.doesNotMatch(await text(rig), /fwknop/);
  },
);

labTest(
  "what a daemon left that wrote its structure with nft is taken over, and made anew in our own form",
  async () => {
    await using rig = await nftablesRig();
    const source = rig.addresses.knocker[4].text;
    await rig.nft(`
    add set inet guard fwknop_input4_to { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags timeout; }
    add set inet guard fwknop_input4 { type ipv4_addr . inet_proto . inet_service; flags timeout; }
    add chain inet guard fwknop_input
    add rule inet guard fwknop_input ip saddr . ip daddr . meta l4proto . th dport @fwknop_input4_to accept
    add rule inet guard fwknop_input ip saddr . meta l4proto . th dport @fwknop_input4 accept
    add rule inet guard input jump fwknop_input
    insert rule inet guard input jump fwknop_input
    add element inet guard fwknop_input4 { ${source} . tcp . 22 timeout 300s }
    add table inet fwknop_nat
    add chain inet fwknop_nat fwknop_dnat { type nat hook prerouting priority dstnat - 5; }
    add map inet fwknop_nat fwknop_dnat4_port { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; flags timeout; }
    add rule inet fwknop_nat fwknop_dnat meta l4proto { tcp, udp } dnat ip to ip saddr . meta l4proto . th dport map @fwknop_dnat4_port
    add element inet fwknop_nat fwknop_dnat4_port { ${source} . tcp . 8080 timeout 300s : 10.0.0.9 . 80 }`);
    const firewall = rig.start({ flushAtInit: false, slots: ["input", "dnat"] });
    const taken = await firewall.prepare();
    assert.deepEqual(taken.map(({ access }) => access.slot).toSorted(), ["dnat", "input"]);
    for (const { expiresAt } of taken) assert.ok(Math.abs(expiresAt - rig.now() - 300) < 30);
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
    const listing = await text(rig);
    assert.equal(listing.match(/jump fwknop_input/g)?.length, 2, "one for each chain that drops");
    assert.doesNotMatch(listing, /__set|\{ tcp, udp \} dnat/);
    // What nft lists can be loaded again.
    await rig.nft(`flush ruleset\n${listing}`);
    await firewall.cleanup();
    assert.doesNotMatch(await text(rig), /fwknop/);
  },
  { blocker: noConcatenatedMaps },
);

labTest(
  "adapt() goes into chains that came, with the time that is left, and leaves those that no longer drop",
  async () => {
    await using rig = await nftablesRig();
    const firewall = rig.start();
    await firewall.prepare();
    const live = [grant(rig, 600)];
    await firewall.grant(live, [], rig.now());
    await rig.nft("table ip late {\n chain base {\n type filter hook input priority 40; policy drop;\n }\n }");
    assert.ok(!await rig.admits({ from: "knocker", family: 4, service: SSH }));
    await firewall.survey({ live: () => live, now: rig.now });
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
    const listing = await rig.lab.must("server", ["nft", "list", "set", "ip", "late", "fwknop_input4"]);
    assert.match(listing, /timeout (9m5[0-9]s|10m)/);
    await rig.nft("add chain ip late base { policy accept; }");
    await firewall.survey({ live: () => live, now: rig.now });
    assert.equal(
      await rig.lab.must("server", ["nft", "list", "table", "ip", "late"]).then((one) => /fwknop/.test(one)),
      false,
    );
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
  },
);
