/** Firewalls that come, go and change under the running daemon. Who is in stays in until the end of his time, and nobody else gets in. */
import assert from "node:assert/strict";
import { labTest, makeLab, PATIENCE_MS } from "../lab/mod.ts";
import { firewalld } from "../lab/foreign/firewalld.ts";
import { fail2banIptables, fail2banNftables } from "../lab/foreign/software.ts";
import { emptyFilter, IPTABLES, KNOCKER, NATIVE } from "../lab/foreign/situations.ts";
import { apply, applyAndStay, command, nft, type Step } from "../lab/foreign/steps.ts";
import { ufwDisable, ufwEnable } from "../lab/foreign/ufw.ts";
import type { Scene } from "./scene.ts";
import { assertGetsIn, assertSettles, assertStrangerStaysOut, getsIn, setTruthScene } from "./truth.ts";

const LONG = { FW_ACCESS_TIMEOUT: 60 } as const;

/** The same site's rules under other names, loaded as `systemctl restart nftables` does. */
const EXCHANGED = nft(`flush ruleset
table inet site {
  chain from_outside {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname "lo" accept
    meta l4proto ipv6-icmp accept
  }
}`);

interface Change {
  readonly name: string;
  /** What the server has when the daemon starts, and what comes then. */
  readonly before: readonly Step[];
  readonly after: readonly Step[];
}

const CHANGES: readonly Change[] = [
  { name: "a firewall that comes after the daemon", before: [], after: [NATIVE] },
  { name: "iptables that come after the daemon", before: [], after: IPTABLES },
  { name: "ufw that comes after the daemon", before: [], after: ufwEnable() },
  { name: "tables exchanged for others", before: [NATIVE], after: [EXCHANGED] },
  { name: "nftables given up for iptables", before: [NATIVE], after: [command("nft flush ruleset"), ...IPTABLES] },
  { name: "nftables given up for ufw", before: [NATIVE], after: [command("nft flush ruleset"), ...ufwEnable()] },
  { name: "iptables given up for nftables", before: IPTABLES, after: [EXCHANGED] },
  { name: "ufw given up for nftables", before: ufwEnable(), after: [...ufwDisable(), EXCHANGED] },
  { name: "a second table beside the first", before: [NATIVE], after: [nft(firewalld())] },
  {
    name: "a dormant table that wakes up",
    before: [
      nft("add table inet other { flags dormant; }"),
      nft("add chain inet other other { type filter hook input priority 5; policy drop; }"),
    ],
    after: [nft("add table inet other")],
  },
  {
    name: "a policy that becomes drop",
    before: [nft("table inet other { chain other { type filter hook input priority 0; policy accept; }; }")],
    after: [nft("add chain inet other other { policy drop; }")],
  },
  {
    name: "a last rule that drops",
    before: [nft("table inet other { chain other { type filter hook input priority 0; policy accept; }; }")],
    after: [nft("add rule inet other other drop")],
  },
];

async function openGrant(scene: Scene, port: number): Promise<number> {
  const { program } = scene.daemon;
  await scene.knock(port);
  await assertGetsIn(scene, port);
  const line = await program.waitFor(new RegExp(`^Added access rule .*tcp/${port}, expires at`));
  return Number(/expires at ([0-9]+)/.exec(line)?.[1]);
}

async function closesAt(scene: Scene, port: number, expiresAt: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (await getsIn(scene, port)) assert.ok(performance.now() < deadline, "it stays open");
  assert.ok(Date.now() / 1000 > expiresAt - 1, `closed before ${expiresAt}`);
}

for (const { name, before, after } of CHANGES) {
  labTest(`under the running daemon: ${name}`, async () => {
    await using lab = await makeLab({ guard: "none" });
    await apply(lab, before);
    const scene = await setTruthScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 10 } });
    const expiresAt = await openGrant(scene, 22);
    await apply(lab, after);
    await assertGetsIn(scene, 22);
    await assertStrangerStaysOut(scene, 22);
    await assertSettles(scene, 24, null);
    await assertStrangerStaysOut(scene, 24);
    await closesAt(scene, 22, expiresAt);
    assert.equal((await scene.daemon.stop()).code, 0, scene.daemon.program.output);
  });
}

