import assert from "node:assert/strict";
import {
  type Attribute,
  encodeMessages,
  nftType,
  readMessages,
  stringAttribute,
} from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import {
  readChain,
  readElements,
  readRule,
  readRuleHandle,
  readSet,
  readTable,
} from "../../../ffi/nfnetlink/read_ruleset.ts";
import { ODD_NAMES } from "./foreign_ruleset.ts";
import { RECORDED } from "./recorded.ts";

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** A message as the kernel would send it. */
function received(type: number, attributes: readonly Attribute[], family = 1) {
  const [message] = readMessages(encodeMessages([{ type, flags: 0, seq: 5, family, attributes }]));
  assert.ok(message);
  return message;
}

const tables = RECORDED.map(readTable).filter((table) => table !== null);
const chains = RECORDED.map(readChain).filter((chain) => chain !== null);
const rules = RECORDED.map((message) => readRule(message)).filter((rule) => rule !== null);
const sets = RECORDED.map(readSet).filter((set) => set !== null);

function baseOf(family: string, table: string, chain: string) {
  return chains.find((one) => one.family === family && one.table === table && one.chain === chain)?.base;
}

Deno.test("readTable() tells families, flags and owner", () => {
  const names = tables.filter(({ table }) => !ODD_NAMES.includes(table)).map(({ family, table }) =>
    `${family} ${table}`
  );
  assert.deepEqual(names.toSorted(), [
    "arp filter",
    "bridge filter",
    "inet edge",
    "inet filter",
    "inet nat",
    "inet owned",
    "ip asleep",
    "ip filter",
    "ip nat",
    "ip6 six",
    "netdev guard",
  ]);
  assert.deepEqual(tables.filter(({ dormant }) => dormant).map(({ table }) => table), ["asleep"]);
  const owned = tables.filter(({ owner }) => owner !== null);
  assert.deepEqual(owned.map(({ table }) => table), ["owned"]);
  assert.ok((owned[0]?.owner ?? 0) > 0);
  assert.equal(new Set(tables.map(({ handle }) => handle)).size, tables.length);
});

Deno.test("readTable() and readChain() take names that nft cannot write", () => {
  assert.deepEqual(tables.map(({ table }) => table).filter((table) => ODD_NAMES.includes(table)), ODD_NAMES);
  for (const name of ODD_NAMES) assert.ok(baseOf("inet", name, name));
});

Deno.test("readChain() tells hooks, priorities, policies and devices", () => {
  assert.deepEqual(baseOf("inet", "filter", "input"), {
    type: "filter",
    hook: 1,
    priority: 0,
    policy: "drop",
    devices: [],
  });
  assert.deepEqual(baseOf("bridge", "filter", "fw"), {
    type: "filter",
    hook: 2,
    priority: -200,
    policy: "accept",
    devices: [],
  });
  assert.deepEqual(baseOf("ip6", "six", "leaving")?.type, "route");
  assert.deepEqual(baseOf("netdev", "guard", "one")?.devices, ["lo"]);
  assert.deepEqual(baseOf("netdev", "guard", "many"), {
    type: "filter",
    hook: 0,
    priority: -5,
    policy: "drop",
    devices: ["d1", "d0"],
  });
  assert.deepEqual(baseOf("inet", "edge", "coming"), {
    type: "filter",
    hook: 5,
    priority: 0,
    policy: "accept",
    devices: ["d0"],
  });
  assert.equal(baseOf("inet", "filter", "other"), null);
});

Deno.test("readChain() reads devices by their first letters, as newer kernels have them", () => {
  const hook = [
    { type: 1, value: hex("00000000") },
    { type: 2, value: hex("fffffff6") },
    { type: 4, value: [stringAttribute(1, "eth0"), stringAttribute(2, "wg")] },
  ];
  const chain = readChain(received(nftType(NFT_MSG.newChain), [{ type: 4, value: hook }], 5));
  assert.deepEqual(chain?.base?.devices, ["eth0", "wg*"]);
  assert.equal(chain?.base?.priority, -10);
});

Deno.test("readRule() tells what each rule does", () => {
  const steps = (table: string, chain: string, family: string) =>
    rules.filter((rule) => rule.table === table && rule.chain === chain && rule.family === family).map((rule) =>
      rule.expressions.map((step) =>
        "name" in step ? step.name : step.kind === "verdict" ? step.verdict.kind : step.kind
      )
        .join(" ")
    );
  assert.deepEqual(steps("filter", "input", "inet"), [
    "ct lookup",
    "meta lookup ct meta set",
    "meta compare payload lookup counter drop",
    "meta compare meta compare payload payload lookup log reject",
    "meta compare payload lookup",
    "meta byteorder payload lookup",
    "meta compare payload compare meta compare payload range limit accept",
    "fib compare drop",
    "meta compare payload compare payload lookup accept",
    "meta compare payload bitwise compare connlimit return",
    "numgen lookup",
    "meta compare meta compare socket compare ct original compare accept",
    "meta compare payload meta payload dynset",
    "meta compare payload bitwise payload set meta bitwise ct set",
  ]);
  assert.deepEqual(steps("nat", "pre", "inet"), [
    "meta compare payload compare load load nat",
    "meta compare payload compare load redirect",
  ]);
  assert.deepEqual(steps("filter", "INPUT", "ip"), [
    "meta compare multiport conntrack comment counter accept",
    "recent counter drop",
    "string counter LOG",
    "hashlimit counter REJECT",
    "meta compare payload compare payload compare counter drop",
  ]);
  assert.deepEqual(steps("guard", "many", "netdev"), ["load queue"]);
});

