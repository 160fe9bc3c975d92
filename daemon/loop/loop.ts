/**
 * The run loop: one wait on every descriptor, then one batch of packets through decision, replay record and packet
 * filter. It owns no policy; it puts the values of the other rooms into effect in the one order that is safe:
 * a digest is on the disk before its door opens.
 */
import type { Waiter } from "../../ffi/libc/poll.ts";
import { lineText, type Log, type LogLine } from "../../lib/log.ts";
import type { Batch, PacketSource } from "../packet/datagram.ts";
import {
  closeDue,
  type Doors,
  followClock,
  followStep,
  mindRuleset,
  openDoors,
  rulesetChanged,
  takeInStrangers,
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
import { decide, type Decision, type Judge } from "../verify/decide.ts";

/** What a reload may exchange while everything else goes on. */
export interface Regime {
  readonly judge: Judge;
  readonly grantOptions: GrantOptions;
  readonly source: PacketSource;
  readonly log: Log;
  readonly refusals: RefusalLogs;
  /** Packets of one turn. */
  readonly batchLimit: number;
}

/** What lives as long as the loop. */
export interface Household extends Doors {
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
   * SIGHUP: the regime to go on with, which may be the same. `later`: a file may be half written; it is asked again after
   * {@link REREAD_MS} with `again`, and knocks go on meanwhile.
   */
  reload(current: Regime, again: boolean): Promise<Regime | "later">;
  /**
   * The capture broke: the source to go on with, or null to give up. `later`: not now; it is asked again, without an
   * error, until it has an answer, and meanwhile doors are closed on time.
   */
  recover(current: Regime, error: Error | null): PacketSource | "later" | null;
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
export async function runLoop(first: Regime, house: Household): Promise<Ending> {
  const ending = await turn(first, house);
  await house.patience.finish();
  return ending;
}

async function turn(first: Regime, house: Household): Promise<Ending> {
  const { patience } = house;
  let regime = first;
  let taken = 0;
  let more = false;
  let ended = false;
  /** The source is broken and is tried again then. */
  let retryAt = first.source.absent ? house.steady() : null;
  /** The configuration may have been half written and is read again then. */
  let rereadAt: number | null = null;
  /** Somebody changed the ruleset, and nobody has looked yet. */
  let changed = false;
  let nextAudit = house.firewall.kernelTimed ? null : house.steady() + AUDIT_MS;
  const clock = followClock(house);
  watch(regime, house);
  for (;;) {
    if (house.signals.stop !== null) return { reason: house.signals.stop };
    const hangup = house.signals.takeHangup();
    if (hangup || (rereadAt !== null && house.steady() >= rereadAt)) await reload(!hangup);
    const offline = retryAt === null && regime.source.fd === null && !ended;
    const ready = await house.waiter.wait(
      more || offline ? 0 : untilNextDuty([nextAudit, retryAt, rereadAt, house.upkeep?.dueAt ?? null], regime, house),
    );
    const back = clock.stepBack();
    if (back > 0) await patience.wait("clock", () => followStep(back, house, regime.log));
    if (rulesetChanged(ready, house, regime.log)) changed = true;
    if (changed && !patience.isBusy("repair")) {
      changed = false;
      await patience.wait("repair", () => mindRuleset(house, regime.log));
    }
    if (retryAt === null && (offline || more || (regime.source.fd !== null && ready.has(regime.source.fd)))) {
      const batch = readBatch(regime.source);
      if (batch instanceof Error) {
        if (!recover(batch)) return { reason: "capture broken" };
        continue;
      }
      more = batch.more;
      ended = batch.ended;
      taken += batch.taken;
      await handleBatch(batch, regime, house);
      if (house.packetLimit > 0 && taken >= house.packetLimit) {
        regime.log("warning", `* Incoming packet count limit of ${house.packetLimit} reached`);
        return { reason: "packet limit" };
      }
    }
    if (retryAt !== null && house.steady() >= retryAt && !recover(null)) return { reason: "capture broken" };
    if (nextAudit !== null && house.steady() >= nextAudit) {
      nextAudit = house.steady() + AUDIT_MS;
      await patience.wait("audit", audit);
    }
    if (untilDoor(house) === 0) await patience.wait("close", () => closeDue(house, regime.log, clock.isAhead));
    if (house.upkeep !== undefined && house.steady() >= house.upkeep.dueAt) house.upkeep.look(regime.log);
    tellHeldBack(regime, house.steady());
  }

  async function reload(again: boolean): Promise<void> {
    const next = await house.reload(regime, again);
    rereadAt = next === "later" ? house.steady() + REREAD_MS : null;
    if (next === "later") return;
    if (next.source !== regime.source) retryAt = null;
    regime = exchange(regime, next, house);
  }

  async function audit(): Promise<void> {
    if (!await takeInStrangers(house, regime.log)) nextAudit = house.steady() + AUDIT_RETRY_MS;
  }

  function readBatch(source: PacketSource): Batch | Error {
    try {
      // Never beyond the packet limit: what is over it stays for nobody.
      const left = house.packetLimit > 0 ? house.packetLimit - taken : Infinity;
      return source.read(Math.min(regime.batchLimit, left));
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
  }

  /** False: there is nothing to go on with. */
  function recover(error: Error | null): boolean {
    const source = house.recover(regime, error);
    if (source === null) return false;
    more = false;
    retryAt = source === "later" ? house.steady() + RETRY_MS : null;
    // A broken descriptor is always ready: it would be asked again and again.
    if (source === "later" && regime.source.fd !== null) house.waiter.unwatch(regime.source.fd);
    else if (source !== "later" && source !== regime.source) regime = replaceSource(regime, source, house);
    return true;
  }
}

/** Refusals that had to wait; all of them when `now` is Infinity. */
function tellHeldBack({ refusals }: Regime, now: number): void {
  refusals.strangers.flush(now);
  refusals.keyHolders.flush(now);
}

function watch(regime: Regime, house: Household): void {
  if (regime.source.fd !== null) house.waiter.watch(regime.source.fd);
  if (house.firewall.events !== null) house.waiter.watch(house.firewall.events.fd);
}

function exchange(current: Regime, next: Regime, house: Household): Regime {
  if (next.refusals !== current.refusals) tellHeldBack(current, Infinity);
  return next.source === current.source ? next : replaceSource({ ...next, source: current.source }, next.source, house);
}

/** The old source goes only when the new one is there. */
function replaceSource(regime: Regime, source: PacketSource, house: Household): Regime {
  if (regime.source.fd !== null) house.waiter.unwatch(regime.source.fd);
  regime.source[Symbol.dispose]();
  const next = { ...regime, source };
  watch(next, house);
  return next;
}

/** Milliseconds until a door must be closed, a held-back line may be written or `others` are due; -1 when only packets matter. */
function untilNextDuty(others: readonly (number | null)[], regime: Regime, house: Household): number {
  const { strangers, keyHolders } = regime.refusals;
  const untilOthers = [...others, strangers.dueAt, keyHolders.dueAt]
    .map((time) => time === null ? null : time - house.steady());
  const times = [untilDoor(house), ...untilOthers].filter((time) => time !== null);
  return times.length === 0 ? -1 : Math.max(0, Math.ceil(Math.min(...times)));
}

/** Milliseconds until a door must be closed; null when none must be, or when those that must are being closed. */
function untilDoor({ ledger, patience, clock }: Household): number | null {
  const due = patience.isBusy("close") ? null : ledger.nextDue();
  return due === null ? null : Math.max(0, due * 1000 - clock());
}

/** A decision to open. */
type Admitted = Extract<Decision, { readonly kind: "admit" }>;

function refusalsOf(decision: Exclude<Decision, Admitted>, { refusals }: Regime): RefusalLog {
  return decision.kind === "refuse" && decision.authentic ? refusals.keyHolders : refusals.strangers;
}

async function handleBatch(batch: Batch, regime: Regime, house: Household): Promise<void> {
  const admitted: Admitted[] = [];
  let authentic = false;
  for (const datagram of batch.datagrams) {
    const decision = await decide(datagram, regime.judge, seconds(house));
    authentic ||= decision.kind === "admit" || (decision.kind === "refuse" && decision.authentic);
    if (decision.kind === "admit") admitted.push(decision);
    else refusalsOf(decision, regime).report(decision.lines, house.steady());
  }
  // What an earlier flush left undone waits for the next packet of a key of ours: junk shall not cost writes and lines.
  if (!authentic) return;
  try {
    house.store.flush();
  } catch (error) {
    regime.log("error", `Nothing is opened for ${admitted.length} packets: ${reasonOf(error)}`);
    return;
  }
  if (admitted.length > 0) await openFor(admitted, regime, house);
}

/** Doors first, words afterwards: writing a line takes as long as opening a door. */
async function openFor(admitted: readonly Admitted[], regime: Regime, house: Household): Promise<void> {
  const story: LogLine[] = [];
  const refused: (readonly LogLine[])[] = [];
  const grants: StanzaGrant[] = [];
  for (const { admission, lines } of admitted) {
    const { number } = admission.stanza;
    const held = house.ledger.heldBy(number, seconds(house));
    for (const grant of grants) if (grant.stanza === number) held.add(doorKey(grant.door));
    const context = { options: regime.grantOptions, testMode: house.testMode, now: house.clock(), held };
    const planned = planDoors(admission, context);
    if (!planned.ok) refused.push([...lines, planned.fault]);
    else {
      story.push(...lines);
      grants.push(...planned.value);
    }
  }
  await house.patience.wait("open", async () => {
    try {
      await openDoors(grants, house, (level, text) => void story.push({ level, text }));
    } finally {
      for (const line of story) regime.log(line.level, lineText(line));
      for (const lines of refused) regime.refusals.keyHolders.report(lines, house.steady());
    }
  });
}

function seconds(house: Household): number {
  return Math.floor(house.clock() / 1000);
}
