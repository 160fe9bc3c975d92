/** Writing tables, chains, rules and sets, beside what nft makes of the same. */
import assert from "node:assert/strict";
import { E } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { type IncomingMessage, stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import { NFPROTO, NFT_MSG, NFTA } from "../../../ffi/nfnetlink/constants.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { requestsOn } from "../../../ffi/nfnetlink/requests.ts";
import type { StructureChange } from "../../../ffi/nfnetlink/ruleset.ts";
import { BODY, bytesAt, entries, typeAt } from "../../../ffi/nfnetlink/scan.ts";
import { openNetlinkSocket } from "../../../ffi/nfnetlink/socket.ts";
import { transact } from "../../../ffi/nfnetlink/transact.ts";
import { within } from "../../contract/namespace.ts";
import { type Lab, labTest, makeLab } from "../../lab/mod.ts";
import { makeOwnedTable, noConcatenatedMaps, noOwners } from "./foreign_ruleset.ts";
import { ACCEPT, changes, FILTER_ROWS, script, TABLE } from "./structure_rows.ts";

let shared: Promise<Lab> | undefined;

async function open() {
  const lab = await (shared ??= makeLab({ guard: "none", extra: [] }));
  const { namespace } = lab.host("server");
  await lab.must("server", ["nft", "flush", "ruleset"]);
  const opened = new DisposableStack();
  return {
    netlink: opened.use(within(namespace, openNfnetlink)),
    nft: (text: string) => lab.must("server", ["nft", "-f", "-"], { stdin: text }),
    socket: (receiveBuffer: number) => opened.use(within(namespace, () => openNetlinkSocket({ receiveBuffer }))),
    [Symbol.dispose]: () => opened.dispose(),
  };
}

/** Attributes of sets that say how nft was asked for them, and that change nothing: `NFTA_SET_USERDATA`. */
const USER_DATA = NFTA.set.userData;

/** What the kernel tells of the sets, chains and rules of `inet t`, attribute by attribute; the user data of sets apart. */
function everything(requests: ReturnType<typeof requestsOn>) {
  const attributes = [stringAttribute(1, "t")];
  const kinds = [NFT_MSG.getSet, NFT_MSG.getChain, NFT_MSG.getRule];
  const messages = kinds.flatMap((message) => requests.dump({ message, family: NFPROTO.inet, attributes }) ?? []);
  return messages.filter(({ type }) => type >> 8 === 10).map((message) => {
    const isSet = (message.type & 0xff) === NFT_MSG.newSet;
    const parts = attributesOf(message);
    return {
      told: parts.filter(([type]) => !isSet || type !== USER_DATA),
      userData: isSet ? parts.find(([type]) => type === USER_DATA)?.[1] ?? "" : "",
    };
  });
}

function attributesOf({ body }: IncomingMessage): readonly (readonly [number, string])[] {
  return entries(body, BODY).map((place) => [typeAt(body, place), bytesAt(body, place)?.toHex() ?? ""] as const);
}

labTest(
  "what transact() writes is what nft writes, attribute by attribute, and is listed in the same words",
  async () => {
    using host = await open();
    const { netlink, nft, socket } = host;
    const requests = requestsOn(socket(65_536));
    await nft(script());
    const wanted = everything(requests);
    const listed = await nft("list ruleset");
    await nft("flush ruleset");
    const outcome = netlink.transact(changes(), null);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(await nft("list ruleset"), listed);
    const found = everything(requests);
    assert.equal(found.length, wanted.length);
    for (const [index, { told, userData }] of found.entries()) {
      assert.deepEqual(told, wanted[index]?.told);
      // Behind the byte orders nft adds where the types were taken from, which it reads for its own sets only.
      assert.ok(wanted[index]?.userData.startsWith(userData), `${userData} of ${wanted[index]?.userData}`);
    }
    await nft(`flush ruleset\n${listed}`);
    assert.equal(await nft("list ruleset"), listed);
  },
  { blocker: noConcatenatedMaps },
);

labTest("transact() takes what is there for done, and changes in one batch with elements", async () => {
  using host = await open();
  const { netlink, nft } = host;
  const key = Uint8Array.of(192, 0, 2, 1);
  const element = { verb: "add", ...TABLE, set: "all4", key, timeoutMs: 600_000 } as const;
  assert.ok(netlink.transact([...changes(), element], null).ok);
  const again = changes().filter(({ verb }) => verb !== "add rule");
  assert.ok(netlink.transact([...again, { verb: "flush chain", ...TABLE, chain: "ours" }], null).ok);
  assert.deepEqual(netlink.rules({ ...TABLE, chain: "ours" }), []);
  assert.deepEqual(netlink.elements({ ...TABLE, set: "all4" })?.map((one) => one.key), [key]);
  assert.match(await nft("list ruleset"), /elements = \{ 192\.0\.2\.1 timeout 10m expires/);
});

labTest("transact() tells the handles of new rules, and deletes what has one", async () => {
  using host = await open();
  const { netlink } = host;
  const steps = changes();
  const outcome = netlink.transact(steps, null);
  assert.ok(outcome.ok);
  assert.deepEqual([...outcome.handles.keys()], [...steps.keys()].filter((index) => steps[index]?.verb === "add rule"));
  const ours = netlink.rules({ ...TABLE, chain: "ours" })?.map(({ handle }) => handle) ?? [];
  const told = [...outcome.handles].filter(([index]) => {
    const step = steps[index];
    return step?.verb === "add rule" && step.chain === "ours";
  });
  assert.deepEqual(told.map(([, handle]) => handle), ours);
  const [first = 0n, second = 0n] = ours;
  const gone = [{ verb: "delete rule", ...TABLE, chain: "ours", handle: first }] as const;
  assert.ok(netlink.transact(gone, null).ok);
  assert.equal(netlink.rules({ ...TABLE, chain: "ours" })?.[0]?.handle, second);
  const twice = netlink.transact([{ verb: "add table", family: "ip", table: "u" }, ...gone], null);
  assert.ok(!twice.ok && !twice.stale);
  assert.deepEqual(twice.refusals.map(({ index, code }) => [index, code]), [[1, E.NOENT]]);
  // All or nothing.
  assert.deepEqual(netlink.tables().map(({ table }) => table), ["t"]);
});

labTest("transact() deletes chains, sets and tables", async () => {
  using host = await open();
  const { netlink } = host;
  assert.ok(netlink.transact(changes(), null).ok);
  const used = netlink.transact([{ verb: "delete set", ...TABLE, set: "to4" }], null);
  assert.ok(!used.ok && !used.stale && used.refusals[0]?.index === 0);
  const away: readonly StructureChange[] = [
    { verb: "flush chain", ...TABLE, chain: "input" },
    { verb: "flush chain", ...TABLE, chain: "ours" },
    { verb: "delete chain", ...TABLE, chain: "ours" },
    { verb: "delete set", ...TABLE, set: "to4" },
  ];
  assert.ok(netlink.transact(away, null).ok);
  assert.deepEqual(netlink.chains().map(({ chain }) => chain), ["pre", "post", "input"]);
  assert.ok(!netlink.sets(TABLE).some(({ set }) => set === "to4"));
  assert.ok(netlink.transact([{ verb: "delete table", ...TABLE }], null).ok);
  assert.deepEqual(netlink.tables(), []);
});

labTest("a table that belongs to somebody refuses its own changes, by their index", async () => {
  using host = await open();
  const { netlink, socket } = host;
  makeOwnedTable(socket(65_536));
  const outcome = netlink.transact([
    { verb: "add table", ...TABLE },
    { verb: "add chain", family: "inet", table: "owned", chain: "c", base: null },
    { verb: "add chain", ...TABLE, chain: "c", base: null },
  ], null);
  assert.ok(!outcome.ok && !outcome.stale);
  assert.deepEqual(outcome.refusals.map(({ index, code }) => [index, code]), [[1, E.PERM]]);
  assert.ok(netlink.transact([{ verb: "add table", ...TABLE }], null).ok);
}, { blocker: noOwners });

labTest("a small receive buffer is enough for a listing, and too many refusals are a clean error", async () => {
  using host = await open();
  const { netlink, socket } = host;
  const rule = { verb: "add rule", ...TABLE, chain: "ours", at: "tail", expressions: [ACCEPT] } as const;
  assert.ok(netlink.transact([...changes(), ...Array.from({ length: 2000 }, () => rule)], null).ok);
  // The kernel makes it as large as it must be.
  const requests = requestsOn(socket(1));
  const attributes = [stringAttribute(NFTA.rule.table, "t"), stringAttribute(NFTA.rule.chain, "ours")];
  const question = { message: NFT_MSG.getRule, family: NFPROTO.inet, attributes };
  assert.equal(requests.dump(question)?.filter(({ type }) => type >> 8 === 10).length, 2000 + FILTER_ROWS.length);
  const missing = { verb: "delete rule", ...TABLE, chain: "ours", handle: 1_000_000n } as const;
  const doomed = Array.from({ length: 2000 }, () => missing);
  assert.throws(() => transact(requests, doomed, null), FfiError);
  assert.equal(requests.dump(question)?.filter(({ type }) => type >> 8 === 10).length, 2000 + FILTER_ROWS.length);
});
