import assert from "node:assert/strict";
import { type Access, FirewallError, type Grant } from "../../../../daemon/firewall/firewall.ts";
import { followClock } from "../../../../daemon/grants/clock.ts";
import { closeDueGrants } from "../../../../daemon/grants/upkeep.ts";
import { createLedger } from "../../../../daemon/grants/ledger.ts";
import { createShutGrants } from "../../../../daemon/grants/shut.ts";
import { createFacts } from "../../../../daemon/report/facts.ts";
import { openNfnetlink } from "../../../../ffi/nfnetlink/nfnetlink.ts";
import { within } from "../../../contract/namespace.ts";
import { iptablesGuard, labTest } from "../../../lab/mod.ts";
import { type NftablesRig, nftablesRig } from "./rig.ts";

const SSH = { proto: "tcp", port: 22 } as const;
const FAMILIES = [4, 6] as const;

function access(rig: NftablesRig, family: 4 | 6 = 4, port = 22): Access {
  return {
    slot: "input",
    source: rig.addresses.knocker[family],
    destination: null,
    service: { proto: "tcp", port },
  };
}

function grant(rig: NftablesRig, seconds: number, family: 4 | 6 = 4, port = 22): Grant {
  return { access: access(rig, family, port), expiresAt: rig.now() + seconds };
}

async function text(rig: NftablesRig): Promise<string> {
  return await rig.lab.must("server", ["nft", "list", "ruleset"]);
}

/** A backend that lives and dies in another process: it opens the grant for the knocker, says so, and waits to be killed. */
const CHILD = `
import { openNftables } from "${import.meta.resolve("../../../../daemon/firewall/nftables/open.ts")}";
import { address } from "${import.meta.resolve("../../../contract/addresses.ts")}";
const [source, seconds, listing] = Deno.args;
const path = { chains: JSON.parse(listing), survey: () => Promise.reject(new Error("not asked for")) };
const firewall = openNftables({ slots: ["input"], chains: {}, flushAtInit: true, log: () => {}, path });
await firewall.prepare();
const now = Math.floor(Date.now() / 1000);
const access = { slot: "input", source: address(source), destination: null, service: { proto: "tcp", port: 22 } };
const [outcome] = await firewall.grant([{ access, expiresAt: now + Number(seconds) }], [], now);
console.log(JSON.stringify(outcome));
setInterval(() => {}, 1000);
`;

async function openInChild(rig: NftablesRig, source: string, seconds: number) {
  const script = `${rig.lab.dir}/child.ts`;
  await Deno.writeTextFile(script, CHILD);
  const listing = JSON.stringify(await rig.chains());
  const argv = [Deno.execPath(), "run", "-A", "--no-check", script, source, String(seconds), listing];
  const child = rig.lab.spawn("server", argv);
  await child.waitFor(/"ok":true/);
  return child;
}

labTest("openNftables(): the kernel closes the door on time when the daemon was killed", async () => {
  await using rig = await nftablesRig();
  for (const family of FAMILIES) {
    const child = await openInChild(rig, rig.addresses.knocker[family].text, 3);
    await child.stop("SIGKILL");
    const target = rig.lab.address("server", family);
    assert.ok(await rig.admits({ from: "knocker", family, service: SSH }), `IPv${family} is shut`);
    assert.ok(!await rig.admits({ from: "stranger", family, service: SSH }));
    assert.ok(await rig.lab.closes("knocker", target, 22), `IPv${family} stays open`);
  }
});

labTest(
  "openNftables() takes over the door of a daemon that was killed, in every table, with its own end",
  async () => {
    await using rig = await nftablesRig();
    const child = await openInChild(rig, rig.addresses.knocker[4].text, 300);
    await child.stop("SIGKILL");
    await rig.nft(
      "table ip another {\n chain early {\n type filter hook input priority -20; tcp dport 22 drop\n }\n }",
    );
    assert.ok(!await rig.admits({ from: "knocker", family: 4, service: SSH }));
    const later = rig.start({ flushAtInit: false });
    const [taken, ...more] = await later.prepare();
    assert.deepEqual(more, []);
    assert.ok(taken);
    assert.ok(Math.abs(taken.expiresAt - rig.now() - 300) < 30);
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
    assert.deepEqual(await later.grant([{ ...taken, expiresAt: taken.expiresAt - 5 }], [taken], rig.now()), [
      { ok: true, alreadyOpen: true, shutBy: [] },
    ]);
  },
);

