/** The one way to say something to the operator. Nothing but the sinks in `lib/host` and the programs' entry points writes. */

/** Severities of syslog(3), by name. */
export type LogLevel = "error" | "warning" | "notice" | "info" | "debug";

/** Emits one line. `text` has no line end, no time stamp and never a secret. */
export type Log = (level: LogLevel, text: string) => void;

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
