/**
 * Keeps refused packets from filling the disk: whatever comes costs a bounded number of lines, and the next line says how
 * many were left out, so nothing is lost silently. Strangers and key holders have budgets of their own: neither can hide
 * what the other does. With `-v` every line is written. What is not written costs no text.
 */
import type { Log } from "../../lib/log.ts";
import type { Finding, Story } from "../verify/findings.ts";
import { isWorthALine, levelOf, textOf } from "./log_lines.ts";

/** How much may be written. */
interface RefusalBudget {
  /** Packets that are told at once after a time without any; from then on one a second. */
  readonly burst: number;
  /** Whether all lines of a packet are told, or only the first, that it came, and its summary. */
  readonly whole: boolean;
}

/** Whoever can send a packet. */
const STRANGERS: RefusalBudget = { burst: 1, whole: false };

/** For holders of a key: their refusals matter more, but must not fill the disk either. */
export const KEY_HOLDERS: RefusalBudget = { burst: 10, whole: true };

export interface RefusalLog {
  /** Reports a refused packet. `now`: milliseconds of a clock that nobody sets. */
  report(story: Story, now: number): void;
  /** When something is held back and may be written, on the same clock; null when nothing is. */
  readonly dueAt: number | null;
  /** Writes what is held back, if its time has come. */
  flush(now: number): void;
}

/** One log for each budget. */
export interface RefusalLogs {
  readonly strangers: RefusalLog;
  readonly keyHolders: RefusalLog;
}

/** Both logs. `verbose`: write everything. */
export function refusalLogs(log: Log, verbose: boolean): RefusalLogs {
  return { strangers: refusalLog(log, verbose), keyHolders: refusalLog(log, verbose, KEY_HOLDERS) };
}

const INTERVAL_MS = 1000;

/** A log with one budget. */
export function refusalLog(log: Log, verbose: boolean, { burst, whole }: RefusalBudget = STRANGERS): RefusalLog {
  /** When all of the burst is there again: each packet that is told moves it by one interval. */
  let fullAt = -Infinity;
  let held: { story: Story; count: number } | null = null;
  /** Those among them, and the one that comes in, that had to go before any key was tried. */
  let dropped = 0;

  const freeAt = () => fullAt - (burst - 1) * INTERVAL_MS;

  function write({ brief, notable }: Story, others: number, now: number): void {
    const worth = brief.filter(isWorthALine);
    const told = whole ? worth : worth.filter((_finding, i) => i === 0 || i === worth.length - 1);
    fullAt = Math.max(fullAt, now) + INTERVAL_MS;
    held = null;
    const untried = dropped - (isDropped(notable) ? 1 : 0);
    dropped = 0;
    const some = untried === 0 ? "" : `, ${untried} of them dropped`;
    const more = others === 0 ? "" : ` (and ${others} more refused packets${some})`;
    for (const [i, finding] of told.entries()) {
      log(levelOf(finding), i === told.length - 1 ? textOf(finding) + more : textOf(finding));
    }
  }

  return {
    report(story, now) {
      if (verbose) {
        for (const finding of story.findings) log(levelOf(finding), textOf(finding));
        return;
      }
      if (!story.notable.some(isWorthALine)) return;
      if (isDropped(story.notable)) dropped++;
      if (now >= freeAt()) write(story, held?.count ?? 0, now);
      else held = { story, count: (held?.count ?? 0) + 1 };
    },
    get dueAt() {
      return held === null ? null : freeAt();
    },
    flush(now) {
      if (held !== null && now >= freeAt()) write(held.story, held.count - 1, now);
    },
  };
}

/** Whether the packet had to go before any key was tried. */
function isDropped(findings: readonly Finding[]): boolean {
  return findings.length === 1 && findings[0]!.code === "not-tried";
}
