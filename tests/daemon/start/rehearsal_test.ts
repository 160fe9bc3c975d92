import assert from "node:assert/strict";
import type { Firewall } from "../../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import type { ActiveConfig } from "../../../daemon/loop/active_config.ts";
import { absentSource } from "../../../daemon/packet/absent.ts";
import { memoryStore } from "../../../daemon/replay/memory.ts";
import { refusalLogs } from "../../../daemon/report/refusal_budget.ts";
import { rehearse } from "../../../daemon/start/rehearsal.ts";
import type { DecisionContext } from "../../../daemon/verify/decision.ts";
import type { Log } from "../../../lib/log.ts";
import { decisionContext, stanza } from "../../fakes/knock.ts";

const never = () => assert.fail("changed or read by a rehearsal");

/** A configuration of which nothing may be used up. */
function activeConfig(changes: Partial<DecisionContext> = {}, log: Log = never): ActiveConfig {
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

/** A packet filter that may be asked, not changed. */
function firewallToAsk() {
  const asked: string[] = [];
  const note = <Value>(what: string, value: Value) => (asked.push(what), value);
  const firewall: Firewall = {
    ...recordingFirewall({ now: never }),
    ...{ prepare: never, grant: never, revoke: never, repair: never, survey: never, cleanup: never, list: never },
    events: { fd: 0, drain: never },
    judge: () => note("judge", []),
    containerOf: () => note("container", "set"),
    commandOf: () => note("command", "Same as: nothing"),
  };
  return { asked, firewall };
}

Deno.test("rehearse() opens nothing, claims nothing and says nothing, and every knock of it would have opened", async () => {
  const { asked, firewall } = firewallToAsk();
  assert.equal(await rehearse(activeConfig(), firewall, 5), 5);
  assert.deepEqual(new Set(asked), new Set(["judge", "command", "container"]));
});

Deno.test("rehearse() has the words of a knock made at every level that the log takes, for nobody", async () => {
  const { asked, firewall } = firewallToAsk();
  const onlyInfo = Object.assign(() => assert.fail("said"), { takes: (level: string) => level !== "debug" });
  assert.equal(await rehearse({ ...activeConfig({}, onlyInfo), verbose: false }, firewall, 2), 2);
  assert.ok(asked.includes("container"));
});

Deno.test("rehearse() asks for the hints of the configuration, with a packet that names nobody", async () => {
  const hinted: number[] = [];
  const sieve = {
    hasOnlyHinted: false,
    hinted: (wire: string, turns: Uint8Array) => (hinted.push(wire.length, turns.length), null),
    sift: never,
    wipe: never,
  };
  await rehearse(activeConfig({ sieve }), firewallToAsk().firewall, 1);
  assert.equal(hinted.length, 2);
  assert.ok(hinted[0]! > 140);
  assert.equal(hinted[1], 2);
});
