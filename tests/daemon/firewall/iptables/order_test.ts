import assert from "node:assert/strict";
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import { parseSave } from "../../../../daemon/firewall/save_text.ts";
import { ChainOrder } from "../../../../daemon/firewall/iptables/order.ts";

const CHAIN = { table: "filter", chain: "FWKNOP_INPUT" };

function listing(...rules: readonly string[]) {
  return parseSave(
    `*filter\n:FWKNOP_INPUT - [0:0]\n${rules.map((rule) => `-A FWKNOP_INPUT ${rule}\n`).join("")}COMMIT\n`,
  );
}

Deno.test("ChainOrder numbers rules as iptables does, through additions, insertions and deletions", () => {
  const order = new ChainOrder();
  const numberOf = (rule: string) => order.numberOf({ ...CHAIN, rule });
  assert.equal(numberOf("-s a"), null);
  order.see(listing("-s others", "-s a"), DEFAULT_CHAINS);
  assert.deepEqual([numberOf("-s others"), numberOf("-s a"), numberOf("-s b")], [1, 2, null]);
  order.follow(
    new Map([["filter", ["-C FWKNOP_INPUT -s a", "-A FWKNOP_INPUT -s b", "-I FWKNOP_INPUT -s c", "-A OTHER -s d"]]]),
  );
  assert.deepEqual(["-s c", "-s others", "-s a", "-s b", "-s d"].map(numberOf), [1, 2, 3, 4, null]);
  order.follow(new Map([["filter", ["-D FWKNOP_INPUT -s others", "-D FWKNOP_INPUT -s none"]]]));
  assert.deepEqual(["-s c", "-s others", "-s a", "-s b"].map(numberOf), [1, null, 2, 3]);
  order.see(parseSave("*filter\nCOMMIT\n"), DEFAULT_CHAINS);
  assert.equal(numberOf("-s a"), null);
});
