import assert from "node:assert/strict";
import { noNames } from "../../fakes/knock.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { makeActiveConfig } from "../../../daemon/loop/active_config.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { good } from "../config/in_memory.ts";

function active(server: string, test: boolean) {
  const { config, stanzas } = good(server);
  const kept: (number | null)[] = [];
  const store = { ...memoryStore(), size: 0, forgottenUntil: 0, keepFor: (age: number | null) => void kept.push(age) };
  return {
    kept,
    store,
    ...makeActiveConfig({
      config,
      stanzas,
      sources: [],
      log: () => {},
      store,
      test,
      engine: nobleEngine,
      resolveName: noNames,
    }),
  };
}

Deno.test("makeActiveConfig() tells the store how long packets count", () => {
  assert.deepEqual(active("MAX_SPA_PACKET_AGE 300;\n", false).kept, [300]);
  assert.deepEqual(active("ENABLE_SPA_PACKET_AGING N;\n", false).kept, [null]);
});

Deno.test("makeActiveConfig() is what the configuration says, and records nothing in test mode", () => {
  const { context, grantOptions, batchLimit, store } = active(
    "MAX_SPA_PACKET_AGE 300;\nENABLE_DESTINATION_RULE Y;\nPCAP_DISPATCH_COUNT 7;\nENABLE_SPA_OVER_HTTP Y;\n",
    true,
  );
  assert.equal(context.policy.maxAge, 300);
  assert.equal(context.policy.http.enabled, true);
  assert.equal(context.testMode, true);
  assert.equal(context.store, store);
  assert.equal(grantOptions.destinationRule, true);
  assert.equal(batchLimit, 7);
  assert.equal(active("", false).context.testMode, false);
});
