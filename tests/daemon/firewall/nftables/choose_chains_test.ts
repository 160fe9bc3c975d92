import assert from "node:assert/strict";
import { formatChain } from "../../../../daemon/firewall/names.ts";
import {
  chooseChains as choose,
  enters,
  objectionTo,
  type Wanted,
} from "../../../../daemon/firewall/nftables/choose_chains.ts";
import type { PathChain } from "../../../../daemon/firewall/path/model.ts";
import { address } from "../../../contract/addresses.ts";
import { inputChain } from "../../../fakes/packet_filter.ts";

const INPUT = inputChain();
const NAMED = { family: "inet", table: "filter", chain: "input" } as const;

const chooseChains = (path: readonly PathChain[], wanted: Wanted) => choose(path, wanted, () => false);

function chosen(path: readonly PathChain[], slots: readonly ("input" | "output" | "forward" | "dnat")[] = ["input"]) {
  return chooseChains(path, { slots, chains: {} });
}

Deno.test("chooseChains() takes native chains that drop by default or for a service, and no other", () => {
  const path: readonly PathChain[] = [
    INPUT,
    { ...INPUT, table: "service", drops: "service" },
    { ...INPUT, table: "fail2ban", drops: "some" },
    { ...INPUT, table: "nothing", drops: "nothing" },
    { ...INPUT, table: "locked", locked: true },
    { ...INPUT, family: "ip", chain: "INPUT", owner: "iptables-nft" },
    { ...INPUT, family: "ip", chain: "INPUT", owner: "iptables-legacy" },
    { ...INPUT, family: "netdev", hook: "ingress" },
    { ...INPUT, family: "bridge" },
    { ...INPUT, chain: "forward", hook: "forward" },
  ];
  const { chains, facts, mistake } = chosen(path, ["input", "dnat"]);
  assert.deepEqual(chains.map(formatChain), ["inet filter input", "inet service input"]);
  assert.deepEqual(facts, []);
  assert.equal(mistake, null);
  assert.deepEqual(chosen(path, ["forward"]).chains.map(formatChain), ["inet filter forward"]);
});

Deno.test("chooseChains() says where nothing drops by default, but not where only somebody else does", () => {
  const [fact] = chosen([{ ...INPUT, drops: "some" }]).facts;
  assert.deepEqual(fact, {
    level: "warning",
    text: "nftables: nothing drops packets on the input hook by default, so there is nothing to open",
  });
  assert.deepEqual(chosen([{ ...INPUT, owner: "iptables-legacy" }]).facts, []);
  assert.deepEqual(chosen([{ ...INPUT, locked: true }]).facts, []);
});

Deno.test("chooseChains() goes into the chains that are named, whatever they drop, and into no other", () => {
  const quiet: PathChain = { ...INPUT, table: "quiet", drops: "nothing" };
  const wanted = { slots: ["input"], chains: { input: [{ ...NAMED, table: "quiet" }] } } as const;
  assert.deepEqual(chooseChains([INPUT, quiet], wanted).chains.map(formatChain), ["inet quiet input"]);
  assert.ok(enters(quiet, wanted) && !enters(INPUT, wanted));
  assert.ok(!enters({ ...quiet, hook: "output" }, wanted));
});

Deno.test("chooseChains() says which named chain is not there, belongs to iptables, or cannot be entered", () => {
  const wanted = { slots: ["input"], chains: { input: [NAMED] } } as const;
  const other = { ...INPUT, table: "other" };
  const missing = chooseChains([other, { ...other, owner: "iptables-nft", table: "x" }], wanted);
  assert.match(missing.mistake?.message ?? "", /base chain "inet filter input": it is not on the input hook/);
  assert.equal(missing.mistake?.hint, "correct NFT_INPUT_CHAINS; there are: inet other input");
  assert.equal(chooseChains([], wanted).mistake?.hint, "create it, or set FIREWALL to iptables");
  assert.match(
    chooseChains([{ ...INPUT, owner: "iptables-nft" }], wanted).mistake?.message ?? "",
    /managed by iptables/,
  );
  const locked = chooseChains([{ ...INPUT, locked: true }], wanted);
  assert.equal(locked.mistake, null);
  assert.deepEqual(locked.chains, []);
  assert.match(
    String(locked.facts[0]?.text),
    /inet filter input: its table belongs to another .*NftablesTableOwner=no/,
  );
});

Deno.test("chooseChains() says of a named chain in a dormant table what it is, and how to wake it", () => {
  const wanted = { slots: ["input"], chains: { input: [NAMED] } } as const;
  const { mistake } = choose([], wanted, ({ table }) => table === "filter");
  assert.match(mistake?.message ?? "", /"inet filter input": its table is dormant, so nothing in it is in force$/);
  assert.equal(mistake?.hint, "wake it (nft add table inet filter), or correct NFT_INPUT_CHAINS");
  assert.equal(choose([INPUT], wanted, () => true).mistake, null);
});

Deno.test("objectionTo() refuses what no set can hold, what is switched off, and what named chains never see", () => {
  const source = address("192.0.2.1");
  const access = { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } } as const;
  const wanted = { slots: ["input"], chains: {} } as const;
  assert.equal(objectionTo(access, wanted), null);
  assert.match(objectionTo({ ...access, slot: "output" }, wanted) ?? "", /output are not switched on/);
  const six = { slots: ["input"], chains: { input: [{ ...NAMED, family: "ip6" }] } } as const;
  assert.equal(objectionTo(access, six), "NFT_INPUT_CHAINS names no chain that IPv4 packets pass");
  assert.match(
    objectionTo({ slot: "foreign", family: 4, table: "t", chain: "c", rule: "r" }, wanted) ?? "",
    /cannot hold/,
  );
});
