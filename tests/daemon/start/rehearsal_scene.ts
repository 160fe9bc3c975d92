/** A configuration for rehearsals. */
import assert from "node:assert/strict";
import type { ActiveConfig } from "../../../daemon/loop/active_config.ts";
import { absentSource } from "../../../daemon/packet/absent.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { refusalLogs } from "../../../daemon/report/refusal_budget.ts";
import type { DecisionContext } from "../../../daemon/verify/decision.ts";
import type { Log } from "../../../lib/log.ts";
import { decisionContext, stanza } from "../../fakes/knock.ts";

/** What may not be called. */
export const never = () => assert.fail("changed or read by a rehearsal");

/** A configuration of which nothing may be used up. */
export function activeConfig(changes: Partial<DecisionContext> = {}, log: Log = never): ActiveConfig {
  const store = { ...memoryStore(), size: 0, forgottenUntil: 0, find: never, claim: never, flush: never, mend: never };
  return {
    context: decisionContext([stanza(), stanza({ number: 2, keyHint: "only" })], { store, testMode: true, ...changes }),
    grantOptions: { destinationRule: false, output: false },
    commandLimits: { timeout: null, most: 16 },
    sources: [{ spec: { kind: "udp", port: 1 }, source: { ...absentSource(), read: never } }],
    log,
    verbose: true,
    refusals: refusalLogs(log, true),
    signatures: [],
    batchLimit: 100,
  };
}
