/**
 * The run loop: one wait on every descriptor, then one batch of packets through decision, replay record and packet
 * filter. It owns no policy; it puts the values of the other rooms into effect in the one order that is safe:
 * a digest is on the disk before its door opens.
 */
import type { Waiter } from "../../ffi/libc/poll.ts";
import { lineText, type Log, type LogLine } from "../../lib/log.ts";
import type { Batch, PacketSource } from "../packet/datagram.ts";
import {
  adoptForeignRules,
  closeDue,
  type Doors,
  followClock,
  followStep,
  openDoors,
  repairIfChanged,
  rulesetChanged,
} from "../grants/upkeep.ts";
import { doorKey } from "../firewall/firewall.ts";
import type { GrantOptions } from "../grants/grants.ts";
import type { Patience } from "./patience.ts";
import { planDoors, type StanzaGrant } from "../verify/plan.ts";
import type { ReplayStore } from "../replay/store.ts";
import type { RefusalLog, RefusalLogs } from "../report/refusal_log.ts";
import type { Upkeep } from "../service/state_files.ts";
import type { SignalInbox } from "./signals.ts";
import { reasonOf } from "../start/start_error.ts";
import { decide, type Decision, type DecisionContext } from "../verify/decide.ts";

/** What a reload may exchange while everything else goes on. */
export interface ActiveConfig {
  readonly context: DecisionContext;
  readonly grantOptions: GrantOptions;
  readonly source: PacketSource;
  readonly log: Log;
  readonly refusals: RefusalLogs;
  /** Packets of one turn. */
  readonly batchLimit: number;
}

/** What lives as long as the loop. */
export interface Runtime extends Doors {
  readonly waiter: Pick<Waiter, "wait" | "watch" | "unwatch">;
  readonly signals: SignalInbox;
  readonly patience: Patience;
  readonly store: ReplayStore;
  /** Of the files that outlive the loop, where there are any. */
  readonly upkeep?: Upkeep;
  /** Packets after which to stop; 0 for no limit. */
  readonly packetLimit: number;
  /** Test mode: everything but the packet filter. */
  readonly testMode: boolean;
  /**
   * SIGHUP: the configuration to go on with, which may be the same. `later`: a file may be half written; it is asked again after
   * {@link REREAD_MS} with `again`, and knocks go on meanwhile.
   */
  reload(current: ActiveConfig, again: boolean): Promise<ActiveConfig | "later">;
  /**
   * The capture broke: the source to go on with, or null to give up. `later`: not now; it is asked again, without an
   * error, until it has an answer, and meanwhile doors are closed on time.
   */
  recover(current: ActiveConfig, error: Error | null): PacketSource | "later" | null;
}

/** How often a packet filter that needs us for closing is asked what is open: not every kind tells of changes. */
const AUDIT_MS = 60_000;
/** The same after it gave no answer. */
const AUDIT_RETRY_MS = 5000;
/** How long to wait before a configuration that may be half written is read again. */
export const REREAD_MS = 250;
/** How long to wait before a broken capture is tried again. */
const RETRY_MS = 1000;

/** Why the loop ended. */
export type Ending =
  | { readonly reason: "SIGTERM" | "SIGINT" | "failure" }
  | { readonly reason: "packet limit" }
  | { readonly reason: "capture broken" };

/** Waits, decides and opens until there is a reason to stop. Doors are left as they are: cleaning up is the caller's. */
export async function runLoop(first: ActiveConfig, runtime: Runtime): Promise<Ending> {
  const ending = await turn(first, runtime);
  await runtime.patience.finish();
  return ending;
}

