/**
 * Watches the files that the next start will need, which may be any moment: whether replay file and PID file are still
 * there is checked while there is something to lose, not only when they are written.
 */
import type { Log } from "../../lib/log.ts";
import type { ReplayStore } from "../replay/store.ts";
import { reasonOf } from "../start/start_error.ts";
import type { Facts } from "../report/facts.ts";
import type { HeldPidFile } from "./pid_file.ts";

/** What the loop needs of it. */
export interface StateFiles {
  /** When to look next, on the clock that nobody sets. */
  readonly dueAt: number;
  /** Looks, and puts back what is missing. */
  look(log: Log): void;
}

/** What there is to look after. */
export interface Belongings {
  readonly store: Pick<ReplayStore, "mend" | "size">;
  readonly pidFile: Pick<HeldPidFile, "mend">;
  /** What cannot be put back is said when that becomes true. */
  readonly facts: Facts;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** One look costs two system calls. */
const BUSY_MS = 1000;
/** While no packet is known that could be repeated. */
const IDLE_MS = 10_000;

/** Looks after the files of a daemon. */
export function watchStateFiles({ store, pidFile, facts, steady }: Belongings): StateFiles {
  let dueAt = steady() + BUSY_MS;

  function attempt(subject: string, mend: () => void, log: Log): void {
    try {
      mend();
      facts(subject, [], log);
    } catch (error) {
      facts(subject, [{ level: "error", text: reasonOf(error) }], log);
    }
  }

  return {
    get dueAt() {
      return dueAt;
    },
    look(log) {
      attempt("replay file", () => store.mend(), log);
      attempt("PID file", () => pidFile.mend(log), log);
      dueAt = steady() + (store.size > 0 ? BUSY_MS : IDLE_MS);
    },
  };
}
