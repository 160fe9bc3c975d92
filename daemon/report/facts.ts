/** Facts that last: each is said when it becomes true, not every time that it is found to be so. */
import { lineText, type Log, type LogLine } from "../../lib/log.ts";
import type { Notify } from "./mail_events.ts";

/**
 * Takes everything that is true of a subject now, and logs what was not true of it the last time. What is missing is over,
 * and will be said again when it is true again.
 */
export type Facts = (subject: string, lines: readonly LogLine[], log: Log) => void;

/** Knows nothing yet. `notify`: told of what becomes true and is an error. */
export function createFacts(notify?: Notify): Facts {
  const known = new Map<string, ReadonlySet<string>>();
  return (subject, lines, log) => {
    const before = known.get(subject);
    const now = new Map(lines.map((line) => [lineText(line), line.level]));
    known.set(subject, new Set(now.keys()));
    for (const [text, level] of now) {
      if (before?.has(text)) continue;
      log(level, text);
      if (level === "error") notify?.("errors", () => text);
    }
  };
}
