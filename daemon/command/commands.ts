/** Commands as the daemon sees them: what a packet asks for is started here, and what runs is looked after. */
import { type Child, startChild } from "../../ffi/libc/child.ts";
import { Waiter } from "../../ffi/libc/poll.ts";
import type { Log } from "../../lib/log.ts";
import type { CommandLimits } from "../config/resolve_server.ts";
import type { Stanza } from "../config/stanza.ts";
import type { Action } from "../verify/plan.ts";
import { type AtStanza, stanzaTag } from "../verify/refusals.ts";
import { becomeArguments, type Order } from "./become.ts";
import type { ClosesFile } from "./closes_file.ts";
import type { Command } from "./cycle.ts";
import { createCycles, tooMany } from "./cycles.ts";
import type { OwnProgram } from "./own_program.ts";
import { createRunning } from "./running.ts";

/** What is performed here. */
export type CommandAction = Exclude<Action, { readonly kind: "open" }>;

/** The commands of a daemon. */
export interface Commands {
  /** The close commands that are pending for a stanza. */
  heldBy(stanza: number): ReadonlySet<string>;
  /** Starts what was planned, or says why not, as the end of a sentence. It never waits. */
  perform(
    action: CommandAction,
    at: AtStanza,
    now: { readonly limits: CommandLimits; readonly log: Log },
  ): string | null;
  /** What to wait for. */
  readonly descriptors: readonly number[];
  /** When there is something to do without any of these, on the clock that nobody sets, at which it is `now`; null: never. */
  dueAt(limits: CommandLimits, now: number): number | null;
  /** Does what is to be done now: hears what ended, logs what was printed, closes what is due. */
  look(limits: CommandLimits, log: Log): void;
  /** Ends what runs, within a second. Closes that are pending are left to the next start. */
  end(log: Log): Promise<void>;
}

/** What they need. */
export interface CommandsContext {
  readonly program: OwnProgram;
  readonly file: ClosesFile;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** What a command has to come to its end in when the daemon ends. */
const END_MS = 400;
/** What the kernel has to end it by force in. */
const FORCE_MS = 200;

/** Takes over what an earlier run left to close. */
export function createCommands(context: CommandsContext, stanzas: readonly Stanza[], log: Log): Commands {
  const { clock, file, steady } = context;
  const running = createRunning({ start: (command, order) => startCommand(context.program, command, order), steady });
  const cycles = createCycles({ running, file, clock, steady, newId: () => crypto.randomUUID() });
  cycles.takeOver(new Set(stanzas.map(({ cycle }) => cycle?.close ?? null).filter((text) => text !== null)), log);
  if (cycles.size > 0) log("info", `${cycles.size} doors of command cycles of an earlier run close at their time`);

  return {
    heldBy: cycles.heldBy,
    perform(action, at, { limits, log }) {
      const tag = stanzaTag(at);
      if (action.kind === "cycle") return cycles.open({ doors: action.doors, stanza: at.stanza, tag }, limits, log);
      if (!running.hasRoom(false, limits)) return tooMany(limits);
      const { command, policy: { runAs, prefix }, said } = action;
      log("info", `${tag} Processing SPA Command message: command='${said}'.`);
      const as = runAs === null
        ? ""
        : ` setuid/setgid user/group to ${runAs.user}/${runAs.group} (UID=${runAs.uid},GID=${runAs.gid})`;
      const announcement = `${tag} Running command '${command.text}'${as}`;
      // Who runs it as another user means that user; sudo is there to be more.
      const order = { user: runAs, locked: runAs !== null && prefix.length === 0 };
      const step = { command, order, tag, announcement, goodEnd: "info" } as const;
      running.take({ closes: false, steps: [step], after: null, onEnd: () => {} }, limits, log);
      return null;
    },
    get descriptors() {
      return running.descriptors;
    },
    dueAt(limits, now) {
      const times = [running.dueAt, cycles.dueAt(limits, now)].filter((at) => at !== null);
      return times.length === 0 ? null : Math.min(...times);
    },
    look(limits, log) {
      running.look(log);
      cycles.closeDue(limits, log);
    },
    async end(log) {
      if (running.count > 0) log("warning", `Ending ${running.count} commands that run`);
      running.stopAll(false);
      await settle(END_MS, log);
      running.stopAll(true);
      await settle(FORCE_MS, log);
      if (cycles.size > 0) {
        log(
          "warning",
          `${cycles.size} doors of command cycles are open: they are closed when fwknopd is started again`,
        );
      }
    },
  };

  /** Looks until nothing runs, or the time is over. */
  async function settle(ms: number, log: Log): Promise<void> {
    const until = steady() + ms;
    using waiter = new Waiter();
    for (;;) {
      running.look(log);
      const left = until - steady();
      if (running.count === 0 || left <= 0) return;
      for (const fd of running.descriptors) waiter.watch(fd);
      await waiter.wait(Math.max(1, Math.min(left, (running.dueAt ?? Infinity) - steady())));
      for (const fd of running.descriptors) waiter.unwatch(fd);
    }
  }
}

function startCommand({ path, before, env, folder }: OwnProgram, { words }: Command, order: Order): Child {
  return startChild({ path, args: [...before, ...becomeArguments(order, words)], env, folder });
}
