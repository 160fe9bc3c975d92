import assert from "node:assert/strict";
import { changedChains, existingChains } from "../../../../daemon/firewall/iptables/chain_lines.ts";
import { parseSave } from "../../../../daemon/firewall/save_text.ts";
import { DEFAULTS } from "./defaults.ts";

Deno.test("existingChains() names the chains of slots in use that are there", () => {
  const listing = parseSave("*filter\n:FWKNOP_INPUT - [0:0]\n:FWKNOP_OUTPUT - [0:0]\nCOMMIT\n");
  const style = { ...DEFAULTS, active: ["input", "forward"] } as const;
  assert.deepEqual(existingChains(listing, style), [
    { level: "info", text: "'filter' table 'FWKNOP_INPUT' chain exists" },
  ]);
});

Deno.test("changedChains() tells each line as a command, and each jump that was added", () => {
  const batch = new Map([["filter", ["-N X", "-I INPUT 1 -j X"]], ["nat", ["-D POSTROUTING -j Y"]]]);
  assert.deepEqual(changedChains(batch, "/sbin/iptables"), [
    { level: "debug", text: "Same as: /sbin/iptables -t filter -N X" },
    { level: "debug", text: "Same as: /sbin/iptables -t filter -I INPUT 1 -j X" },
    { level: "info", text: "Added jump rule from chain: INPUT to chain: X" },
    { level: "debug", text: "Same as: /sbin/iptables -t nat -D POSTROUTING -j Y" },
  ]);
});
