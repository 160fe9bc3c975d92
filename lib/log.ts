/** The one way to say something to the operator. Nothing but the sinks in `lib/host` and the programs' entry points writes. */

/** Severities of syslog(3), by name. */
export type LogLevel = "error" | "warning" | "notice" | "info" | "debug";

/** Emits one line. `text` has no line end, no time stamp and never a secret. */
export interface Log {
  (level: LogLevel, text: string): void;
  /** Whether lines of that level go anywhere. Absent: all do. Asked through {@link takes}. */
  readonly takes?: (level: LogLevel) => boolean;
  /** See {@link together}. Absent: each line goes out by itself. */
  readonly together?: (work: () => void) => void;
}

/** Whether lines of that level go anywhere: whoever would have to make the text of one asks first. */
export function takes(log: Log, level: LogLevel): boolean {
  return log.takes?.(level) ?? true;
}

/**
 * Does `work`, and has written what it says when this returns, also where it throws: in as few writes as can be. What it
 * awaits is not part of it, so that no line ever waits for something else.
 */
export function together(log: Log, work: () => void): void {
  if (log.together === undefined) work();
  else log.together(work);
}

/** Another log with the levels of this one, and lines that go out with those of this one. */
export function throughLog(log: Log, write: (level: LogLevel, text: string) => void): Log {
  const { takes, together } = log;
  return Object.assign(write, { ...takes && { takes }, ...together && { together } });
}

/** The numbers of syslog(3): the smaller, the graver. */
export const SYSLOG_SEVERITY: Readonly<Record<LogLevel, number>> = {
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** A line for later. Costly texts are functions, so that nobody builds what nobody reads. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string | (() => string);
}

/** The text of a line. */
export function lineText(line: LogLine): string {
  return typeof line.text === "string" ? line.text : line.text();
}