labTest("nftablesBackend() closes by itself, and a renewal moves the end", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  await firewall.grant([grant(rig, 2, 4, 22), grant(rig, 2, 4, 53)], [], rig.now());
  await firewall.grant([grant(rig, 600, 4, 53)], [], rig.now());
  assert.ok(await rig.lab.closes("knocker", rig.lab.address("server"), 22));
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: { proto: "tcp", port: 53 } }));
  assert.deepEqual((await firewall.list()).map(({ access }) => access), [access(rig, 4, 53)]);
});

labTest("nftablesBackend() opens the others when one door is refused", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start({ flushAtInit: false });
  // Somebody made one of our sets smaller than it will be needed.
  await rig.nft(
    "add set inet guard fwknop_input4 { type ipv4_addr . inet_proto . inet_service; flags timeout; size 2; }",
  );
  await firewall.prepare();
  const batch = [22, 23, 24, 25].map((port) => grant(rig, 60, 4, port));
  const outcomes = await firewall.grant([...batch, grant(rig, 60, 6)], [], rig.now());
  assert.deepEqual(outcomes.map(({ ok }) => ok), [true, true, false, false, true]);
  for (const outcome of outcomes) if (!outcome.ok) assert.match(outcome.reason, /refused/);
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
  assert.ok(await rig.admits({ from: "knocker", family: 6, service: SSH }));
});

labTest(
  "nftablesBackend() refuses a grant whose time is over and one with a translated port but no service",
  async () => {
    await using rig = await nftablesRig();
    const firewall = rig.start();
    await firewall.prepare();
    const { knocker, first } = rig.addresses;
    const odd: Access = {
      slot: "dnat",
      source: knocker[4],
      destination: null,
      service: null,
      to: first[4],
      toPort: 80,
    };
    const outcomes = await firewall.grant(
      [grant(rig, -1), { access: odd, expiresAt: rig.now() + 60 }, grant(rig, 60)],
      [],
      rig.now(),
    );
    assert.deepEqual(outcomes, [
      { ok: false, reason: "its time is over" },
      { ok: false, reason: "nftables cannot hold such a door" },
      { ok: true, alreadyOpen: false, shutBy: [] },
    ]);
  },
);

for (const moment of ["looks", "writes"] as const) {
  labTest(`nftablesBackend() still grants where others change the ruleset whenever it ${moment}`, async () => {
    await using rig = await nftablesRig();
    await rig.nft("add set inet guard banned { type ipv4_addr; }");
    using busy = within(rig.lab.host("server").namespace, openNfnetlink);
    let count = 0;
    const disturb = () => {
      count++;
      const key = Uint8Array.of(192, 0, count >> 8, count & 0xff);
      busy.transact([{ verb: "add", family: "inet", table: "guard", set: "banned", key }], null);
    };
    const firewall = rig.start({}, (netlink) => ({
      ...netlink,
      elements: (set) => {
        if (moment === "looks") disturb();
        return netlink.elements(set);
      },
      transact: (changes, generation) => {
        if (moment === "writes") disturb();
        return netlink.transact(changes, generation);
      },
    }));
    await firewall.prepare();
    for (const family of FAMILIES) {
      const outcomes = await firewall.grant([grant(rig, 60, family)], [], rig.now());
      assert.deepEqual(outcomes, [{ ok: true, alreadyOpen: false, shutBy: [] }]);
      assert.ok(await rig.admits({ from: "knocker", family, service: SSH }));
    }
    assert.ok(count > 2);
  });
}

labTest("nftablesBackend() repairs a deleted chain, a deleted table and a new chain that drops", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  const live = FAMILIES.map((family) => grant(rig, 600, family));
  await firewall.grant(live, [], rig.now());
  const disturbances = [
    "flush chain inet guard input\nflush chain inet guard fwknop_input",
    "flush chain ip extra fwknop_input",
    "delete table ip extra",
    // It lets neighbour discovery in, without which IPv6 ends when the hosts next ask for each other.
    "table inet third {\n chain late {\n type filter hook input priority 20; policy drop;\n" +
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n }\n }",
    "flush set inet guard fwknop_input4",
  ];
  for (const script of disturbances) {
    await rig.nft(script);
    const isNewChain = script.startsWith("table inet third");
    assert.equal(firewall.events?.drain(), !isNewChain, script);
    if (isNewChain) await firewall.survey({ live: () => live, now: rig.now });
    else assert.equal(await firewall.repair(live, rig.now()), !script.startsWith("delete table"), script);
    for (const family of FAMILIES) {
      assert.ok(await rig.admits({ from: "knocker", family, service: SSH }), script);
      assert.ok(!await rig.admits({ from: "stranger", family, service: SSH }), script);
    }
  }
});

