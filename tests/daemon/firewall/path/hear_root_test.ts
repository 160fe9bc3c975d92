import assert from "node:assert/strict";
import fc from "fast-check";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { address } from "../../../contract/addresses.ts";
import { type Lab, labTest, makeLab } from "../../../lab/mod.ts";
import { openRig, type WatchRig } from "./rig.ts";

let shared: Promise<Lab> | undefined;

/** A view of that ruleset, surveyed. */
async function watching(script: string) {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${script}` });
  const rig = openRig(lab);
  await rig.watch.survey();
  rig.catchUp();
  const run = async (...lines: readonly string[]) => {
    await lab.must("server", ["nft", "-f", "-"], { stdin: lines.join("\n") });
  };
  return { lab, rig, run, [Symbol.dispose]: () => rig[Symbol.dispose]() };
}

/** Kernels before 5.15 do not tell where new rules stand: there a chain is known again after a survey. */
const PLACES = {
  blocker: () => {
    const [major = 0, minor = 0] = Deno.osRelease().split(".").map((part) => parseInt(part, 10));
    return major > 5 || (major === 5 && minor >= 15) ? null : "this kernel does not tell where new rules stand";
  },
};

const TABLE = `table inet t {
chain base { type filter hook input priority 0; policy accept; ct state established accept; }
chain deny { drop; }
chain spare { tcp dport 1 drop; }
}`;

function access(port: number, source = "10.77.0.2"): Access {
  return { slot: "input", source: address(source), destination: null, service: { proto: "tcp", port } };
}

function shut(rig: WatchRig, ...asked: Parameters<typeof access>): string[] {
  return rig.watch.judge(access(...asked)).map(({ chain, how }) => `${chain} ${how.replace(/[0-9]+/, "N")}`);
}

labTest("hear() makes judge() right at once, before any survey", async () => {
  using on = await watching(TABLE);
  const { rig, run } = on;
  assert.deepEqual(shut(rig, 22), []);
  await run("add rule inet t base tcp dport 22 drop");
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 22), ["inet t base drops it by its rule with the handle N"]);
  await run("insert rule inet t base tcp dport 22 accept");
  rig.catchUp();
  assert.deepEqual(shut(rig, 22), []);
  await run("flush chain inet t base", "add rule inet t base jump deny");
  // Nobody came to that chain before.
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 22), []);
  await rig.watch.survey();
  assert.deepEqual(shut(rig, 22), ["inet t base drops it by its rule with the handle N in deny"]);
  await run("flush chain inet t base");
  rig.catchUp();
  await run("chain inet t base { policy drop; }");
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 22), ["inet t base drops by policy"]);
  await run("delete table inet t");
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 22), []);
}, PLACES);

labTest("hear() knows what comes with a new table, and what becomes of a dormant one", async () => {
  using on = await watching("");
  const { rig, run } = on;
  await run(
    "table ip late {\nchain c { type filter hook input priority 5; policy drop; tcp dport { 22, 80 } accept; }\n}",
  );
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 22), []);
  assert.deepEqual(shut(rig, 23), ["ip late c drops by policy"]);
  await run("add table ip late { flags dormant; }");
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 23), []);
  await run("add table ip late");
  assert.equal(rig.catchUp(), true);
  assert.deepEqual(shut(rig, 23), ["ip late c drops by policy"]);
}, PLACES);

labTest(
  "rules of one transaction find their places in whatever order they are told, and those that did not stay go",
  async () => {
    using on = await watching(TABLE);
    const { rig, run } = on;
    const chain = "inet t base";
    await run(...["tcp dport 22 drop", "tcp dport 22 accept", "counter"].map((rule) => `insert rule ${chain} ${rule}`));
    rig.catchUp();
    assert.deepEqual(shut(rig, 22), []);
    await run(
      `flush chain ${chain}`,
      `insert rule ${chain} tcp dport 22 accept`,
      `insert rule ${chain} tcp dport 22 drop`,
    );
    rig.catchUp();
    assert.equal(shut(rig, 22).length, 1);
    await run(
      `insert rule ${chain} tcp dport 22 accept`,
      `flush chain ${chain}`,
      `insert rule ${chain} tcp dport 22 drop`,
    );
    rig.catchUp();
    assert.equal(shut(rig, 22).length, 1);
  },
  PLACES,
);

labTest("hear() wants a survey for what decides about everybody, and not for what picks some", async () => {
  using on = await watching(TABLE);
  const { rig, run } = on;
  const due = async (...lines: readonly string[]) => {
    await run(...lines);
    return rig.catchUp();
  };
  for (
    const line of [
      "ip saddr 192.0.2.1 drop",
      "ip saddr { 192.0.2.1, 198.51.100.0/24 } drop",
      "iifname wg0 tcp dport 22 drop",
      "ct state invalid drop",
      "ct state established,related accept",
      "limit rate 3/second drop",
      "meta mark 7 drop",
      "counter",
      "tcp dport 22 counter",
    ]
  ) assert.equal(await due(`add rule inet t base ${line}`), false, line);
  for (
    const line of ["tcp dport 25 drop", "drop", "tcp dport 22 accept", "udp dport 53 jump deny", "ct state new accept"]
  ) {
    assert.equal(await due(`add rule inet t base ${line}`), true, line);
  }
  assert.equal(await due("add set inet t s { type ipv4_addr; }", "add element inet t s { 192.0.2.1 }"), false);
  assert.equal(await due("add chain inet t more", "add rule inet t more drop"), false);
  assert.equal(await due("add rule inet t base ip saddr 192.0.2.2 jump more"), false);
  assert.equal(await due("add rule inet t more tcp dport 22 drop"), true);
  assert.equal(await due("add table inet elsewhere", "add chain inet elsewhere c"), false);
  assert.equal(
    await due("add table bridge b", "add chain bridge b c { type filter hook input priority 0; policy drop; }"),
    false,
  );
  assert.equal(await due("delete table inet elsewhere"), false);
  // Nobody has looked at what stands there, but all of it was told.
  await rig.watch.survey();
  assert.equal(await due("add rule inet t base ip saddr 10.77.0.2 jump spare"), true);
  await rig.watch.survey();
  assert.equal(await due("add chain inet t fwknop_input", "insert rule inet t base jump fwknop_input"), false);
}, PLACES);

labTest("hear(lost) has everything read anew, and nothing is called shut until then", async () => {
  using on = await watching(TABLE.replace("policy accept", "policy drop"));
  const { rig, run } = on;
  assert.equal(shut(rig, 22).length, 1);
  assert.equal(rig.watch.hear("lost"), "survey");
  assert.deepEqual(shut(rig, 22), []);
  await run("insert rule inet t base tcp dport 22 accept");
  rig.listener.drain();
  await rig.watch.survey();
  assert.deepEqual(shut(rig, 22), []);
  assert.equal(shut(rig, 23).length, 1);
}, PLACES);

labTest("a named set is asked at the moment of judging", async () => {
  using on = await watching(
    TABLE.replace("chain deny", "set s { type ipv4_addr; flags timeout, interval; }\nchain deny"),
  );
  const { rig, run } = on;
  await run("add rule inet t base ip saddr @s drop");
  rig.catchUp();
  assert.deepEqual(shut(rig, 22), []);
  await run("add element inet t s { 10.77.0.0/24 }");
  assert.equal(rig.catchUp(), false);
  const [found] = rig.watch.judge(access(22));
  assert.equal(found?.remedy, "take 10.77.0.2 out of the set s of inet t");
  await run("delete element inet t s { 10.77.0.0/24 }");
  assert.deepEqual(shut(rig, 22), []);
}, PLACES);

/** Changes of the chains base, deny and spare; `N` is the place of a rule in the chain. */
type Change = readonly [
  verb: "add" | "insert" | "before" | "after" | "replace" | "delete" | "flush",
  rule: string,
  at: number,
];

const RULES = [
  ...[
    "drop",
    "accept",
    "tcp dport 22 drop",
    "tcp dport 22 accept",
    "tcp dport { 22, 23 } drop",
    "ip saddr 10.77.0.2 drop",
  ],
  ...[
    "ip saddr 10.77.0.2 accept",
    "ip saddr { 10.77.0.0/24 } jump deny",
    "jump deny",
    "goto spare",
    "return",
    "counter",
  ],
];

labTest("after any changes, told one by one or together, the view is what a survey finds", async () => {
  using on = await watching(TABLE);
  const { lab, rig } = on;
  const change: fc.Arbitrary<Change> = fc.tuple(
    fc.constantFrom("add", "insert", "before", "after", "replace", "delete", "flush"),
    fc.constantFrom(...RULES),
    fc.nat(20),
  );
  const batches = fc.array(
    fc.tuple(fc.constantFrom("base", "deny", "spare"), fc.array(change, { minLength: 1, maxLength: 4 })),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  await fc.assert(
    fc.asyncProperty(batches, async (drawn) => {
      for (const [chain, changes] of drawn) {
        const lines = await linesOf(lab, chain, changes);
        await lab.run("server", ["nft", "-f", "-"], { stdin: lines.join("\n") });
        if (rig.catchUp()) await rig.watch.survey();
      }
      using fresh = openRig(lab);
      await fresh.watch.survey();
      for (
        const [port, source] of [[22, "10.77.0.2"], [23, "10.77.0.2"], [22, "192.0.2.1"], [80, "192.0.2.1"]] as const
      ) {
        const listed = await lab.must("server", ["nft", "-a", "list", "table", "inet", "t"]);
        assert.deepEqual(rig.watch.judge(access(port, source)), fresh.watch.judge(access(port, source)), listed);
      }
    }),
    { numRuns: 25 },
  );
  await (await shared)?.[Symbol.asyncDispose]();
});

/** nft's lines for the changes; rules to stand beside are chosen from those of the chain. */
async function linesOf(lab: Lab, chain: string, changes: readonly Change[]): Promise<readonly string[]> {
  const listed = await lab.must("server", ["nft", "-a", "list", "chain", "inet", "t", chain]);
  const handles = [...listed.matchAll(/^\t\t(?!type).* # handle ([0-9]+)$/gm)].map(([, handle]) => handle);
  const gone = new Set<string>();
  return changes.flatMap(([verb, drawn, at]) => {
    // No loops.
    const rule = chain !== "base" && /deny|spare/.test(drawn) ? "counter" : drawn;
    const handle = handles[at % Math.max(1, handles.length)];
    const place = `inet t ${chain}`;
    if (verb === "add" || verb === "insert") return [`${verb} rule ${place} ${rule}`];
    if (verb === "flush") {
      if (gone.size > 0) return [];
      for (const one of handles) gone.add(one ?? "");
      return [`flush chain ${place}`];
    }
    if (handle === undefined || gone.has(handle)) return [];
    if (verb === "before") return [`insert rule ${place} position ${handle} ${rule}`];
    if (verb === "after") return [`add rule ${place} position ${handle} ${rule}`];
    gone.add(handle);
    return [
      verb === "delete" ? `delete rule ${place} handle ${handle}` : `replace rule ${place} handle ${handle} ${rule}`,
    ];
  });
}
