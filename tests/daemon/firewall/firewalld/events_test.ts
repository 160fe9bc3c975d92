import assert from "node:assert/strict";
import { concernsZones } from "../../../../daemon/firewall/firewalld/events.ts";
import { NFT_MSG } from "../../../../ffi/nfnetlink/constants.ts";

Deno.test("concernsZones() is true of what takes rules out of firewalld's table, and of no rule that comes", () => {
  const rows: readonly (readonly [keyof typeof NFT_MSG, string, string, boolean])[] = [
    ["delRule", "firewalld", "filter_IN_public_post", true],
    ["delTable", "firewalld", "", true],
    ["newTable", "firewalld", "", true],
    ["newRule", "firewalld", "filter_IN_public_post", false],
    ["delRule", "filter", "IN_public_allow", true],
    ["delRule", "filter", "INPUT", false],
    ["delTable", "filter", "", false],
  ];
  for (const [message, table, chain, expected] of rows) {
    assert.equal(concernsZones({ message: NFT_MSG[message], table, chain }), expected, `${message} ${table} ${chain}`);
  }
});
