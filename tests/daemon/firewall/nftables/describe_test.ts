import assert from "node:assert/strict";
import { describeRuleset } from "../../../../daemon/firewall/nftables/describe.ts";
import { elementOf } from "../../../../daemon/firewall/nftables/elements.ts";
import { parseRuleset } from "../../../../daemon/firewall/nftables/ruleset.ts";
import { address } from "../../../contract/addresses.ts";

const AT = { family: "inet", table: "filter" };
const RULESET = parseRuleset(JSON.stringify({
  nftables: [
    { table: { family: "inet", name: "filter" } },
    { chain: { ...AT, name: "input", type: "filter", hook: "input", prio: 0, policy: "drop" } },
    { chain: { ...AT, name: "fwknop_input" } },
    { set: { ...AT, name: "fwknop_input4" } },
    { set: { ...AT, name: "others" } },
    { rule: { ...AT, chain: "input", handle: 4, expr: [{ jump: { target: "fwknop_input" } }] } },
  ],
}));
const ACCESS = {
  slot: "input",
  source: address("192.0.2.1"),
  destination: null,
  service: { proto: "tcp", port: 22 },
} as const;

Deno.test("describeRuleset() shows each chain of ours, who jumps to it, and what is open with the time that is left", () => {
  const text = describeRuleset(RULESET, [{ element: elementOf(ACCESS)!, expiresAt: 1030 }], 1000.4);
  assert.equal(
    text,
    "Listing rules in fwknopd nftables chains...\n" +
      "\n" +
      "chain inet filter fwknop_input (reached from input)\n" +
      "  fwknop_input4 192.0.2.1 . tcp . 22, expires at 1030 (in 30 seconds)\n",
  );
});

Deno.test("describeRuleset() says where nothing leads to our chain, and never counts below 0 seconds", () => {
  const alone = { ...RULESET, rules: new Map() };
  const text = describeRuleset(alone, [{ element: elementOf(ACCESS)!, expiresAt: 990 }], 1000);
  assert.match(text, /reached from nowhere/);
  assert.match(text, /in 0 seconds/);
});
