/** The standing decision on real rulesets: both packet filters, the real way of packets, and changes as others make them. */
import assert from "node:assert/strict";
import { chainsOnTheWay, type Choice, chooseByPath } from "../../../daemon/firewall/choose.ts";
import type { Access, Grant } from "../../../daemon/firewall/firewall.ts";
import { iptablesFirewall } from "../../../daemon/firewall/iptables/backend.ts";
import { nftablesBackend } from "../../../daemon/firewall/nftables/backend.ts";
import { StandingFirewall } from "../../../daemon/firewall/standing.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { address } from "../../contract/addresses.ts";
import { DEFAULT_OPTIONS } from "../../contract/iptables_rig.ts";
import { runWithin, within } from "../../contract/namespace.ts";
import { iptablesGuard, type Lab, labTest, makeLab, nftablesGuard } from "../../lab/mod.ts";
import { openRig } from "./path/rig.ts";

/** The server's rulesets, as somebody loads them. */
type Ruleset = "nftables" | "iptables" | "iptables-legacy" | "none";

/** A server behind `first`, with a prepared packet filter. */
async function scene(first: Ruleset) {
  const lab = await makeLab({ guard: "none" });
  await load(lab, first);
  const rig = openRig(lab);
  const lines: string[] = [];
  const log = (level: string, text: string) => void (level !== "debug" && lines.push(`${level}: ${text}`));
  await rig.watch.survey();
  const decide = (current: Choice | null) => {
    const choice = chooseByPath(chainsOnTheWay(rig.watch.chains, ["input"]), [
      { backend: { name: "nftables", otherwise: null }, owners: ["nftables"], blocker: null },
      {
        backend: { name: "iptables", otherwise: "nothing drops" },
        owners: ["iptables-nft", "iptables-legacy"],
        blocker: null,
      },
    ], current);
    if (!choice.ok) throw new Error(choice.fault);
    return choice.value;
  };
  const open = ({ backend, owner }: Choice) => Promise.resolve(openBackend(lab, `${backend} ${owner}`, { rig, log }));
  const choice = decide(null);
  const firewall = new StandingFirewall({
    ...{ path: rig.watch, listener: rig.listener, log, slots: ["input"], needs: [] },
    ...{ steady: () => performance.now(), decide, open },
  }, { choice, backend: await open(choice) });
  await firewall.prepare();
  firewall.events?.drain();
  const live: Grant[] = [];
  const grant = async (port: number, seconds = 600) => {
    const asked = { access: accessOf(lab, port), expiresAt: now() + seconds };
    const [outcome] = await firewall.grant([asked], live, now());
    if (outcome?.ok) live.push(asked);
    return outcome;
  };
  /** What the loop does: hears, repairs, and surveys when that is due. */
  const turn = async () => {
    if (firewall.events?.drain()) await firewall.repair(live, now());
    await firewall.survey({ live: () => live, now });
  };
  return {
    lab,
    firewall,
    lines,
    live,
    grant,
    turn,
    [Symbol.asyncDispose]: async () => {
      firewall[Symbol.dispose]();
      await lab[Symbol.asyncDispose]();
    },
  };
}

function openBackend(lab: Lab, what: string, { rig, log }: {
  readonly rig: ReturnType<typeof openRig>;
  readonly log: (level: string, text: string) => void;
}) {
  const { namespace } = lab.host("server");
  const run = runWithin(namespace);
  if (what.startsWith("nftables")) {
    const parts = { netlink: within(namespace, openNfnetlink), run };
    return nftablesBackend(parts, {
      slots: ["input"],
      chains: {},
      flushAtInit: true,
      flushAtExit: true,
      log,
      path: rig.watch,
    });
  }
  const firewallExe = what.endsWith("legacy") ? "/usr/sbin/iptables-legacy" : "/usr/sbin/iptables-nft";
  return iptablesFirewall({ ...DEFAULT_OPTIONS, firewallExe, run, log, hears: !what.endsWith("legacy") });
}

const now = () => Math.floor(Date.now() / 1000);

function accessOf(lab: Lab, port: number): Access {
  const source = address(lab.address("knocker"));
  return { slot: "input", source, destination: null, service: { proto: "tcp", port } };
}

/** Takes away what is there and loads another one. */
async function load(lab: Lab, ruleset: Ruleset): Promise<void> {
  const script = `flush ruleset\n${ruleset === "nftables" ? nftablesGuard() : ""}`;
  await lab.must("server", ["nft", "-f", "-"], { stdin: script });
  if (ruleset === "none" || ruleset === "nftables") return;
  const variant = ruleset === "iptables" ? "nft" : "legacy";
  await lab.must("server", [`iptables-${variant}-restore`], { stdin: iptablesGuard(4) });
  await lab.must("server", [`ip6tables-${variant}-restore`], { stdin: iptablesGuard(6) });
}

