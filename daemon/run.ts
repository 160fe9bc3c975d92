/**
 * The run loop: one wait on every descriptor, then one batch of packets through decision, replay record and packet
 * filter. It owns no policy; it puts the values of the other rooms into effect in the one order that is safe:
 * a digest is on the disk before its door opens.
 */
import type { Waiter } from "../ffi/libc/poll.ts";
import { lineText, type Log, type LogLine } from "../lib/log.ts";
import type { Batch, PacketSource } from "./capture/source.ts";
import type { Firewall, Grant } from "./firewall/firewall.ts";
import { formatAdded, type GrantOptions, grantSeconds, planGrants, type PlannedGrant } from "./firewall/grants.ts";
import type { Ledger } from "./firewall/ledger.ts";
import type { ReplayStore } from "./replay/store.ts";
import type { RefusalLog } from "./service/refusal_log.ts";
import type { SignalInbox } from "./service/signals.ts";
import { reasonOf } from "./start_error.ts";
import { type Admission, decide, type Judge } from "./verify/decide.ts";

/** What a reload may exchange while everything else goes on. */
export interface Regime {
  readonly judge: Judge;
  readonly grantOptions: GrantOptions;
  readonly source: PacketSource;
  readonly log: Log;
  readonly refusals: RefusalLog;
  /** Packets of one turn. */
  readonly batchLimit: number;
}

/** What lives as long as the loop. */
export interface Household {
  readonly waiter: Pick<Waiter, "wait" | "watch" | "unwatch">;
  readonly signals: SignalInbox;
  readonly store: ReplayStore;
  readonly firewall: Firewall;
  readonly ledger: Ledger;
  /** Packets after which to stop; 0 for no limit. */
  readonly packetLimit: number;
  /** Test mode: everything but the packet filter. */
  readonly testMode: boolean;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** SIGHUP: the regime to go on with, which may be the same. */
  reload(current: Regime): Promise<Regime>;
  /** The capture broke: another source, or null to give up. */
  recover(current: Regime, error: unknown): Promise<PacketSource | null>;
}

/** How often a packet filter that needs us for closing is asked what is open: not every kind tells of changes. */
const AUDIT_MS = 60_000;

/** Why the loop ended. */
export type Ending =
  | { readonly reason: "SIGTERM" | "SIGINT" }
  | { readonly reason: "packet limit" }
  | { readonly reason: "capture broken" };

