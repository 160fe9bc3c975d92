import assert from "node:assert/strict";
import { readAcknowledgement } from "../../../ffi/nfnetlink/answers.ts";
import { batchMessages } from "../../../ffi/nfnetlink/batch.ts";
import { concatenate } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import { openMomentaryListener, openRulesetListener } from "../../../ffi/nfnetlink/events.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { requestsOn } from "../../../ffi/nfnetlink/requests.ts";
import { openNetlinkSocket } from "../../../ffi/nfnetlink/socket.ts";
import { within } from "../../contract/namespace.ts";
import { type Lab, labTest, makeLab } from "../../lab/mod.ts";

const RULESET = `table inet filter {
  set doors { type ipv4_addr . inet_proto . inet_service; flags timeout; }
  map ways { type ipv6_addr : ipv6_addr . inet_service; flags timeout; }
  set big { type ipv4_addr; }
  chain ours {
    ip saddr . meta l4proto . th dport @doors accept
    meta l4proto { tcp, udp } th dport 1 drop
  }
  chain input {
    type filter hook input priority 0;
    counter jump ours
    tcp dport 9 goto ours
  }
}
`;
/** What a transaction without new rules comes to. */
const DONE = { ok: true, handles: new Map() };
const TABLE = { family: "inet", table: "filter" } as const;

let shared: Promise<Lab> | undefined;

/** The socket, in the server of a lab with a fresh ruleset. */
async function open() {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  await lab.must("server", ["nft", "-f", "-"], { stdin: `flush ruleset\n${RULESET}` });
  const { namespace } = lab.host("server");
  const netlink = within(namespace, openNfnetlink);
  const listener = within(namespace, openRulesetListener);
  const nft = (script: string) => lab.must("server", ["nft", "-f", "-"], { stdin: script });
  return {
    netlink,
    listener,
    nft,
    [Symbol.dispose]() {
      netlink[Symbol.dispose]();
      listener[Symbol.dispose]();
    },
  };
}

function key(last: number, port = 22): Uint8Array {
  return concatenate([Uint8Array.of(10, 0, 0, last), Uint8Array.of(6), Uint8Array.of(port >> 8, port & 0xff)]);
}

const doors = { ...TABLE, set: "doors" };

labTest("transact() takes as many steps as a rebuilt ruleset with many doors in several tables needs", async () => {
  using host = await open();
  const steps = Array.from({ length: 1000 }, (_, index) => {
    const at = { ...doors, key: key(index & 0xff, 1000 + index) };
    return [{ verb: "add", ...at }, { verb: "delete", ...at }, { verb: "add", ...at, timeoutMs: 60_000 }] as const;
  }).flat();
  assert.deepEqual(host.netlink.transact(steps, null), DONE);
  assert.equal(host.netlink.elements(doors)?.length, 1000);
});

labTest("transact() adds elements that nft shows, and elements() reads them", async () => {
  using host = await open();
  const { netlink, nft } = host;
  const data = concatenate([new Uint8Array(16).fill(0x20), Uint8Array.of(0, 80)]);
  const outcome = netlink.transact([
    { verb: "add", ...doors, key: key(1), timeoutMs: 600_000 },
    { verb: "add", ...doors, key: key(2) },
    { verb: "add", ...TABLE, set: "ways", key: new Uint8Array(16).fill(0xfd), data, timeoutMs: 600_000 },
  ], null);
  assert.deepEqual(outcome, DONE);
  const shown = await nft("list ruleset");
  assert.match(shown, /10\.0\.0\.1 \. tcp \. 22 timeout 10m expires/);
  assert.match(shown, /fdfd:fdfd:[^ ]* timeout 10m expires [^ ]* : 2020:2020:[^ ]* \. 80/);
  const found = netlink.elements(doors) ?? [];
  assert.deepEqual(found.map((element) => element.key).sort(), [key(1), key(2)]);
  const timed = found.find((element) => element.remainingMs !== null);
  assert.ok((timed?.remainingMs ?? 0) > 500_000 && (timed?.remainingMs ?? 0) <= 600_000);
  assert.deepEqual(netlink.elements({ ...TABLE, set: "ways" })?.[0]?.data, data);
  assert.equal(netlink.elements({ ...TABLE, set: "none" }), null);
  assert.equal(netlink.elements({ family: "ip", table: "filter", set: "doors" }), null);
});

labTest("transact() does all or nothing, and tells which step was refused", async () => {
  using host = await open();
  const { netlink } = host;
  const outcome = netlink.transact([
    { verb: "add", ...doors, key: key(1), timeoutMs: 1000 },
    { verb: "delete", ...doors, key: key(9) },
    { verb: "add", ...TABLE, set: "none", key: key(1) },
    { verb: "add", ...doors, key: key(2), timeoutMs: 1000 },
  ], null);
  assert.ok(!outcome.ok && !outcome.stale);
  assert.deepEqual(outcome.refusals.map(({ index, code }) => [index, code]), [[1, 2], [2, 2]]);
  assert.deepEqual(netlink.elements(doors), []);
});

