import assert from "node:assert/strict";
import { noNames } from "../../fakes/knock.ts";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { randomBytes } from "../../../lib/host/entropy.ts";
import { makeActiveConfig } from "../../../daemon/loop/active_config.ts";
import { createStrangers } from "../../../daemon/loop/strangers.ts";
import type { SourceInUse } from "../../../daemon/packet/datagram.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { good } from "../config/in_memory.ts";

function active(server: string, test: boolean, sources: readonly SourceInUse[] = []) {
  const { config, stanzas } = good(server);
  const kept: (number | null)[] = [], shares: (number | null)[] = [];
  const store = { ...memoryStore(), size: 0, forgottenUntil: 0, keepFor: (age: number | null) => void kept.push(age) };
  return {
    kept,
    shares,
    store,
    ...makeActiveConfig({
      config,
      stanzas,
      sources,
      log: () => {},
      store,
      test,
      engine: nobleEngine,
      resolveName: noNames,
      strangers: { ...createStrangers(() => 0, randomBytes), size: 0, use: (share) => void shares.push(share) },
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

Deno.test("makeActiveConfig() limits what strangers may take, but not of a capture file, of which nothing is dropped", () => {
  assert.deepEqual(active("", false).shares, [0.2]);
  assert.deepEqual(active("MAX_STRANGER_CPU 5;\n", false).shares, [0.05]);
  const source: SourceInUse["source"] = {
    banner: [],
    fd: null,
    read: () => assert.fail("nothing is read"),
    statistics: () => null,
    [Symbol.dispose]: () => {},
  };
  const file: SourceInUse = { spec: { kind: "file", path: "/f", filter: "", from: "begin" }, source };
  assert.deepEqual(active("PCAP_FILE /f;\n", false, [file]).shares, [null]);
});
