import assert from "node:assert/strict";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { formatReceivedDump } from "../../../lib/spa/dump.ts";
import { open } from "../../../lib/spa/open.ts";
import { KEYS, knock } from "../../fakes/knock.ts";

Deno.test("formatReceivedDump() shows control characters of the sender instead of obeying them", async () => {
  const wire = await knock({ type: 0, message: "192.0.2.1,true\n(stanza #1) forged\u001b[2J\u009b" });
  const opened = await open(nobleEngine, wire, KEYS);
  assert.ok(opened.ok);
  const dump = formatReceivedDump(opened.value, KEYS, { wire });
  assert.ok(dump.includes("Message String: 192.0.2.1,true\\x0a(stanza #1) forged\\x1b[2J\\x9b\n"));
});
