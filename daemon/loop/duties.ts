/** What the run loop has to do, as one table. A new timer or descriptor is a new row; the loop stays as it is. */
import { type ClockWatch, followClock, followStep } from "../grants/clock.ts";
import {
  adoptForeignRules,
  closeDueGrants,
  judgeOpenGrants,
  repairIfChanged,
  rulesetChanged,
  surveyRuleset,
} from "../grants/upkeep.ts";
import { newSources } from "../start/sources.ts";
import type { RefusalLogs } from "../report/refusal_budget.ts";
import type { ActiveConfig, LoopState, Runtime } from "./active_config.ts";
import { captureRows } from "./capture.ts";
import { behind, type Settling } from "./flight.ts";
import { createPacketWork, type PacketWork, resumeFinished, tryWaiting } from "./packets.ts";
import { type Duty, EVERY_WAKE_UP, type Rows, type Watch } from "./rows.ts";

/** How often a packet filter that needs us for closing is asked what is open: not every kind tells of changes. */
const AUDIT_MS = 60_000;
/** The same after it gave no answer. */
const AUDIT_RETRY_MS = 5000;
/** How long to wait before a configuration that may be half written is read again. */
const REREAD_MS = 250;

/**
 * The rows of a daemon. Their order matters: no packet that is read after SIGHUP is decided by the configuration before it,
 * the grants of a turn end by the clock as it is then, and they go into a ruleset that is in order.
 */
export function makeRows(state: LoopState, runtime: Runtime): Rows {
  const clock = followClock(runtime);
  const steps = clockRows(clock, state, runtime);
  const ruleset = rulesetRows(state, runtime);
  const commands = commandRows(state, runtime);
  const work = createPacketWork(state, runtime);
  const { flight } = work;
  const capture = captureRows(work);
  return {
    watches: [steps.watch, ruleset.watch, commands.watch, capture.watch],
    duties: behind(flight, [
      reloadDuty(state, runtime, flight),
      steps.duty,
      ruleset.duty,
      surveyDuty(state, runtime),
      commands.duty,
      slowDuty(work),
      ...capture.duties,
      strangersDuty(work),
      judgingDuty(state, runtime),
      auditDuty(state, runtime),
      closingDuty(clock, state, runtime),
      stateFilesDuty(state, runtime),
      heldBackDuty(state, runtime),
      mailDuty(state, runtime),
      watchdogDuty(runtime),
      stopDuty(state, runtime),
    ]),
    async leave() {
      await flight.settle();
      tellHeldBack(state.active.refusals, Infinity);
    },
  };
}

/**
 * A wall clock that was set back takes the ends of grants with it; one that was set ahead ends them (`closingDuty`). Nobody
 * tells of it: it is seen at the next wake-up, and the look at the state files is one each second.
 */
function clockRows(clock: ClockWatch, state: LoopState, runtime: Runtime) {
  let back = 0;
  const watch: Watch = { fd: () => EVERY_WAKE_UP, ready: () => void (back += clock.stepBack()) };
  const duty: Duty = {
    dueAt: (now) => back > 0 ? now : null,
    perform: () => {
      const by = back;
      back = 0;
      return runtime.patience.wait("clock", () => followStep(by, runtime, state.active.log));
    },
  };
  return { watch, duty };
}

/** Somebody changed the ruleset: what is ours is put back. */
function rulesetRows(state: LoopState, runtime: Runtime) {
  const { patience } = runtime;
  let changed = false;
  const watch: Watch = {
    fd: () => runtime.firewall.events?.fd ?? null,
    ready: () => void (changed = rulesetChanged(runtime, state.active.log) || changed),
  };
  const duty: Duty = {
    dueAt: (now) => changed && !patience.isBusy("repair") ? now : null,
    perform: () => {
      changed = false;
      return patience.wait("repair", () => repairIfChanged(runtime, state.active.log));
    },
  };
  return { watch, duty };
}

/** Commands that ended or printed something, that take too long, or that close a door whose time is over. */
function commandRows(state: LoopState, { commands }: Runtime) {
  let noted = false;
  const watch: Watch = { fd: () => commands?.descriptors ?? null, ready: () => void (noted = true) };
  const duty: Duty = {
    dueAt: (now) => noted ? now : commands?.dueAt(state.active.commandLimits, now) ?? null,
    perform: () => {
      noted = false;
      commands?.look(state.active.commandLimits, state.active.log);
    },
  };
  return { watch, duty };
}

/** The way of packets is looked at anew when it has changed; nothing waits for that. */
function surveyDuty(state: LoopState, runtime: Runtime): Duty {
  const { firewall, patience } = runtime;
  return {
    dueAt: () => patience.isBusy("survey") ? null : firewall.surveyDueAt,
    perform: () => patience.begin("survey", () => surveyRuleset(runtime, state.active.log)),
  };
}

/** Others may have shut what is open, or no longer keep it shut. */
function judgingDuty(state: LoopState, runtime: Runtime): Duty {
  const { patience } = runtime;
  return {
    dueAt: () => runtime.ledger.size === 0 || patience.isBusy("judge") ? null : runtime.firewall.judgingDueAt,
    perform: () => patience.begin("judge", () => judgeOpenGrants(runtime, state.active.log)),
  };
}