labTest("nftablesBackend() does not call other people's elements a change", async () => {
  await using rig = await nftablesRig();
  await rig.nft("add set inet guard banned { type ipv4_addr; }");
  const firewall = rig.start();
  await firewall.prepare();
  firewall.events?.drain();
  await rig.nft("add element inet guard banned { 192.0.2.1 }");
  await rig.nft("delete element inet guard banned { 192.0.2.1 }");
  assert.equal(firewall.events?.drain(), false);
  await rig.nft("flush chain ip extra fwknop_input");
  assert.equal(firewall.events?.drain(), true);
});

labTest(
  "nftablesBackend() has nothing to open where nothing drops, says it once, and notices when that changes",
  async () => {
    await using rig = await nftablesRig();
    await rig.nft("flush ruleset");
    const firewall = rig.start();
    assert.deepEqual(await firewall.prepare(), []);
    const [outcome] = await firewall.grant([grant(rig, 600)], [], rig.now());
    assert.ok(outcome?.ok);
    await firewall.grant([grant(rig, 700)], [], rig.now());
    assert.equal(rig.log.filter((line) => /nothing to open/.test(line)).length, 1);
    assert.equal(await text(rig), "");
    await rig.reload();
    await firewall.survey({ live: () => [grant(rig, 600)], now: rig.now });
    assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
  },
);

labTest("nftablesBackend() goes into the chains that are named, and into no other", async () => {
  await using rig = await nftablesRig();
  const before = await rig.ruleset();
  const firewall = rig.start({ chains: { input: [{ family: "inet", table: "guard", chain: "input" }] } });
  await firewall.prepare();
  assert.match(await text(rig), /chain input \{\n\t\ttype filter hook input [^\n]*\n\t\tjump fwknop_input\n/);
  assert.match(await text(rig), /chain late \{\n\t\ttype filter hook input [^\n]*\n\t\tmeta l4proto/);
  await firewall.cleanup();
  assert.equal(await rig.ruleset(), before);
  const missing = rig.start({ chains: { input: [{ family: "inet", table: "guard", chain: "inputt" }] } });
  await assert.rejects(missing.prepare(), (error: FirewallError) => {
    assert.match(error.message, /base chain "inet guard inputt": it is not on the input hook/);
    assert.match(error.hint, /NFT_INPUT_CHAINS.*inet guard input/);
    return true;
  });
  assert.equal(await rig.ruleset(), before);
});

labTest("nftablesBackend() refuses what the named chains never see, and what is not switched on", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start({ chains: { input: [{ family: "ip", table: "extra", chain: "late" }] } });
  await firewall.prepare();
  const { knocker } = rig.addresses;
  const forward: Access = { slot: "forward", source: knocker[4], target: null, service: null };
  const outcomes = await firewall.grant(
    [grant(rig, 60, 6), { access: forward, expiresAt: rig.now() + 60 }, grant(rig, 60, 4)],
    [],
    rig.now(),
  );
  assert.deepEqual(outcomes, [
    { ok: false, reason: "NFT_INPUT_CHAINS names no chain that IPv6 packets pass" },
    { ok: false, reason: "doors of the kind forward are not switched on" },
    { ok: true, alreadyOpen: false, shutBy: [] },
  ]);
});

labTest(
  "nftablesBackend() lets the later of two doors win that one map cannot hold, and puts that one back",
  async () => {
    await using rig = await nftablesRig();
    const firewall = rig.start({ slots: ["input", "dnat"] });
    await firewall.prepare();
    const way = (to: "first" | "second", seconds: number): Grant => ({
      access: {
        slot: "dnat",
        source: rig.addresses.knocker[4],
        destination: null,
        service: SSH,
        to: rig.addresses[to][4],
        toPort: 2222,
      },
      expiresAt: rig.now() + seconds,
    });
    const [first, second] = [way("first", 100), way("second", 200)];
    for (const grants of [[first], [second]]) {
      assert.deepEqual(await firewall.grant(grants, [], rig.now()), [{ ok: true, alreadyOpen: false, shutBy: [] }]);
      assert.deepEqual((await firewall.list()).map(({ access }) => access), grants.map(({ access }) => access));
    }
    await rig.nft("flush ruleset");
    await rig.reload();
    await firewall.repair([second, first], rig.now());
    assert.deepEqual((await firewall.list()).map(({ access }) => access), [second.access]);
  },
);

labTest("nftablesBackend() never enters a table of iptables", async () => {
  await using rig = await nftablesRig();
  await rig.nft("flush ruleset");
  await rig.lab.must("server", ["iptables-restore"], { stdin: iptablesGuard(4) });
  const before = await rig.ruleset();
  const named = { input: [{ family: "ip", table: "filter", chain: "INPUT" } as const] };
  await assert.rejects(rig.start({ chains: named }).prepare(), (error: FirewallError) => {
    assert.match(error.message, /"ip filter INPUT".*managed by iptables/);
    assert.match(error.hint, /set FIREWALL to iptables/);
    return true;
  });
  assert.deepEqual(await rig.start().prepare(), []);
  assert.equal(await rig.ruleset(), before);
});

labTest("nftablesBackend() removes what another configuration left behind", async () => {
  await using rig = await nftablesRig();
  const before = await rig.ruleset();
  await rig.start({ slots: ["input", "output", "forward", "dnat", "snat", "masquerade"] }).prepare();
  assert.match(await text(rig), /table inet fwknop_nat/);
  const later = rig.start({ flushAtInit: false });
  await later.prepare();
  assert.doesNotMatch(await text(rig), /fwknop_(nat|forward|output)/);
  await later.cleanup();
  assert.equal(await rig.ruleset(), before);
});

labTest("nftablesBackend() replaces a set of ours that has another form", async () => {
  await using rig = await nftablesRig();
  await rig.nft("add set inet guard fwknop_input4 { type ipv4_addr; flags timeout; }");
  const firewall = rig.start({ flushAtInit: false });
  await firewall.prepare();
  await firewall.grant([grant(rig, 60)], [], rig.now());
  assert.ok(await rig.admits({ from: "knocker", family: 4, service: SSH }));
});

labTest("openNftables() says which capability is missing", async () => {
  await using rig = await nftablesRig();
  const script = `${rig.lab.dir}/plain.ts`;
  await Deno.writeTextFile(
    script,
    `import { openNftables } from "${import.meta.resolve("../../../../daemon/firewall/nftables/open.ts")}";
try {
  const path = { chains: [], survey: () => Promise.resolve([]) };
  const firewall = openNftables({ slots: ["input"], chains: {}, flushAtInit: false, log: () => {}, path });
  await firewall.prepare();
} catch (error) { console.log(error.name, error.denied, error.hint); }`,
  );
  const argv = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", Deno.execPath(), "run", "-A", script];
  const { stdout, stderr } = await rig.lab.run("server", [...argv]);
  assert.match(stdout, /^FirewallError true .*CAP_NET_ADMIN/, stderr);
});

labTest("what is true of the hooks is said when it becomes true, not at every survey", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start();
  await firewall.prepare();
  const said = () => rig.log.filter((line) => line.includes("nothing to open")).length;
  for (const expected of [1, 2]) {
    await rig.nft("flush ruleset");
    for (let change = 0; change < 3; change++) {
      await rig.nft(`add table inet other${change}`);
      await firewall.survey({ live: () => [], now: rig.now });
    }
    assert.equal(said(), expected, rig.log.join("\n"));
    await rig.reload();
    await firewall.survey({ live: () => [], now: rig.now });
  }
});