Deno.test("readRule() takes the chain's names from the caller, readRuleHandle() reads no more than the handle", () => {
  const message = RECORDED.find(({ type }) => type === nftType(NFT_MSG.newRule));
  assert.ok(message);
  const chain = { family: "ip6", table: "a", chain: "b" } as const;
  const rule = readRule(message, chain);
  assert.ok(rule);
  assert.deepEqual([rule.family, rule.table, rule.chain], ["ip6", "a", "b"]);
  assert.equal(readRuleHandle(message), rule.handle);
});

Deno.test("readSet() tells sets, maps, intervals and anonymous sets", () => {
  const named = sets.filter(({ table, anonymous }) => table === "filter" && !anonymous)
    .map(({ set, map, interval, keyLength }) => [set, map, interval, keyLength]);
  assert.deepEqual(named, [
    ["doors", false, false, 12],
    ["blocked", false, true, 4],
    ["pairs", false, true, 8],
    ["ways", true, false, 2],
    ["targets", true, false, 4],
  ]);
  assert.ok(sets.some(({ anonymous, set }) => anonymous && set.startsWith("__")));
});

Deno.test("readElements() tells intervals, verdicts and what catches all", () => {
  const elements = RECORDED.flatMap(readElements);
  const ways = elements.filter(({ verdict, key }) => verdict !== null && key.length !== 4 && key.length !== 8);
  assert.deepEqual(ways.map(({ kind, verdict, key }) => [kind, verdict, [...key]]).toSorted(), [
    ["catchall", { kind: "drop" }, []],
    ["element", { kind: "accept" }, [0, 22]],
    ["element", { kind: "jump", chain: "other" }, [0, 23]],
  ]);
  const pair = elements.find(({ keyEnd }) => keyEnd !== null);
  assert.ok(pair);
  assert.deepEqual([pair.key, pair.keyEnd], [hex("c0000200 00160000"), hex("c00002ff 00190000")]);
  const blocked = elements.filter(({ key }) => key.length === 4 && key[0] === 198);
  assert.deepEqual(blocked.map(({ kind, key }) => [kind, key[3]]).toSorted(), [["element", 7], ["interval end", 8]]);
  assert.ok(elements.some(({ remainingMs }) => remainingMs !== null && remainingMs > 3_000_000));
});

Deno.test("readElements() reads keys, data and remaining time", () => {
  const KEY = hex("0a000001 06000000 00160000");
  const element = (more: readonly Attribute[]): Attribute => ({
    type: 1,
    value: [{ type: 1, value: [{ type: 1, value: KEY }] }, ...more],
  });
  const message = received(nftType(NFT_MSG.newSetElem), [
    stringAttribute(1, "filter"),
    {
      type: 3,
      value: [
        element([{ type: 5, value: hex("0000000000000bb8") }]),
        element([{ type: 2, value: [{ type: 1, value: hex("0050") }] }]),
        { type: 1, value: [] },
      ],
    },
  ]);
  const plain = { kind: "element", key: KEY, keyEnd: null, data: null, verdict: null, remainingMs: null };
  assert.deepEqual(readElements(message), [{ ...plain, remainingMs: 3000 }, { ...plain, data: hex("0050") }]);
  assert.deepEqual(readElements(received(nftType(NFT_MSG.newSetElem), [])), []);
});

Deno.test("no reader takes a message of another kind, or of a family without tables", () => {
  const names = [stringAttribute(1, "t"), stringAttribute(2, "n")];
  for (const read of [readTable, readChain, readRule, readSet, readRuleHandle]) {
    assert.equal(read(received(nftType(NFT_MSG.newGen), names)), null);
    assert.equal(read(received(2, names)), null);
  }
  assert.equal(readTable(received(nftType(NFT_MSG.newTable), names, 12)), null);
  assert.equal(readChain(received(nftType(NFT_MSG.newChain), names, 12)), null);
  assert.equal(readRule(received(nftType(NFT_MSG.newRule), names, 12)), null);
  assert.equal(readSet(received(nftType(NFT_MSG.newSet), names, 12)), null);
  assert.deepEqual(readElements(received(nftType(NFT_MSG.newSet), names)), []);
});
