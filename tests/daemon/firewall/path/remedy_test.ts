import assert from "node:assert/strict";
import type { Hook, Owner, PathChain } from "../../../../daemon/firewall/path/model.ts";
import { SOURCE4 } from "../../../../daemon/firewall/path/operand.ts";
import { obstructionBy, type Shut } from "../../../../daemon/firewall/path/remedy.ts";
import type { Rule } from "../../../../daemon/firewall/path/rule.ts";
import { RuleList } from "../../../../daemon/firewall/path/rule_list.ts";
import { newChain, newTable } from "../../../../daemon/firewall/path/ruleset.ts";
import { address } from "../../../contract/addresses.ts";
import { inputChain } from "../../../fakes/packet_filter.ts";

const ODD = "odd\n\u202ename";
const DROP: Rule = { handle: 7, conditions: [], outcome: { kind: "drop" }, effect: null };

/** A chain with an odd name, in a table with one, that shuts: by a rule in another one, or by its policy. */
function shutBy(rule: Rule | null, { owner = "nftables", hook = "input", ...change }: Odd = {}): Shut {
  const chain = inputChain({ owner, hook, table: owner === "nftables" ? ODD : "filter", chain: ODD, ...change });
  const base = { type: "filter", hook: 1, priority: 0, policy: "drop", devices: [] } as const;
  const table = newTable({ family: "inet", table: chain.table, handle: 1n, dormant: false, owner: null });
  const station = { owner, table, chain: newChain({ ...chain, handle: 1n, base }, new RuleList()), base, hook };
  const packet = { family: 4, source: address("192.0.2.1"), protocol: 6, destinationPort: 22 } as const;
  const traveller = {
    family: 4,
    hooks: [hook],
    before: packet,
    after: packet,
    granted: true,
    translated: false,
  } as const;
  const by = rule === null ? null : { chain: `${ODD} 2`, rule };
  const ending = { may: 2, by, effects: new Set<never>(), sentTo: null };
  return { station, chain, ending, byPolicy: rule === null, traveller, landscape: { isOurs: () => false } };
}

type Odd = Partial<Pick<PathChain, "locked">> & { readonly owner?: Owner; readonly hook?: Hook };

Deno.test("obstructionBy() keeps to one line, whatever others put into the names of tables, chains and sets", () => {
  const inSet: Rule = { ...DROP, conditions: [{ kind: "lookup", operand: SOURCE4, set: ODD, inverted: false }] };
  const block: Rule = {
    ...DROP,
    conditions: [{ kind: "compare", operand: SOURCE4, how: "eq", value: "\xc0\0\x02\x01" }],
  };
  const all = [
    ...[shutBy(null), shutBy(DROP), shutBy(inSet), shutBy(block), shutBy(null, { locked: true })],
    ...[shutBy(null, { hook: "prerouting" }), shutBy(null, { owner: "iptables-nft" })],
    ...[shutBy(block, { owner: "iptables-nft" }), shutBy(block, { owner: "iptables-legacy" })],
  ].map(obstructionBy);
  for (const said of all) {
    assert.doesNotMatch(Object.values(said).join(" "), /[\n\u202e]/, JSON.stringify(said));
    assert.match(said.chain, /odd\\x0a\\u202ename/);
  }
  const [byPolicy, , bySet, byBlock] = all;
  assert.match(byPolicy!.remedy, /^name "inet odd\\x0a\\u202ename odd\\x0a.*" in NFT_INPUT_CHAINS/);
  assert.match(bySet!.remedy, /^take 192\.0\.2\.1 out of the set odd\\x0a/);
  assert.match(byBlock!.remedy, /nft delete rule inet odd\\x0a.* handle 7\)$/);
});