async function admits(lab: Lab, who: "knocker" | "stranger", port: number): Promise<boolean> {
  return await lab.probe(who, lab.address("server"), port) !== "filtered";
}

async function assertGuarded(lab: Lab, ...ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    assert.equal(await admits(lab, "knocker", port), true, `${port} is shut`);
    assert.equal(await admits(lab, "stranger", port), false, `${port} is open for everybody`);
  }
}

const CHANGES: readonly (readonly [from: Ruleset, to: Ruleset, name: string])[] = [
  ["nftables", "iptables", "iptables"],
  ["iptables", "nftables", "nftables"],
  ["none", "nftables", "nftables"],
  ["nftables", "iptables-legacy", "iptables"],
];

for (const [from, to, name] of CHANGES) {
  labTest(
    `StandingFirewall follows from ${from} to ${to}: what is open goes over with the time that is left`,
    async () => {
      await using at = await scene(from);
      await at.grant(22, 600);
      await load(at.lab, to);
      await at.turn();
      assert.equal(at.firewall.name, name, at.lines.join("\n"));
      await assertGuarded(at.lab, 22);
      assert.deepEqual(at.firewall.judge(accessOf(at.lab, 22)), []);
      const [open] = await at.firewall.list();
      assert.ok(open !== undefined && Math.abs(open.expiresAt - at.live[0]!.expiresAt) <= 1);
      assert.deepEqual(await at.grant(23), { ok: true, alreadyOpen: false, shutBy: [] });
      await assertGuarded(at.lab, 23);
      const old = await at.lab.must("server", ["nft", "list", "ruleset"]);
      if (name === "nftables") assert.doesNotMatch(old, /FWKNOP_INPUT/);
      else assert.doesNotMatch(old, /fwknop_/);
      assert.equal(at.lines.filter((line) => /instead of/.test(line)).length, from === "none" && to === "none" ? 0 : 1);
      await at.firewall.cleanup();
      assert.equal(await admits(at.lab, "knocker", 22), false);
    },
    { needs: to === "iptables-legacy" ? { "iptables-legacy-restore": "iptables" } : {} },
  );
}

labTest("StandingFirewall opens a knock in the middle of an exchange where it is needed afterwards", async () => {
  await using at = await scene("nftables");
  await at.grant(22);
  await load(at.lab, "iptables");
  const [outcome] = await Promise.all([at.grant(23), at.turn()]);
  assert.deepEqual(outcome, { ok: true, alreadyOpen: false, shutBy: [] }, at.lines.join("\n"));
  assert.equal(at.firewall.name, "iptables");
  await assertGuarded(at.lab, 22, 23);
});

labTest(
  "StandingFirewall stays where it is when everything is flushed, and goes into what is loaded next",
  async () => {
    await using at = await scene("nftables");
    await at.grant(22);
    await load(at.lab, "none");
    await at.turn();
    assert.equal(at.firewall.name, "nftables");
    await load(at.lab, "nftables");
    await at.turn();
    await assertGuarded(at.lab, 22);
    assert.deepEqual(at.lines.filter((line) => /instead of/.test(line)), []);
  },
);

labTest(
  "StandingFirewall says what another table keeps shut, of what is opened and of what is open, until it goes",
  async () => {
    await using at = await scene("nftables");
    await at.grant(22);
    const nft = (script: string) => at.lab.must("server", ["nft", "-f", "-"], { stdin: script });
    await nft(
      "table inet block {\n set bad { type ipv4_addr; }\n chain early {\n type filter hook prerouting priority -5;\n" +
        "ip saddr @bad drop\n }\n }",
    );
    await nft(`add element inet block bad { ${at.lab.address("knocker")} }`);
    at.firewall.events?.drain();
    assert.equal(at.firewall.judgingDueAt, null, "the survey comes first");
    await at.turn();
    assert.ok(at.firewall.judgingDueAt !== null);
    const [shutBy = []] = await at.firewall.judgeAll(at.live);
    assert.match(shutBy[0]?.chain ?? "", /^inet block early$/);
    const outcome = await at.grant(23);
    assert.ok(outcome?.ok && outcome.shutBy.length === 1);
    assert.equal(await admits(at.lab, "knocker", 22), false);
    assert.match(await at.firewall.describe(false), /tcp\/22 is open in .*, but inet block early keeps it shut: /);
    await nft("delete table inet block");
    at.firewall.events?.drain();
    assert.deepEqual(await at.firewall.judgeAll(at.live), [[], []]);
    await assertGuarded(at.lab, 22, 23);
  },
);
