import assert from "node:assert/strict";
import type { Grant } from "../../../../daemon/firewall/firewall.ts";
import { SET_LAYOUTS } from "../../../../daemon/firewall/nftables/set_layout.ts";
import type { Nfnetlink } from "../../../../ffi/nfnetlink/nfnetlink.ts";
import { labTest } from "../../../lab/mod.ts";
import { type NftablesRig, nftablesRig, type RigFirewall } from "./rig.ts";

const SSH = { proto: "tcp", port: 22 } as const;
const FAMILIES = [4, 6] as const;

function grant(rig: NftablesRig, seconds: number, family: 4 | 6 = 4, port = 22): Grant {
  const service = { proto: "tcp", port } as const;
  const access = { slot: "input", source: rig.addresses.knocker[family], destination: null, service } as const;
  return { access, expiresAt: rig.now() + seconds };
}

/** Counts what a backend asks, and how many things the kernel tells it. */
function counted(netlink: Nfnetlink): { readonly netlink: Nfnetlink; readonly told: () => number } {
  let told = 0;
  const count = (answer: unknown) => void (told += 1 + (Array.isArray(answer) ? answer.length : 0));
  const methods = Object.entries(netlink).map(([name, method]) => [
    name,
    typeof method !== "function" || name === "readRules" ? method : (...args: readonly unknown[]) => {
      const answer: unknown = Reflect.apply(method, netlink, args);
      count(answer);
      return answer;
    },
  ]);
  const readRules: Nfnetlink["readRules"] = function* (chain) {
    const slices = netlink.readRules(chain);
    for (;;) {
      const slice = slices.next();
      if (slice.done) return slice.value;
      const rules = [...slice.value];
      count(rules);
      yield rules;
    }
  };
  return { netlink: { ...netlink, ...Object.fromEntries(methods), readRules }, told: () => told };
}

/** As a blocklist would make them. */
function manyRules(chain: string): string {
  return Array.from(
    { length: 30_000 },
    (_, i) => `add rule ${chain} ip saddr 10.${i >> 14}.${(i >> 7) & 127}.${i & 127} tcp dport 25 drop\n`,
  ).join("");
}

labTest(
  "a grant, a renewal and a look at our own objects read the same beside 30,000 rules, wherever those stand",
  async () => {
    const costs: (readonly number[])[] = [];
    for (const chain of [null, "ip other base", "inet guard others", "inet guard input"]) {
      await using rig = await nftablesRig();
      const firewalls: { told: () => number }[] = [];
      const firewall = rig.start({}, (netlink) => {
        const counter = counted(netlink);
        firewalls.push(counter);
        return counter.netlink;
      });
      await firewall.prepare();
      const { backend } = firewall;
      if (chain === "ip other base") {
        await rig.nft("table ip other {\n chain base {\n type filter hook input priority 30;\n }\n }");
      }
      if (chain === "inet guard others") await rig.nft("add chain inet guard others");
      if (chain !== null) await rig.nft(manyRules(chain));
      const told = () => firewalls[0]?.told() ?? 0;
      const cost = [told()];
      const [first, renewed] = [grant(rig, 60), grant(rig, 90)];
      for (const each of [first, renewed]) {
        assert.deepEqual(await backend.grant([each], [], rig.now()), [{ ok: true, alreadyOpen: false }]);
        cost.push(told());
      }
      // Somebody else's element in a set of ours makes a look due.
      const concerned = concernsAfter(rig, firewall);
      await rig.nft("add element inet guard fwknop_input4 { 192.0.2.7 . tcp . 22 timeout 60s }");
      assert.ok(concerned());
      assert.equal(await backend.repair([renewed], rig.now()), "intact");
      cost.push(told());
      costs.push(cost.map((sum, index) => sum - (cost[index - 1] ?? sum)));
    }
    const [alone, ...beside] = costs;
    assert.deepEqual(alone?.slice(0, 3), [0, 1, 1], "one transaction for a grant");
    for (const cost of beside) assert.deepEqual(cost, alone);
  },
);

/** What others do between two grants, and what a look at our own objects finds then. */
const CHANGES = [
  {
    title: "our jump is deleted",
    script: async (rig: NftablesRig) =>
      `delete rule inet guard input handle ${await handleOf(rig, "jump fwknop_input")}`,
    found: "restored",
  },
  { title: "our chain is emptied", script: "flush chain inet guard fwknop_input", found: "restored" },
  {
    title: "a rule of our chain is deleted",
    script: async (rig: NftablesRig) =>
      `delete rule inet guard fwknop_input handle ${await handleOf(rig, "@fwknop_input4 accept")}`,
    found: "restored",
  },
  {
    title: "a rule that drops is put into our chain",
    script: "insert rule inet guard fwknop_input drop",
    found: "restored",
  },
  { title: "our sets are emptied", script: "flush set inet guard fwknop_input4", found: "restored" },
  { title: "an element is given less time", script: shorten, found: "restored" },
  { title: "a table is deleted", script: "delete table ip extra", found: "gone" },
  { title: "a base chain is deleted", script: "flush chain ip extra late\ndelete chain ip extra late", found: "gone" },
  {
    title: "a table is loaded anew",
    script: "delete table ip extra\ntable ip extra {\n chain late {\n" +
      "type filter hook input priority 10; tcp dport 22 drop\n }\n }",
    found: "restored",
  },
  { title: "a rule is put above our jump", script: "insert rule inet guard input counter", found: "intact" },
  { title: "another table comes", script: "add table ip another", found: "intact" },
] as const;