async function turn(first: ActiveConfig, runtime: Runtime): Promise<Ending> {
  const { patience } = runtime;
  let active = first;
  let taken = 0;
  let more = false;
  let ended = false;
  /** The source is broken and is tried again then. */
  let retryAt = first.source.absent ? runtime.steady() : null;
  /** The configuration may have been half written and is read again then. */
  let rereadAt: number | null = null;
  /** Somebody changed the ruleset, and nobody has looked yet. */
  let changed = false;
  let nextAudit = runtime.firewall.kernelTimed ? null : runtime.steady() + AUDIT_MS;
  const clock = followClock(runtime);
  watch(active, runtime);
  for (;;) {
    if (runtime.signals.stop !== null) return { reason: runtime.signals.stop };
    const hangup = runtime.signals.takeHangup();
    if (hangup || (rereadAt !== null && runtime.steady() >= rereadAt)) await reload(!hangup);
    const offline = retryAt === null && active.source.fd === null && !ended;
    const ready = await runtime.waiter.wait(
      more || offline
        ? 0
        : untilNextDuty([nextAudit, retryAt, rereadAt, runtime.upkeep?.dueAt ?? null], active, runtime),
    );
    const back = clock.stepBack();
    if (back > 0) await patience.wait("clock", () => followStep(back, runtime, active.log));
    if (rulesetChanged(ready, runtime, active.log)) changed = true;
    if (changed && !patience.isBusy("repair")) {
      changed = false;
      await patience.wait("repair", () => repairIfChanged(runtime, active.log));
    }
    if (retryAt === null && (offline || more || (active.source.fd !== null && ready.has(active.source.fd)))) {
      const batch = readBatch(active.source);
      if (batch instanceof Error) {
        if (!recover(batch)) return { reason: "capture broken" };
        continue;
      }
      more = batch.more;
      ended = batch.ended;
      taken += batch.taken;
      await handleBatch(batch, active, runtime);
      if (runtime.packetLimit > 0 && taken >= runtime.packetLimit) {
        active.log("warning", `* Incoming packet count limit of ${runtime.packetLimit} reached`);
        return { reason: "packet limit" };
      }
    }
    if (retryAt !== null && runtime.steady() >= retryAt && !recover(null)) return { reason: "capture broken" };
    if (nextAudit !== null && runtime.steady() >= nextAudit) {
      nextAudit = runtime.steady() + AUDIT_MS;
      await patience.wait("audit", audit);
    }
    if (untilDoor(runtime) === 0) await patience.wait("close", () => closeDue(runtime, active.log, clock.isAhead));
    if (runtime.upkeep !== undefined && runtime.steady() >= runtime.upkeep.dueAt) runtime.upkeep.look(active.log);
    tellHeldBack(active, runtime.steady());
  }

  async function reload(again: boolean): Promise<void> {
    const next = await runtime.reload(active, again);
    rereadAt = next === "later" ? runtime.steady() + REREAD_MS : null;
    if (next === "later") return;
    if (next.source !== active.source) retryAt = null;
    active = exchange(active, next, runtime);
  }

  async function audit(): Promise<void> {
    if (!await adoptForeignRules(runtime, active.log)) nextAudit = runtime.steady() + AUDIT_RETRY_MS;
  }

  function readBatch(source: PacketSource): Batch | Error {
    try {
      // Never beyond the packet limit: what is over it stays for nobody.
      const left = runtime.packetLimit > 0 ? runtime.packetLimit - taken : Infinity;
      return source.read(Math.min(active.batchLimit, left));
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
  }

  /** False: there is nothing to go on with. */
  function recover(error: Error | null): boolean {
    const source = runtime.recover(active, error);
    if (source === null) return false;
    more = false;
    retryAt = source === "later" ? runtime.steady() + RETRY_MS : null;
    // A broken descriptor is always ready: it would be asked again and again.
    if (source === "later" && active.source.fd !== null) runtime.waiter.unwatch(active.source.fd);
    else if (source !== "later" && source !== active.source) active = replaceSource(active, source, runtime);
    return true;
  }
}

/** Refusals that had to wait; all of them when `now` is Infinity. */
function tellHeldBack({ refusals }: ActiveConfig, now: number): void {
  refusals.strangers.flush(now);
  refusals.keyHolders.flush(now);
}

function watch(active: ActiveConfig, runtime: Runtime): void {
  if (active.source.fd !== null) runtime.waiter.watch(active.source.fd);
  if (runtime.firewall.events !== null) runtime.waiter.watch(runtime.firewall.events.fd);
}

function exchange(current: ActiveConfig, next: ActiveConfig, runtime: Runtime): ActiveConfig {
  if (next.refusals !== current.refusals) tellHeldBack(current, Infinity);
  return next.source === current.source
    ? next
    : replaceSource({ ...next, source: current.source }, next.source, runtime);
}

/** The old source goes only when the new one is there. */
function replaceSource(active: ActiveConfig, source: PacketSource, runtime: Runtime): ActiveConfig {
  if (active.source.fd !== null) runtime.waiter.unwatch(active.source.fd);
  active.source[Symbol.dispose]();
  const next = { ...active, source };
  watch(next, runtime);
  return next;
}

/** Milliseconds until a door must be closed, a held-back line may be written or `others` are due; -1 when only packets matter. */
function untilNextDuty(others: readonly (number | null)[], active: ActiveConfig, runtime: Runtime): number {
  const { strangers, keyHolders } = active.refusals;
  const untilOthers = [...others, strangers.dueAt, keyHolders.dueAt]
    .map((time) => time === null ? null : time - runtime.steady());
  const times = [untilDoor(runtime), ...untilOthers].filter((time) => time !== null);
  return times.length === 0 ? -1 : Math.max(0, Math.ceil(Math.min(...times)));
}

/** Milliseconds until a door must be closed; null when none must be, or when those that must are being closed. */
function untilDoor({ ledger, patience, clock }: Runtime): number | null {
  const due = patience.isBusy("close") ? null : ledger.nextDue();
  return due === null ? null : Math.max(0, due * 1000 - clock());
}

/** A decision to open. */
type Admitted = Extract<Decision, { readonly kind: "admit" }>;

function refusalsOf(decision: Exclude<Decision, Admitted>, { refusals }: ActiveConfig): RefusalLog {
  return decision.kind === "refuse" && decision.authentic ? refusals.keyHolders : refusals.strangers;
}

async function handleBatch(batch: Batch, active: ActiveConfig, runtime: Runtime): Promise<void> {
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

/** Doors first, words afterwards: writing a line takes as long as opening a door. */
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
      await openDoors(grants, runtime, (level, text) => void story.push({ level, text }));
    } finally {
      for (const line of story) active.log(line.level, lineText(line));
      for (const lines of refused) active.refusals.keyHolders.report(lines, runtime.steady());
    }
  });
}

function seconds(runtime: Runtime): number {
  return Math.floor(runtime.clock() / 1000);
}