labTest("transact() renews an element, also one that is not there", async () => {
  using host = await open();
  const { netlink } = host;
  for (const timeoutMs of [600_000, 6_000_000, 300_000]) {
    const change = { ...doors, key: key(1) };
    const steps = [{ verb: "add", ...change }, { verb: "delete", ...change }, { verb: "add", ...change, timeoutMs }];
    assert.deepEqual(netlink.transact(steps as Parameters<typeof netlink.transact>[0], null), DONE);
    const [element, ...more] = netlink.elements(doors) ?? [];
    assert.deepEqual(more, []);
    const remaining = element?.remainingMs ?? 0;
    assert.ok(remaining > timeoutMs / 2 && remaining <= timeoutMs, `${remaining} of ${timeoutMs}`);
  }
});

labTest("transact() is refused on a ruleset of another generation, and counts its own", async () => {
  using host = await open();
  const { netlink, nft } = host;
  const generation = netlink.generation();
  const add = (last: number) => ({ verb: "add", ...doors, key: key(last), timeoutMs: 1000 }) as const;
  assert.deepEqual(netlink.transact([add(1)], generation), DONE);
  assert.equal(netlink.generation(), generation + 1);
  await nft("add element inet filter big { 192.0.2.1 }");
  assert.deepEqual(netlink.transact([add(2)], generation + 1), { ok: false, stale: true });
  assert.equal(netlink.elements(doors)?.length, 1);
  assert.deepEqual(netlink.transact([add(2)], generation + 2), DONE);
});

labTest(
  "transactInVain() is refused and changes nothing; without its end no transaction ever does, of any generation",
  async () => {
    using host = await open();
    const { netlink, listener } = host;
    listener.drain();
    const generation = netlink.generation();
    const add = { verb: "add", ...doors, key: key(1), timeoutMs: 1000 } as const;
    assert.deepEqual(netlink.transactInVain([add]), { ok: false, stale: true });
    using socket = within((await shared!).host("server").namespace, () => openNetlinkSocket({ receiveBuffer: 65_536 }));
    const answers = requestsOn(socket).exchange((seq) => batchMessages([add], seq, null).slice(0, -1));
    assert.deepEqual(answers.map((answer) => readAcknowledgement(answer)?.code), [0], "checked, and found to be right");
    assert.equal(netlink.generation(), generation);
    assert.deepEqual(netlink.elements(doors), []);
    assert.deepEqual(listener.drain(), { changes: [], lost: false });
    assert.deepEqual(netlink.transact([add], generation), DONE);
    assert.notEqual(listener.drain().changes.length, 0);
  },
);

labTest("rules() tells what rules do in order", async () => {
  using host = await open();
  const { netlink } = host;
  const steps = (chain: string) =>
    netlink.rules({ ...TABLE, chain })?.map(({ expressions }) =>
      expressions.map((step) =>
        step.kind === "lookup"
          ? step.set
          : step.kind === "verdict"
          ? step.verdict
          : step.kind === "other"
          ? step.name
          : step.kind
      )
    );
  assert.deepEqual(steps("ours"), [
    ["meta", "compare", "payload", "meta", "payload", "doors", { kind: "accept" }],
    ["meta", "__set0", "payload", "compare", { kind: "drop" }],
  ]);
  assert.deepEqual(steps("input"), [
    ["counter", { kind: "jump", chain: "ours" }],
    ["meta", "compare", "payload", "compare", { kind: "goto", chain: "ours" }],
  ]);
  assert.equal(netlink.rules({ ...TABLE, chain: "none" }), null);
  assert.equal(netlink.rules({ family: "ip6", table: "filter", chain: "ours" }), null);
});

labTest("drain() tells changes by the port that made them", async () => {
  using host = await open();
  const { netlink, listener, nft } = host;
  listener.drain();
  netlink.transact([{ verb: "add", ...doors, key: key(1), timeoutMs: 1000 }], null);
  const own = listener.drain();
  assert.ok(!own.lost);
  assert.deepEqual(own.changes.map(({ message, set }) => [message, set]), [[NFT_MSG.newSetElem, "doors"], [
    NFT_MSG.newGen,
    "",
  ]]);
  assert.ok(own.changes.every(({ portId }) => portId === netlink.portId));
  await nft("flush chain inet filter input");
  const foreign = listener.drain().changes;
  assert.deepEqual(foreign.map(({ message }) => message), [NFT_MSG.delRule, NFT_MSG.delRule, NFT_MSG.newGen]);
  assert.ok(foreign.every(({ portId }) => portId !== netlink.portId));
  assert.deepEqual(listener.drain(), { changes: [], lost: false });
});

labTest("drain() says when changes were lost, and works on", async () => {
  using host = await open();
  const { listener, nft } = host;
  listener.drain();
  const addresses = Array.from({ length: 40_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`);
  await nft(`add element inet filter big { ${addresses.join(", ")} }`);
  assert.ok(listener.drain().lost);
  await nft("flush chain inet filter input");
  assert.deepEqual(listener.drain().changes.filter(({ message }) => message === NFT_MSG.delRule).length, 2);
});

labTest("a momentary listener hears of what happens between beginning and end, and of nothing else", async () => {
  using host = await open();
  using listener = within((await shared!).host("server").namespace, openMomentaryListener);
  const tables = () =>
    listener.drain().changes.filter(({ message }) => message === NFT_MSG.newTable).map(({ table }) => table);
  await host.nft("add table inet before");
  listener.begin();
  await host.nft("add table inet during");
  assert.deepEqual(tables(), ["during"]);
  await host.nft("add table inet unread");
  listener.end();
  await host.nft("add table inet after");
  listener.begin();
  await host.nft("add table inet again");
  assert.deepEqual(tables(), ["again"]);
});