labTest(
  "a door of which the log says that it was removed is shut, also when the clock was set ahead",
  async () => {
    await using rig = await nftablesRig();
    let ahead = 0;
    const clock = () => Date.now() + ahead * 1000;
    const firewall = rig.start({ clock: () => clock() / 1000 });
    await firewall.prepare();
    const wanted = grant(rig, 600);
    assert.deepEqual((await firewall.grant([wanted], [], rig.now())).map(({ ok }) => ok), [true]);
    const accesses = {
      firewall,
      ledger: createLedger([wanted]),
      clock,
      steady: () => performance.now(),
      facts: createFacts(),
      shut: createShutGrants(),
      alreadyOpen: "already exists",
    };
    const lines: string[] = [];
    const log = (level: string, line: string) => void lines.push(`${level} ${line}`);
    const follower = followClock(accesses);
    const turn = async () => {
      follower.stepBack();
      await closeDueGrants(accesses, log, follower);
      return await rig.admits({ from: "knocker", family: 4, service: SSH });
    };
    assert.equal(await turn(), true);
    ahead = 3600;
    assert.equal(await turn(), false);
    assert.deepEqual(lines.filter((line) => line.startsWith("info")), [
      `info Removed rule 1 from inet guard fwknop_input4, ip extra fwknop_input4 with expire time of ${wanted.expiresAt}`,
    ]);
    assert.doesNotMatch(await text(rig), /elements = /);
  },
);