/** Packets that had to wait and have finished. They came before those that can be read now. */
function slowDuty(work: PacketWork): Duty {
  return {
    dueAt: (now) => work.runtime.slow.hasFinished ? now : null,
    perform: () => resumeFinished(work),
  };
}

/** Packets that wait for their trial, after those that have just been read: one that names its key goes before them. */
function strangersDuty(work: PacketWork): Duty {
  return {
    dueAt: (now) => work.runtime.strangers.dueAt(now),
    isBesideFlight: true,
    perform: () => tryWaiting(work),
  };
}

/** Rules that others put in our chains close on time too. */
function auditDuty(state: LoopState, runtime: Runtime): Duty {
  let next = runtime.steady() + AUDIT_MS;
  return {
    dueAt: () => runtime.firewall.kernelTimed ? null : next,
    perform: () => {
      next = runtime.steady() + AUDIT_MS;
      return runtime.patience.wait("audit", async () => {
        if (!await adoptForeignRules(runtime, state.active.log)) next = runtime.steady() + AUDIT_RETRY_MS;
      });
    },
  };
}

/** Grants end by the wall clock. */
function closingDuty(clock: ClockWatch, state: LoopState, runtime: Runtime): Duty {
  const { ledger, patience } = runtime;
  return {
    dueAt: (now) => {
      const due = patience.isBusy("close") ? null : ledger.nextDue();
      return due === null ? null : now + Math.max(0, due * 1000 - runtime.clock());
    },
    perform: () => patience.wait("close", () => closeDueGrants(runtime, state.active.log, clock)),
  };
}

function stateFilesDuty(state: LoopState, { stateFiles }: Runtime): Duty {
  return {
    dueAt: () => stateFiles?.dueAt ?? null,
    perform: () => stateFiles?.look(state.active.log),
  };
}

/** Lines of refused packets that had to wait. */
function heldBackDuty(state: LoopState, runtime: Runtime): Duty {
  return {
    dueAt: () => {
      const { strangers, keyHolders } = state.active.refusals;
      if (strangers.dueAt === null || keyHolders.dueAt === null) return strangers.dueAt ?? keyHolders.dueAt;
      return Math.min(strangers.dueAt, keyHolders.dueAt);
    },
    perform: () => tellHeldBack(state.active.refusals, runtime.steady()),
  };
}

/** What was collected leaves in a mail; nothing waits for that. */
function mailDuty(state: LoopState, { mailer }: Runtime): Duty {
  return {
    dueAt: () => mailer?.dueAt ?? null,
    perform: () => mailer?.send(state.active.log),
  };
}

/** All of them when `now` is Infinity. */
function tellHeldBack({ strangers, keyHolders }: RefusalLogs, now: number): void {
  strangers.flush(now);
  keyHolders.flush(now);
}

/** A supervisor that hears nothing starts the daemon anew: that it turns is what the loop proves by doing this. */
function watchdogDuty({ manager, steady }: Runtime): Duty {
  const everyMs = manager?.watchdogMs == null ? null : manager.watchdogMs / 2;
  let next = steady();
  return {
    dueAt: () => everyMs === null ? null : next,
    perform: () => {
      manager?.tell("WATCHDOG=1");
      next = steady() + (everyMs ?? 0);
    },
  };
}

function stopDuty(state: LoopState, { signals }: Runtime): Duty {
  return {
    dueAt: (now) => signals.stop === null ? null : now,
    perform: () => {
      if (signals.stop !== null) state.ending = { reason: signals.stop };
    },
  };
}

/** SIGHUP, and reading again what may have been half written. Looking for keys of GnuPG may take long: knocks go on meanwhile. */
function reloadDuty(state: LoopState, runtime: Runtime, flight: Settling): Duty {
  const { patience, signals } = runtime;
  let rereadAt: number | null = null;
  return {
    dueAt: (now) => patience.isBusy("reload") ? null : signals.hangup ? now : rereadAt,
    perform: () =>
      patience.wait("reload", async () => {
        const first = signals.takeHangup();
        rereadAt = null;
        if (first) runtime.manager?.beginReload();
        const takeOver = await runtime.reload(state.active, !first);
        if (takeOver === "later") {
          rereadAt = runtime.steady() + REREAD_MS;
          return;
        }
        // Where it took long, packets went on.
        await flight.settle();
        const next = takeOver(state.active);
        const refused = next === state.active;
        runtime.manager?.tell("READY=1", refused ? "STATUS=A new configuration was refused, see the log" : "STATUS=");
        exchange(next, state);
      }),
  };
}

/** What is no longer in use goes only when what takes its place is there. */
function exchange(next: ActiveConfig, state: LoopState): void {
  const before = state.active;
  state.active = next;
  if (next.refusals !== before.refusals) tellHeldBack(before.refusals, Infinity);
  for (const { source } of newSources(before.sources, next.sources)) source[Symbol.dispose]();
}