/** Waits, decides and opens until there is a reason to stop. Doors are left as they are: cleaning up is the caller's. */
export async function runLoop(first: Regime, house: Household): Promise<Ending> {
  let regime = first;
  let taken = 0;
  let more = false;
  let ended = false;
  let nextAudit = house.firewall.kernelTimed ? null : house.clock() + AUDIT_MS;
  watch(regime, house);
  for (;;) {
    if (house.signals.stop !== null) return { reason: house.signals.stop };
    if (house.signals.takeHangup()) regime = await exchange(regime, house);
    const offline = regime.source.fd === null && !ended;
    const ready = await house.waiter.wait(more || offline ? 0 : untilNextDuty(nextAudit, regime, house));
    await mindRuleset(ready, regime, house);
    if (offline || more || (regime.source.fd !== null && ready.has(regime.source.fd))) {
      const batch = readBatch(regime.source);
      if (batch instanceof Error) {
        const source = await house.recover(regime, batch);
        if (source === null) return { reason: "capture broken" };
        if (source !== regime.source) regime = replaceSource(regime, source, house);
        more = false;
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
    if (nextAudit !== null && house.clock() >= nextAudit) {
      await takeInStrangers(regime, house);
      nextAudit = house.clock() + AUDIT_MS;
    }
    await closeDue(regime, house);
    regime.refusals.flush(house.clock());
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
}

function watch(regime: Regime, house: Household): void {
  if (regime.source.fd !== null) house.waiter.watch(regime.source.fd);
  if (house.firewall.events !== null) house.waiter.watch(house.firewall.events.fd);
}

async function exchange(current: Regime, house: Household): Promise<Regime> {
  const next = await house.reload(current);
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

/** Milliseconds until a door must be closed, a held-back line may be written or a look is due; -1 when only packets matter. */
function untilNextDuty(nextAudit: number | null, regime: Regime, house: Household): number {
  const dueDoor = house.ledger.nextDue();
  const times = [dueDoor === null ? null : dueDoor * 1000, regime.refusals.dueAt, nextAudit].filter((time) =>
    time !== null
  );
  return times.length === 0 ? -1 : Math.max(0, Math.ceil(Math.min(...times) - house.clock()));
}

/** Somebody changed the ruleset: look whether our chains, sets and jumps are still in it. */
async function mindRuleset(ready: ReadonlySet<number>, regime: Regime, house: Household): Promise<void> {
  const { firewall } = house;
  if (firewall.events === null || !ready.has(firewall.events.fd) || !firewall.events.drain()) return;
  const now = seconds(house);
  try {
    if (await firewall.repair(house.ledger.live(now), now)) {
      regime.log(
        "warning",
        `The ruleset was changed by somebody else: put back what belongs to fwknopd (${firewall.name})`,
      );
    }
    await takeInStrangers(regime, house);
  } catch (error) {
    regime.log("error", `Cannot put back what belongs to fwknopd in the ruleset: ${reasonOf(error)}`);
  }
}

/**
 * Rules with an expiry that somebody else put in our chains, or that a restored ruleset brought back, close on time too
 * (server F.4). Where the kernel keeps the time there is nothing to do.
 */
async function takeInStrangers(regime: Regime, house: Household): Promise<void> {
  const { firewall, ledger } = house;
  if (firewall.kernelTimed) return;
  try {
    const { found } = ledger.agree(await firewall.list(), seconds(house));
    for (const { door, expiresAt } of found) {
      regime.log("info", `Took over a rule in ${firewall.placeOf(door)} with expire time of ${expiresAt}`);
    }
  } catch (error) {
    regime.log("error", `Cannot list what is open: ${reasonOf(error)}`);
  }
}

async function handleBatch(batch: Batch, regime: Regime, house: Household): Promise<void> {
  const admitted: { readonly admission: Admission; readonly lines: readonly LogLine[] }[] = [];
  for (const datagram of batch.datagrams) {
    const decision = await decide(datagram, regime.judge, seconds(house));
    if (decision.kind === "admit") admitted.push(decision);
    else if (decision.kind === "refuse" && decision.authentic) say(regime.log, decision.lines);
    else regime.refusals.report(decision.lines, house.clock());
  }
  try {
    house.store.flush();
  } catch (error) {
    regime.log("error", `Nothing is opened for ${admitted.length} packets: ${reasonOf(error)}`);
    return;
  }
  if (admitted.length === 0) return;
  const grants = admitted.flatMap(({ admission, lines }) => {
    say(regime.log, lines);
    return plan(admission, regime, house);
  });
  await openDoors(grants, regime, house);
}

function plan(admission: Admission, regime: Regime, house: Household): readonly PlannedGrant[] {
  const { stanza, message, access, datagram } = admission;
  const tag = `[${datagram.source.text}] (stanza #${stanza.number})`;
  if (house.testMode) {
    regime.log("warning", `${tag} --test mode enabled, skipping firewall manipulation.`);
    return [];
  }
  if (message.request.kind !== "access") return [];
  const planned = planGrants({
    request: {
      messageType: message.type,
      source: access,
      services: message.request.services,
      packetDestination: datagram.destination,
      nat: null,
    },
    options: regime.grantOptions,
    // Rounded up: a door is open for at least the seconds that were asked for.
    expiresAt: Math.ceil(house.clock() / 1000) + grantSeconds(stanza, message.clientTimeout),
  });
  if (planned.ok) return planned.value;
  regime.log("error", `${tag} Cannot open the requested access: ${planned.fault}`);
  return [];
}

async function openDoors(grants: readonly PlannedGrant[], regime: Regime, house: Household): Promise<void> {
  if (grants.length === 0) return;
  const { firewall, ledger } = house;
  const now = seconds(house);
  try {
    const outcomes = await firewall.grant(grants, ledger.live(now), now);
    for (const [index, grant] of grants.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok) {
        ledger.record([grant]);
        if (outcome.alreadyOpen) {
          regime.log("info", `${formatAdded(grant, firewall.placeOf(grant.door))}: already exists`);
        } else regime.log("info", formatAdded(grant, firewall.placeOf(grant.door)));
      } else regime.log("error", `Cannot open ${describe(grant)}: ${outcome?.reason ?? "no answer"}`);
    }
  } catch (error) {
    regime.log("error", `Cannot open ${grants.map(describe).join("; ")}: ${reasonOf(error)}`);
  }
}

/** Ends what is over. Where the kernel does that itself only the account is closed. */
async function closeDue(regime: Regime, house: Household): Promise<void> {
  const { firewall, ledger } = house;
  const now = seconds(house);
  const due = ledger.due(now);
  if (due.length === 0) return;
  try {
    if (!firewall.kernelTimed) await firewall.revoke(due);
    ledger.close(due);
    for (const grant of due) {
      regime.log("info", `Removed rule from ${firewall.placeOf(grant.door)} with expire time of ${grant.expiresAt}`);
    }
  } catch (error) {
    ledger.postpone(due, now + 1);
    regime.log("error", `Cannot close ${due.length} doors, trying again in a second: ${reasonOf(error)}`);
  }
}

function say(log: Log, lines: readonly LogLine[]): void {
  for (const line of lines) log(line.level, lineText(line));
}

function describe(grant: Grant & Partial<PlannedGrant>): string {
  return `${grant.door.slot} ${grant.items ?? ""}`.trim();
}

function seconds(house: Household): number {
  return Math.floor(house.clock() / 1000);
}
