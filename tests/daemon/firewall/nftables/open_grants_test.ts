import assert from "node:assert/strict";
import { elementOf } from "../../../../daemon/firewall/nftables/elements.ts";
import { openGrants, rehearseGrants } from "../../../../daemon/firewall/nftables/open_grants.ts";
import { BUSY } from "../../../../daemon/firewall/nftables/refusals.ts";
import { RulesetView } from "../../../../daemon/firewall/nftables/ruleset_view.ts";
import type { PathChain } from "../../../../daemon/firewall/path/model.ts";
import { E } from "../../../../ffi/abi.ts";
import { FfiError } from "../../../../ffi/errors.ts";
import { address } from "../../../contract/addresses.ts";
import { inputChain } from "../../../fakes/packet_filter.ts";
import { done, fakeNetlink, refusedAt } from "./fake_netlink.ts";

const NOW = 1000;
const FILTER = inputChain();

function grant(port: number, expiresAt = NOW + 60) {
  const source = address("192.0.2.1");
  return { access: { slot: "input", source, destination: null, service: { proto: "tcp", port } } as const, expiresAt };
}

/** A view that was prepared for the chains, on a packet filter that does what it is asked. */
async function prepared(path: readonly PathChain[] = [FILTER], slots: readonly ("input" | "dnat")[] = ["input"]) {
  const fake = fakeNetlink();
  const log: string[] = [];
  const view = new RulesetView(fake.netlink, {
    wanted: { slots, chains: {} },
    log: (level, text) => void log.push(`${level} ${text}`),
    clock: () => NOW,
  });
  await view.prepare(path, true);
  fake.transactions.length = fake.asked.length = 0;
  return { ...fake, view, log };
}

const MOMENT = { live: [], now: NOW };

Deno.test("openGrants() writes one transaction, reads nothing, and writes nothing where it is open long enough", async () => {
  const { view, transactions, asked } = await prepared();
  const batch = [grant(22), grant(23), grant(22, NOW + 30)];
  assert.deepEqual(openGrants(view, batch, MOMENT), [
    { ok: true, alreadyOpen: false },
    { ok: true, alreadyOpen: false },
    { ok: true, alreadyOpen: true },
  ]);
  assert.deepEqual([transactions.length, transactions[0]?.length, asked.length], [1, 2, 0]);
  assert.deepEqual(openGrants(view, [grant(23)], MOMENT), [{ ok: true, alreadyOpen: true }]);
  assert.equal(transactions.length, 1);
});

Deno.test("openGrants() replaces what somebody else put there, and what it knows, and reads nothing for that", async () => {
  const { view, ruleset, transactions, asked } = await prepared();
  const there = elementOf(grant(23).access)!.key.toHex();
  ruleset.answer = (changes) => {
    const index = changes.findIndex((change) => "onlyNew" in change && change.key.toHex() === there);
    return index < 0 ? done(changes) : refusedAt(index, E.EXIST);
  };
  const opened = { ok: true, alreadyOpen: false };
  assert.deepEqual(openGrants(view, [grant(22), grant(23)], MOMENT), [opened, opened]);
  assert.deepEqual(transactions.map((steps) => steps.map(({ verb }) => verb)), [
    ["add", "add"],
    ["add", "delete", "add", "add", "delete", "add"],
  ]);
  assert.deepEqual(openGrants(view, [grant(22, NOW + 90)], MOMENT), [opened]);
  assert.deepEqual(transactions.at(-1)?.map(({ verb }) => verb), ["add", "delete", "add"]);
  assert.equal(asked.length, 0);
});

Deno.test("openGrants() refuses what is over or cannot be held, and opens the rest", async () => {
  const { view } = await prepared();
  const outcomes = openGrants(view, [
    grant(22, NOW),
    { ...grant(22), access: { ...grant(22).access, slot: "output" } },
    grant(24),
  ], MOMENT);
  assert.deepEqual(outcomes, [
    { ok: false, reason: "its time is over" },
    { ok: false, reason: "doors of the kind output are not switched on" },
    { ok: true, alreadyOpen: false },
  ]);
});

Deno.test("openGrants() puts our own objects back where one is gone, and opens then", async () => {
  const { view, ruleset, transactions } = await prepared();
  let count = 0;
  ruleset.answer = (changes) => count++ === 0 ? refusedAt(0, E.NOENT) : done(changes);
  assert.deepEqual(openGrants(view, [grant(22)], { ...MOMENT, live: [grant(25)] }), [{ ok: true, alreadyOpen: false }]);
  assert.ok(transactions[1]?.some(({ verb }) => verb === "add set"), "structure first");
  assert.deepEqual(transactions.slice(2).map((steps) => steps.length), [3, 3], "then what is live, then the grant");
});

