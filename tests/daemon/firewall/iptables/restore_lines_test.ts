import assert from "node:assert/strict";
import { formatBatch } from "../../../../daemon/firewall/iptables/restore_lines.ts";

Deno.test("formatBatch() never declares a chain, which would flush it", () => {
  const text = formatBatch(new Map([["filter", ["-N A"]], ["nat", ["-N B"]]]));
  assert.equal(text, "*filter\n-N A\nCOMMIT\n*nat\n-N B\nCOMMIT\n");
});
