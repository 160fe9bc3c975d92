/**
 * Keeps strangers from filling the disk: whatever they send costs at most one line of log each and one line a second in
 * all. Nothing is lost silently: the next line says how many were left out. With `-v` every line is written.
 */
import { lineText, type Log, type LogLine, SYSLOG_SEVERITY } from "../../lib/log.ts";

export interface RefusalLog {
  /** Reports a refused packet. `now`: milliseconds of a clock that nobody sets. */
  report(lines: readonly LogLine[], now: number): void;
  /** When something is held back and may be written, on the same clock; null when nothing is. */
  readonly dueAt: number | null;
  /** Writes what is held back, if its time has come. */
  flush(now: number): void;
}

const INTERVAL_MS = 1000;

export function refusalLog(log: Log, verbose: boolean): RefusalLog {
  let lastAt = -Infinity;
  let held: { summary: LogLine; count: number } | null = null;

  function write(summary: LogLine, others: number, now: number): void {
    lastAt = now;
    held = null;
    log(summary.level, others === 0 ? lineText(summary) : `${lineText(summary)} (and ${others} more refused packets)`);
  }

  return {
    report(lines, now) {
      if (verbose) {
        for (const line of lines) log(line.level, lineText(line));
        return;
      }
      const summary = lines.findLast((line) => SYSLOG_SEVERITY[line.level] <= SYSLOG_SEVERITY.info);
      if (summary === undefined) return;
      if (now - lastAt >= INTERVAL_MS) write(summary, held?.count ?? 0, now);
      else held = { summary, count: (held?.count ?? 0) + 1 };
    },
    get dueAt() {
      return held === null ? null : lastAt + INTERVAL_MS;
    },
    flush(now) {
      if (held !== null && now - lastAt >= INTERVAL_MS) write(held.summary, held.count - 1, now);
    },
  };
}
