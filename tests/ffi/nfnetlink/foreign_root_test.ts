/** Reading and hearing of what others make, on the kernel itself. */
import assert from "node:assert/strict";
import { concatenate } from "../../../ffi/nfnetlink/codec.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import { openRulesetListener } from "../../../ffi/nfnetlink/events.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { openNetlinkSocket } from "../../../ffi/nfnetlink/socket.ts";
import { within } from "../../contract/namespace.ts";
import { type Lab, labTest, makeLab } from "../../lab/mod.ts";
import {
  CATCHALL_SCRIPT,
  FOREIGN_IPTABLES,
  foreignScript,
  makeOwnedTable,
  noCatchall,
  noOwners,
  ODD_NAMES,
  oddTables,
  tellsPlaces,
} from "./foreign_ruleset.ts";

const FILTER = { family: "inet", table: "filter" } as const;
const INPUT = { ...FILTER, chain: "input" } as const;

let shared: Promise<Lab> | undefined;

async function prepareLab(): Promise<Lab> {
  const lab = await makeLab({ guard: "none", extra: [] });
  await lab.must("server", ["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
  return lab;
}

/** Sockets on a server that holds tables of every kind, or what the script says. */
async function open(script?: string) {
  const lab = await (shared ??= prepareLab());
  const { namespace } = lab.host("server");
  await lab.must("server", ["nft", "flush", "ruleset"]);
  await lab.must("server", ["nft", "-f", "-"], { stdin: script ?? foreignScript() });
  if (script === undefined) await lab.must("server", ["iptables-nft-restore"], { stdin: FOREIGN_IPTABLES });
  const opened = new DisposableStack();
  const netlink = opened.use(within(namespace, openNfnetlink));
  const listener = opened.use(within(namespace, openRulesetListener));
  return {
    netlink,
    listener,
    nft: (text: string) => lab.must("server", ["nft", "-f", "-"], { stdin: text }),
    socket: () => opened.use(within(namespace, () => openNetlinkSocket({ receiveBuffer: 65_536 }))),
    [Symbol.dispose]: () => opened.dispose(),
  };
}

labTest("tables() and chains() read every kind, whatever its flags and names", async () => {
  using host = await open();
  const { netlink } = host;
  const odd = oddTables();
  assert.ok(netlink.transact(odd, null).ok);
  const tables = netlink.tables();
  assert.deepEqual(tables.filter(({ dormant }) => dormant).map(({ family, table }) => [family, table]), [
    ["ip", "asleep"],
  ]);
  assert.deepEqual([...new Set(tables.map(({ family }) => family))].toSorted(), [
    "arp",
    "bridge",
    "inet",
    "ip",
    "ip6",
    "netdev",
  ]);
  const chains = netlink.chains();
  const base = (family: string, table: string, chain: string) =>
    chains.find((one) => one.family === family && one.table === table && one.chain === chain)?.base;
  assert.equal(base("inet", "filter", "input")?.policy, "drop");
  assert.equal(base("inet", "filter", "early")?.priority, -300);
  assert.deepEqual(base("netdev", "guard", "many")?.devices.toSorted(), ["d0", "d1"]);
  assert.deepEqual(base("inet", "edge", "coming")?.devices, ["d0"]);
  assert.equal(base("ip", "filter", "INPUT")?.policy, "drop");
  for (const name of ODD_NAMES) {
    assert.equal(base("inet", name, name)?.priority, -2000);
    assert.equal(netlink.rules({ family: "inet", table: name, chain: name })?.length, 1);
  }
});

labTest("every rule of every chain is read, alone and in its chain", async () => {
  using host = await open();
  const { netlink } = host;
  const all = netlink.chains().flatMap((chain) => netlink.rules(chain) ?? []);
  assert.ok(all.length > 30, `${all.length} rules`);
  for (const rule of all) assert.deepEqual(netlink.rule(rule), rule);
  assert.equal(netlink.rule({ ...INPUT, handle: 9999n }), null);
  assert.equal(netlink.rule({ ...INPUT, chain: "none", handle: 1n }), null);
  const kinds = new Set(all.flatMap(({ expressions }) => expressions.map(({ kind }) => kind)));
  for (const kind of ["payload", "lookup", "nat", "xt match", "xt target", "reject"] as const) {
    assert.ok(kinds.has(kind));
  }
});

labTest("sets() tells all sets, or those of a table, and set() one", async () => {
  using host = await open();
  const { netlink } = host;
  assert.ok(
    netlink.transact(
      [{ verb: "add set", family: "ip6", table: "six", set: "far", key: ["ipv6_addr"], value: [] }],
      null,
    ).ok,
  );
  const named = netlink.sets(FILTER).filter(({ anonymous }) => !anonymous).map(({ set }) => set);
  assert.deepEqual(named, ["doors", "blocked", "pairs", "ways", "targets"]);
  assert.equal(netlink.sets().length, netlink.sets(FILTER).length + 1);
  assert.deepEqual(netlink.sets({ family: "ip6", table: "six" }).map(({ set }) => set), ["far"]);
  assert.deepEqual(netlink.sets({ family: "ip6", table: "none" }), []);
  for (const info of netlink.sets()) assert.deepEqual(netlink.set(info), info);
  assert.equal(netlink.set({ ...FILTER, set: "none" }), null);
});

labTest("element() answers what a packet's lookup finds", async () => {
  using host = await open();
  const { netlink } = host;
  const ip = (...bytes: number[]) => Uint8Array.from(bytes);
  const found = (set: string, key: Uint8Array) => netlink.element({ ...FILTER, set, key });
  // Inside an interval, at its ends, behind it.
  for (const last of [0, 1, 255]) assert.equal(found("blocked", ip(192, 0, 2, last))?.kind, "element");
  assert.equal(found("blocked", ip(192, 0, 3, 0)), null);
  assert.equal(found("blocked", ip(198, 51, 100, 7))?.kind, "element");
  assert.equal(found("blocked", ip(198, 51, 100, 8)), null);
  const pair = (last: number, port: number) => concatenate([ip(192, 0, 2, last), ip(0, port)]);
  assert.equal(found("pairs", pair(9, 25))?.kind, "element");
  assert.equal(found("pairs", pair(9, 26)), null);
  assert.deepEqual(found("ways", ip(0, 22))?.verdict, { kind: "accept" });
  assert.deepEqual(found("ways", ip(0, 23))?.verdict, { kind: "jump", chain: "other" });
  assert.equal(found("ways", ip(0, 99)), null);
  assert.equal(found("none", ip(0, 99)), null);
  assert.equal(netlink.element({ family: "ip6", table: "none", set: "none", key: ip(1) }), null);
});

labTest("element() answers with the element that catches all where there is no other", async () => {
  using host = await open();
  const { netlink, nft } = host;
  await nft(CATCHALL_SCRIPT);
  const found = (port: number) => netlink.element({ ...FILTER, set: "ways", key: Uint8Array.of(0, port) });
  assert.deepEqual([found(22)?.kind, found(22)?.verdict], ["element", { kind: "accept" }]);
  assert.deepEqual([found(99)?.kind, found(99)?.verdict], ["catchall", { kind: "drop" }]);
}, { blocker: noCatchall });

labTest("tables() tells the owner of a table, by the port of his socket", async () => {
  using host = await open();
  const { netlink } = host;
  const owner = host.socket();
  makeOwnedTable(owner);
  const owned = netlink.tables().filter((table) => table.owner !== null);
  assert.deepEqual(owned.map((table) => [table.table, table.owner]), [["owned", owner.portId]]);
}, { blocker: noOwners });

/** A chain with many rules, each dropping one address. */
function longChain(rules: number): string {
  const lines = Array.from({ length: rules }, (_, i) => `ip saddr 10.0.${i >> 8}.${i & 0xff} counter drop`);
  return `table inet filter {\n chain input {\n ${lines.join("\n ")}\n }\n}\n`;
}

labTest("readRules() gives what rules() gives, in slices, and other requests go on between them", async () => {
  using host = await open(longChain(2000));
  const { netlink } = host;
  const slices = netlink.readRules(INPUT);
  const found = [];
  let count = 0;
  let slice = slices.next();
  for (; !slice.done; slice = slices.next()) {
    found.push(...slice.value);
    count++;
    assert.equal(netlink.tables().length, 1);
  }
  assert.equal(slice.value, true);
  assert.ok(count > 5, `${count} slices`);
  assert.deepEqual(found, netlink.rules(INPUT));
  assert.deepEqual(netlink.readRules({ ...INPUT, chain: "none" }).flatMap((rules) => [...rules]).toArray(), []);
});

labTest("readRules() says that the chain changed meanwhile, and may be left early", async () => {
  using host = await open(longChain(2000));
  const { netlink, nft } = host;
  const slices = netlink.readRules(INPUT);
  slices.next();
  await nft("add rule inet filter input tcp dport 9 drop");
  let slice = slices.next();
  while (!slice.done) slice = slices.next();
  assert.equal(slice.value, false);
  for (const rules of netlink.readRules(INPUT)) {
    assert.ok([...rules].length > 0);
    break;
  }
  assert.equal(netlink.readRules(INPUT).flatMap((rules) => [...rules]).toArray().length, 2001);
});

labTest("an event says what it is about, and decodes itself later", async () => {
  using host = await open(`${longChain(2)}table ip late { }\n`);
  const { netlink, listener, nft } = host;
  const [first, second] = netlink.rules(INPUT) ?? [];
  assert.ok(first && second);
  listener.drain();
  await nft("add rule inet filter input tcp dport 22 drop\ninsert rule inet filter input udp dport 53 accept\n");
  await nft(`add rule inet filter input handle ${first.handle} udp dport 54 accept`);
  await nft(`delete rule inet filter input handle ${second.handle}`);
  await nft("add chain ip late coming { type filter hook input priority -5; policy drop; }");
  await nft("add table ip late { flags dormant; }");
  const { changes, lost } = listener.drain();
  assert.ok(!lost);
  const named = (message: number) => changes.filter((change) => change.message === message);
  const [added, inserted, between] = named(NFT_MSG.newRule);
  assert.deepEqual([added?.family, added?.table, added?.chain], ["inet", "filter", "input"]);
  if (tellsPlaces()) {
    assert.deepEqual([added?.position, added?.append], [null, true]);
    assert.deepEqual([inserted?.position, inserted?.append], [null, false]);
    assert.deepEqual([between?.position, between?.append], [first.handle, true]);
  }
  const rules = netlink.rules(INPUT);
  assert.deepEqual(rules?.map(({ handle }) => handle), [inserted, first, between, added].map((one) => one?.handle));
  assert.deepEqual(added?.expressions(), rules?.at(-1)?.expressions);
  assert.deepEqual(named(NFT_MSG.delRule).map(({ chain, handle }) => [chain, handle]), [["input", second.handle]]);
  const [chain] = named(NFT_MSG.newChain);
  assert.deepEqual(chain?.chainInfo()?.base, { type: "filter", hook: 1, priority: -5, policy: "drop", devices: [] });
  assert.equal(named(NFT_MSG.newTable).at(-1)?.tableInfo()?.dormant, true);
});
