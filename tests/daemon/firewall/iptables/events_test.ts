import assert from "node:assert/strict";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { concernsChains, createOwnPids } from "../../../../daemon/firewall/iptables/events.ts";
import { NFT_MSG, type TableFamily } from "../../../../ffi/nfnetlink/constants.ts";

type Row = readonly [
  message: keyof typeof NFT_MSG,
  family: TableFamily,
  table: string,
  chain: string,
  expected: boolean,
];

const ROWS: readonly Row[] = [
  ["delTable", "ip", "filter", "", true],
  ["delTable", "ip6", "nat", "", true],
  ["delTable", "inet", "filter", "", false],
  ["delTable", "ip", "guard", "", false],
  ["delChain", "ip", "filter", "FWKNOP_INPUT", true],
  ["delChain", "ip", "filter", "f2b-sshd", false],
  ["delRule", "ip", "filter", "INPUT", true],
  ["delRule", "ip6", "filter", "FWKNOP_INPUT", true],
  ["delRule", "ip", "filter", "f2b-sshd", false],
  ["newRule", "ip", "filter", "FWKNOP_INPUT", true],
  ["newRule", "ip", "filter", "INPUT", false],
  ["newChain", "ip", "filter", "INPUT", false],
  ["newSetElem", "ip", "filter", "", false],
];

for (const [message, family, table, chain, expected] of ROWS) {
  Deno.test(`concernsChains() says ${expected} to ${message} ${family} ${table} ${chain}`, () => {
    const change = { message: NFT_MSG[message], family, table, chain, expressions: () => [] };
    assert.equal(concernsChains(change, DEFAULT_CHAINS), expected);
  });
}

Deno.test("concernsChains() says true to a jump of Docker's beside one of ours, and to no other", () => {
  const concerns = (chain: string, to: string) =>
    concernsChains({
      ...{ message: NFT_MSG.newRule, family: "ip", table: "filter", chain },
      expressions: () => [{ kind: "other", name: "counter", to: null }, {
        kind: "verdict",
        verdict: { kind: "jump", chain: to },
      }],
    }, DEFAULT_CHAINS);
  assert.equal(concerns("FORWARD", "DOCKER-USER"), true);
  assert.equal(concerns("FORWARD", "f2b-sshd"), false);
  assert.equal(concerns("DOCKER-USER", "DOCKER"), false);
});

Deno.test("createOwnPids() forgets numbers that the system may give to others", () => {
  const own = createOwnPids();
  for (let pid = 1; pid <= 1000; pid++) own.note(pid);
  assert.equal(own.has(1000), true);
  assert.equal(own.has(1), false);
});
