/**
 * Looking after the files that the daemon lives by. What others take from the disk is missed at the next start, which may
 * be any moment: replay file and PID file are looked at while there is something to lose, not only when they are written.
 */
import type { Log } from "../../lib/log.ts";
import type { ReplayStore } from "../replay/store.ts";
import { reasonOf } from "../start_error.ts";
import type { HeldPidFile } from "./pid_file.ts";

/** What the loop needs of it. */
export interface Upkeep {
  /** When to look next, on the clock that nobody sets. */
  readonly dueAt: number;
  /** Looks, and puts back what is missing. A failure is a line in the log when it becomes true, not at every look. */
  look(log: Log): void;
}

/** One look costs two calls of the system. */
const BUSY_MS = 1000;
/** While no packet is known that could be repeated. */
const IDLE_MS = 10_000;

/** Looks after the files of a daemon. `steady`: milliseconds of a clock that nobody sets. */
export function makeUpkeep(
  { store, pidFile, steady }: {
    readonly store: Pick<ReplayStore, "mend" | "size">;
    readonly pidFile: Pick<HeldPidFile, "mend">;
    readonly steady: () => number;
  },
): Upkeep {
  let dueAt = steady() + BUSY_MS;
  /** What was said of each. */
  const said = new Map<unknown, string>();

  function lookAfter(what: { mend(log: Log): void }, log: Log): void {
    try {
      what.mend(log);
      if (said.delete(what)) log("info", "What was missing of the files in the run directory is back");
    } catch (error) {
      const reason = reasonOf(error);
      if (said.get(what) !== reason) log("error", reason);
      said.set(what, reason);
    }
  }

  return {
    get dueAt() {
      return dueAt;
    },
    look(log) {
      lookAfter(store, log);
      lookAfter(pidFile, log);
      dueAt = steady() + (store.size > 0 ? BUSY_MS : IDLE_MS);
    },
  };
}
