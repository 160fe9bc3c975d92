/**
 * The packets of one turn, from datagrams to what is open, in the one order that is safe: decide about each, make the
 * claims durable, and only then open. A packet whose grant is open can never be new again.
 */
import { lineText, type LogLine } from "../../lib/log.ts";
import { doorKey } from "../firewall/firewall.ts";
import { openGrants } from "../grants/upkeep.ts";
import type { Batch } from "../packet/datagram.ts";
import type { RefusalLog } from "../report/refusal_log.ts";
import { reasonOf } from "../start/start_error.ts";
import { decide, type Decision } from "../verify/decide.ts";
import { planDoors, type StanzaGrant } from "../verify/plan.ts";
import type { ActiveConfig, Runtime } from "./active_config.ts";

/** A decision to open. */
type Admitted = Extract<Decision, { readonly kind: "admit" }>;

function refusalsOf(decision: Exclude<Decision, Admitted>, { refusals }: ActiveConfig): RefusalLog {
  return decision.kind === "refuse" && decision.authentic ? refusals.keyHolders : refusals.strangers;
}

/** Decides about a batch and opens what it admits. What it refuses is told, within the budget of its kind. */
export async function handleBatch(batch: Batch, active: ActiveConfig, runtime: Runtime): Promise<void> {
  const admitted: Admitted[] = [];
  let authentic = false;
  for (const datagram of batch.datagrams) {
    const decision = await decide(datagram, active.context, seconds(runtime));
    authentic ||= decision.kind === "admit" || (decision.kind === "refuse" && decision.authentic);
    if (decision.kind === "admit") admitted.push(decision);
    else refusalsOf(decision, active).report(decision.lines, runtime.steady());
  }
  // What an earlier flush left undone waits for the next packet of a key of ours: junk shall not cost writes and lines.
  if (!authentic) return;
  try {
    runtime.store.flush();
  } catch (error) {
    active.log("error", `Nothing is opened for ${admitted.length} packets: ${reasonOf(error)}`);
    return;
  }
  if (admitted.length > 0) await openFor(admitted, active, runtime);
}

/** Grants first, words afterwards: writing a line takes as long as opening one. */
async function openFor(admitted: readonly Admitted[], active: ActiveConfig, runtime: Runtime): Promise<void> {
  const story: LogLine[] = [];
  const refused: (readonly LogLine[])[] = [];
  const grants: StanzaGrant[] = [];
  for (const { admission, lines } of admitted) {
    const { number } = admission.stanza;
    const held = runtime.ledger.heldBy(number, seconds(runtime));
    for (const grant of grants) if (grant.stanza === number) held.add(doorKey(grant.door));
    const context = { options: active.grantOptions, testMode: runtime.testMode, now: runtime.clock(), held };
    const planned = planDoors(admission, context);
    if (!planned.ok) refused.push([...lines, planned.fault]);
    else {
      story.push(...lines);
      grants.push(...planned.value);
    }
  }
  await runtime.patience.wait("open", async () => {
    try {
      await openGrants(grants, runtime, (level, text) => void story.push({ level, text }));
    } finally {
      for (const line of story) active.log(line.level, lineText(line));
      for (const lines of refused) active.refusals.keyHolders.report(lines, runtime.steady());
    }
  });
}

function seconds(runtime: Runtime): number {
  return Math.floor(runtime.clock() / 1000);
}
