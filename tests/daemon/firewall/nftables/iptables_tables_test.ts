import assert from "node:assert/strict";
import { isIptablesTable } from "../../../../daemon/firewall/nftables/iptables_tables.ts";
import { parseRuleset } from "../../../../daemon/firewall/nftables/ruleset.ts";

Deno.test("isIptablesTable() knows the tables of iptables-nft by their names and their built-in chains", () => {
  const base = { type: "filter", hook: "input", prio: 0, policy: "accept" };
  const chains = [
    { family: "ip", table: "filter", name: "INPUT", ...base },
    { family: "ip", table: "nat", name: "input", ...base },
    { family: "ip6", table: "mangle", name: "INPUT" },
    { family: "inet", table: "filter", name: "INPUT", ...base },
    { family: "ip", table: "mine", name: "INPUT", ...base },
  ];
  const tables = chains.map(({ family, table }) => ({ table: { family, name: table } }));
  const ruleset = parseRuleset(JSON.stringify({ nftables: [...tables, ...chains.map((chain) => ({ chain }))] }));
  const managed = chains.map(({ family, table }) => isIptablesTable(ruleset, family, table));
  assert.deepEqual(managed, [true, false, false, false, false]);
});