async function handleOf(rig: NftablesRig, rule: string): Promise<string> {
  const listing = await rig.lab.must("server", ["nft", "-a", "list", "table", "inet", "guard"]);
  const line = listing.split("\n").find((one) => one.includes(rule)) ?? "";
  return / # handle (\d+)$/.exec(line)?.[1] ?? "";
}

function shorten(rig: NftablesRig): string {
  const element = `inet guard fwknop_input4 { ${rig.addresses.knocker[4].text} . tcp . 22`;
  return `delete element ${element} }\nadd element ${element} timeout 9s }`;
}

for (const { title, script, found } of CHANGES) {
  labTest(`RulesetView.repair(): where ${title} it is ${found}, and what is live is open`, async () => {
    await using rig = await nftablesRig();
    const firewall = rig.start();
    const { backend } = firewall;
    await firewall.prepare();
    const live = FAMILIES.map((family) => grant(rig, 600, family));
    await firewall.grant(live, [], rig.now());
    const concerned = concernsAfter(rig, firewall);
    await rig.nft(typeof script === "string" ? script : await script(rig));
    assert.equal(concerned(), found !== "intact");
    assert.equal(await backend.repair(live, rig.now()), found);
    assert.equal(concerned(), false, "its own changes are not told");
    if (found === "gone") assert.equal(await backend.repair(live, rig.now()), "gone", "until a survey has been made");
    for (const family of FAMILIES) assert.ok(await rig.admits({ from: "knocker", family, service: SSH }));
    const ends = (await firewall.list()).map(({ expiresAt }) => Math.abs(expiresAt - live[0]!.expiresAt) <= 1);
    assert.deepEqual(ends, [true, true]);
  });
}

/** Whether an event that the kernel told since the last call concerned the backend. */
function concernsAfter(rig: NftablesRig, { backend }: RigFirewall): () => boolean {
  const listener = rig.listen();
  return () => listener.drain().changes.some((change) => !backend.isOwn(change.portId) && backend.concerns(change));
}

labTest("what is made for every kind of grant can be saved and loaded again", async () => {
  await using rig = await nftablesRig();
  const slots = ["input", "output", "forward", "published", "dnat", "snat", "masquerade"] as const;
  await rig.start({ slots }).prepare();
  const list = () => rig.lab.must("server", ["nft", "list", "ruleset"]);
  const saved = await list();
  for (const { name, slot } of SET_LAYOUTS) {
    // The guard of these tests filters no output, so nothing is opened there.
    if (slot !== "output") assert.match(saved, new RegExp(`@${name}\\b`));
  }
  await rig.nft(`flush ruleset\n${saved}`);
  assert.equal(await list(), saved);
});

labTest(
  "RulesetView: a ruleset that was saved with our chains in it and comes back later gets what is open now",
  async () => {
    await using rig = await nftablesRig();
    const firewall = rig.start({ slots: ["input", "published"] });
    await firewall.prepare();
    const early = grant(rig, 600, 6);
    await firewall.grant([early], [], rig.now());
    const saved = await rig.lab.must("server", ["nft", "list", "ruleset"]);
    await rig.nft("flush ruleset");
    await firewall.survey({ live: () => [early], now: rig.now });
    await rig.nft(saved);
    // Nothing of ours is known to be anywhere, and no survey has been made: the chains that came are named as ours are.
    const [outcome] = await firewall.grant([grant(rig, 600)], [early], rig.now());
    assert.ok(outcome?.ok);
    for (const family of FAMILIES) assert.ok(await rig.admits({ from: "knocker", family, service: SSH }));
    await firewall.survey({ live: () => [early], now: rig.now });
    const listing = await rig.lab.must("server", ["nft", "list", "ruleset"]);
    assert.equal(listing.match(/jump fwknop_input/g)?.length, 2, "each jump once");
    await firewall.cleanup();
    assert.doesNotMatch(await rig.lab.must("server", ["nft", "list", "ruleset"]), /fwknop/);
  },
);

labTest("RulesetView: where all of it is gone when a grant comes, it is made again with all live grants", async () => {
  await using rig = await nftablesRig();
  const firewall = rig.start();
  const { backend } = firewall;
  await firewall.prepare();
  const live = [grant(rig, 600, 6)];
  await backend.grant(live, [], rig.now());
  await rig.nft("flush ruleset");
  await rig.reload();
  // No event has been looked at: the kernel's refusal alone tells.
  assert.deepEqual(await backend.grant([grant(rig, 600)], live, rig.now()), [{ ok: true, alreadyOpen: false }]);
  for (const family of FAMILIES) assert.ok(await rig.admits({ from: "knocker", family, service: SSH }));
});

labTest(
  "RulesetView: what somebody else put into our set is open as long as the grant, as are the others of its batch",
  async () => {
    await using rig = await nftablesRig();
    const firewall = rig.start();
    const { backend } = firewall;
    await firewall.prepare();
    const source = rig.lab.address("knocker");
    await rig.nft(`add element inet guard fwknop_input4 { ${source} . tcp . 22 timeout 5s }`);
    const outcomes = await backend.grant([grant(rig, 600), grant(rig, 600, 6)], [], rig.now());
    assert.deepEqual(outcomes.map(({ ok }) => ok), [true, true]);
    for (const family of FAMILIES) assert.ok(await rig.admits({ from: "knocker", family, service: SSH }));
    const listing = await rig.lab.must("server", ["nft", "list", "set", "inet", "guard", "fwknop_input4"]);
    assert.match(listing, /timeout (?:9m59|10m)/);
  },
);