Deno.test("openGrants() leaves a table out that refuses to be written, says so, and opens in the others", async () => {
  const { view, ruleset, transactions, log } = await prepared([FILTER, { ...FILTER, table: "theirs" }]);
  ruleset.answer = (changes) => {
    const index = changes.findIndex(({ table }) => table === "theirs");
    return index < 0 ? done(changes) : refusedAt(index, E.PERM);
  };
  assert.deepEqual(openGrants(view, [grant(22)], MOMENT), [{ ok: true, alreadyOpen: false }]);
  assert.deepEqual(transactions.at(-1)?.map(({ table }) => table), ["filter", "filter", "filter"]);
  assert.match(log.at(-1) ?? "", /^warning Cannot open doors in inet theirs: .*NftablesTableOwner=no/);
});

Deno.test("openGrants() opens the others when one is refused, and says why that one is not open", async () => {
  const { view, ruleset } = await prepared();
  const bad = elementOf(grant(23).access)!.key.toHex();
  ruleset.answer = (changes) => {
    const index = changes.findIndex((change) =>
      "key" in change && change.verb !== "add set" && "timeoutMs" in change &&
      change.key.toHex() === bad
    );
    return index < 0 ? done(changes) : refusedAt(index, 23);
  };
  assert.deepEqual(openGrants(view, [grant(22), grant(23), grant(24)], MOMENT), [
    { ok: true, alreadyOpen: false },
    { ok: false, reason: "the packet filter refused: our set is full" },
    { ok: true, alreadyOpen: false },
  ]);
});

Deno.test("openGrants() reads again what a map holds for the key, and takes that out first", async () => {
  const { view, ruleset, transactions } = await prepared([FILTER], ["input", "dnat"]);
  const { source, service } = grant(80).access;
  const dnat = (to: string) =>
    ({ slot: "dnat", source, destination: null, service, to: address(to), toPort: null }) as const;
  const there = elementOf(dnat("10.0.0.2"))!;
  const held = {
    kind: "element",
    key: there.key,
    keyEnd: null,
    data: there.data,
    verdict: null,
    remainingMs: 9000,
  } as const;
  ruleset.elements = { [there.layout.name]: [held] };
  ruleset.answer = (changes) => {
    const [first] = changes;
    const isOther = first !== undefined && "data" in first && first.data?.toHex() !== "0a000002";
    return isOther ? refusedAt(0, BUSY) : done(changes);
  };
  const outcomes = openGrants(view, [{ access: dnat("10.0.0.3"), expiresAt: NOW + 60 }], MOMENT);
  assert.deepEqual(outcomes, [{ ok: true, alreadyOpen: false }]);
  const data = transactions.at(-1)?.map((step) => "data" in step ? step.data?.toHex() : "");
  assert.deepEqual(data, ["0a000002", "0a000002", "0a000003"]);
});

Deno.test("openGrants() answers for each grant where the socket fails, and lets a mistake of ours through", async () => {
  const { view, ruleset } = await prepared();
  ruleset.answer = () => {
    throw new FfiError("nfnetlink: no answer", { library: "nfnetlink" });
  };
  assert.deepEqual(openGrants(view, [grant(22)], MOMENT), [{ ok: false, reason: "nfnetlink: no answer" }]);
  ruleset.answer = () => {
    throw new TypeError("a mistake");
  };
  assert.throws(() => openGrants(view, [grant(22)], MOMENT), TypeError);
});

Deno.test("rehearseGrants() asks for what openGrants() would write, in vain, and believes and mends nothing", async () => {
  const { view, ruleset, transactions, inVain, asked } = await prepared();
  rehearseGrants(view, [grant(22), grant(23)], NOW);
  assert.deepEqual([transactions, asked], [[], []]);
  openGrants(view, [grant(22), grant(23)], MOMENT);
  assert.deepEqual(inVain, transactions);
  rehearseGrants(view, [grant(22), grant(24), grant(25, NOW)], NOW);
  assert.deepEqual(inVain[1]?.map((change) => "key" in change && change.key.at(-3)), [22, 24]);
  ruleset.answer = (changes) => assert.fail(`written: ${changes.length}`);
  assert.deepEqual([transactions.length, asked], [1, []]);
  assert.deepEqual(openGrants(view, [grant(23)], MOMENT), [{ ok: true, alreadyOpen: true }]);
});

Deno.test("rehearseGrants() passes over a packet filter that does not answer", async () => {
  const { view, netlink, transactions, asked } = await prepared();
  netlink.transactInVain = () => {
    throw new FfiError("nobody answers", { library: "nfnetlink", code: 0 });
  };
  rehearseGrants(view, [grant(22)], NOW);
  assert.deepEqual([transactions, asked], [[], []]);
});