labTest("under the running daemon: everything flushed, and a firewall again", async () => {
  await using lab = await makeLab();
  const scene = await setTruthScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await emptyFilter(lab);
  await assertSettles(scene, 23, null);
  await apply(lab, [NATIVE]);
  for (const port of [22, 23]) await assertGetsIn(scene, port);
  await assertSettles(scene, 24, null);
  await assertStrangerStaysOut(scene, 24);
});

labTest("under the running daemon: ufw disabled and enabled", async () => {
  await using lab = await makeLab({ guard: "none" });
  await apply(lab, ufwEnable());
  const scene = await setTruthScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await apply(lab, ufwDisable());
  await assertSettles(scene, 23, null);
  await apply(lab, ufwEnable());
  for (const port of [22, 23]) await assertGetsIn(scene, port);
  await assertSettles(scene, 24, null);
  await assertStrangerStaysOut(scene, 24);
});

labTest("fail2ban's table gets nothing of ours, comes and goes, and keeps its say", async () => {
  await using lab = await makeLab();
  const list = () => lab.must("server", ["nft", "list", "table", "inet", "f2b-table"]);
  const scene = await setTruthScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await apply(lab, fail2banNftables.start);
  const asLoaded = await list();
  await assertSettles(scene, 24, null);
  assert.ok(await getsIn(scene, 22));
  assert.equal(await list(), asLoaded);
  await apply(lab, fail2banNftables.ban(KNOCKER));
  assert.equal(await getsIn(scene, 22), false);
  await assertSettles(scene, 22, /f2b-table f2b-chain/);
  // The rule is about ssh only.
  await assertSettles(scene, 25, null);
  await apply(lab, fail2banNftables.unban(KNOCKER));
  await assertSettles(scene, 22, null);
  await apply(lab, [command("nft delete table inet f2b-table")]);
  await assertSettles(scene, 26, null);
});

labTest("fail2ban's iptables chain, put above ours while a grant is open", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const scene = await setTruthScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await apply(lab, [...fail2banIptables.start, ...fail2banIptables.ban(KNOCKER)]);
  await assertConsistent(scene, 22);
  await assertSettles(scene, 24, null);
});

labTest("a drop put above our jump is said, or gone around", async () => {
  await using lab = await makeLab();
  const scene = await setTruthScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  await apply(lab, [nft("insert rule inet guard input tcp dport 22 drop")]);
  await assertConsistent(scene, 22);
  await assertSettles(scene, 24, null);
});

/** Whatever the daemon makes of it: after a knock it says what is so. */
async function assertConsistent(scene: Scene, port: number): Promise<void> {
  const { program } = scene.daemon;
  const mark = program.mark();
  await scene.knock(port);
  const line = await program.waitFor(new RegExp(`^(Added|Opened) .*tcp/${port}\\b`), { since: mark });
  assert.equal(await getsIn(scene, port), !/keeps? it shut/.test(line), program.output);
}

labTest("a table of another process comes, says no, and goes with it", async () => {
  await using lab = await makeLab();
  const scene = await setTruthScene(lab, { stanza: LONG });
  await openGrant(scene, 22);
  const owner = await applyAndStay(lab, firewalld("flags owner;"), "inet firewalld");
  // Once for the grant that is open, by itself.
  await scene.daemon.program.waitFor(/tcp\/22\b.*inet firewalld filter_INPUT keeps it shut: .*NftablesTableOwner/);
  await assertSettles(scene, 24, /inet firewalld filter_INPUT keeps it shut: .*NftablesTableOwner/);
  await owner.stop();
  for (const port of [22, 24]) await assertGetsIn(scene, port);
  await assertSettles(scene, 25, null);
  assert.doesNotMatch(scene.daemon.program.output, /as root|CAP_NET_ADMIN/);
});

labTest("FIREWALL nftables: iptables that come later are said to shut the door", async () => {
  await using lab = await makeLab();
  const scene = await setTruthScene(lab, { server: { FIREWALL: "nftables" }, stanza: LONG });
  await openGrant(scene, 22);
  await apply(lab, IPTABLES);
  await scene.daemon.program.waitFor(/keeps? it shut/);
  await assertSettles(scene, 24, /filter INPUT/);
  await apply(lab, ["iptables", "ip6tables"].map((tool) => command(`${tool} -w -P INPUT ACCEPT`)));
  for (const port of [22, 24]) await assertGetsIn(scene, port);
});
