import assert from "node:assert/strict";
import { testOurselves } from "../../../daemon/start/self_check.ts";
import { StartError } from "../../../daemon/start/start_error.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import type { DecisionContext } from "../../../daemon/verify/decision.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { addresses, decisionContext, KEYS, NOW, stanza } from "../../fakes/knock.ts";

const NARROW = stanza({ source: addresses("10.0.0.0/8"), openPorts: [], requireUsername: "bob", expiresAt: 1 });

const context = (changes: Partial<DecisionContext> = {}) => decisionContext([NARROW], { testMode: true, ...changes });

Deno.test("testOurselves() passes for stanzas of every kind and leaves no trace in the store", async () => {
  const store = memoryStore();
  await testOurselves(context({ store }), NOW);
  assert.equal(store.size, 0);
  await testOurselves(decisionContext([stanza({ secrets: [] })]), NOW);
  await testOurselves(decisionContext([stanza({ secrets: [{ cipher: { kind: "gpg" }, hmac: null }, KEYS] })]), NOW);
});

Deno.test("testOurselves() stops the start when the engine is broken", async () => {
  const broken = { ...nobleEngine, decrypt: (...[, , , cipher]: Parameters<typeof nobleEngine.decrypt>) => cipher };
  await assert.rejects(testOurselves(context({ engine: broken }), NOW), (error: unknown) => {
    assert.ok(error instanceof StartError);
    assert.match(error.message, /^Cannot use the stanza at access\.conf:1: the self-check failed: /);
    return true;
  });
});

Deno.test("testOurselves() shows the engine copies of the keys, for which it may keep what it makes of them", async () => {
  const shown = new Set<Uint8Array>();
  const hmac: typeof nobleEngine.hmac = (name, key, bytes) => (shown.add(key), nobleEngine.hmac(name, key, bytes));
  await testOurselves(context({ engine: { ...nobleEngine, hmac } }), NOW);
  assert.ok(shown.size > 0);
  assert.equal(shown.has(KEYS.hmac!.key), false);
});
