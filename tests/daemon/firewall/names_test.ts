import assert from "node:assert/strict";
import { formatChain, formatTable } from "../../../daemon/firewall/names.ts";

Deno.test("formatTable() and formatChain() keep to one line, whatever others put into names, and leave what can be seen", () => {
  const at = { family: "inet", table: "a\nAdded access rule" } as const;
  assert.equal(formatTable(at), "inet a\\x0aAdded access rule");
  assert.equal(formatChain({ ...at, chain: "b\r\u202ec" }), "inet a\\x0aAdded access rule b\\x0d\\u202ec");
  assert.equal(formatChain({ family: "ip", table: "Größe", chain: "鍵" }), "ip Größe 鍵");
});
