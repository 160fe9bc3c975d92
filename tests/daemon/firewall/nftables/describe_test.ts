import assert from "node:assert/strict";
import { describeTables } from "../../../../daemon/firewall/nftables/describe.ts";
import { elementOf } from "../../../../daemon/firewall/nftables/elements.ts";
import type { FoundTable } from "../../../../daemon/firewall/nftables/placement.ts";
import { NAT_TABLE } from "../../../../daemon/firewall/nftables/set_layout.ts";
import { address } from "../../../contract/addresses.ts";

const FOUND: FoundTable = {
  family: "inet",
  table: "filter",
  chains: [{ chain: "fwknop_input", fits: true, rules: [] }],
  sets: [{ set: "fwknop_input4", fits: true }],
  jumps: [{ from: "input", handle: 4n, to: "fwknop_input", first: true }],
};
const ACCESS = {
  slot: "input",
  source: address("192.0.2.1"),
  destination: null,
  service: { proto: "tcp", port: 22 },
} as const;

Deno.test("describeTables() shows each chain of ours, who jumps to it, and what is open with the time that is left", () => {
  const open = [{ element: elementOf(ACCESS)!, expiresAt: 1030 }];
  assert.equal(
    describeTables([{ found: FOUND, open }, { found: { ...FOUND, table: "late" }, open: [] }], 1000.4),
    "Listing rules in fwknopd nftables chains...\n" +
      "\n" +
      "chain inet filter fwknop_input (reached from input)\n" +
      "  fwknop_input4 192.0.2.1 . tcp . 22, expires at 1030 (in 30 seconds)\n" +
      "\n" +
      "chain inet late fwknop_input (reached from input)\n",
  );
});

Deno.test("describeTables() says where nothing leads to our chain, and never counts below 0 seconds", () => {
  const open = [{ element: elementOf(ACCESS)!, expiresAt: 990 }];
  const text = describeTables([{ found: { ...FOUND, jumps: [] }, open }], 1000);
  assert.match(text, /reached from nowhere/);
  assert.match(text, /in 0 seconds/);
});

Deno.test("describeTables() names the hook of chains that packets enter by themselves", () => {
  const chains = ["fwknop_dnat", "fwknop_snat"].map((chain) => ({ chain, fits: true, rules: [] }));
  const text = describeTables([{ found: { ...NAT_TABLE, chains, sets: [], jumps: [] }, open: [] }], 1000);
  assert.match(text, /fwknop_dnat \(reached from the prerouting hook\)/);
  assert.match(text, /fwknop_snat \(reached from the postrouting hook\)/);
});

Deno.test("describeTables() says that nothing is open, with chains of ours and without", () => {
  const heading = "Listing rules in fwknopd nftables chains...\n";
  assert.equal(describeTables([], 1000), `${heading}\nnothing is open\n`);
  assert.equal(
    describeTables([{ found: FOUND, open: [] }], 1000),
    `${heading}\nchain inet filter fwknop_input (reached from input)\n\nnothing is open\n`,
  );
});
