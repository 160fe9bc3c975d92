/**
 * From what was found out about a packet to lines of the log: a fold over the tables of `verify/`. A text is made when its
 * line is written, and not before. Pure.
 */
import { type LogLevel, type LogLine, SYSLOG_SEVERITY } from "../../lib/log.ts";
import { REFUSALS } from "../verify/refusals.ts";
import { type Finding, isRefusal } from "../verify/findings.ts";
import { REMARKS } from "../verify/remarks.ts";

/** What both tables have in a row. */
interface Row {
  readonly level: LogLevel;
  readonly sentence: (facts: never) => string;
}

function rowOf(finding: Finding): Row {
  return isRefusal(finding) ? REFUSALS[finding.code] : REMARKS[finding.code];
}

/** How grave it is. */
export function levelOf(finding: Finding): LogLevel {
  return rowOf(finding).level;
}

/** The text of its line. */
export function textOf(finding: Finding): string {
  // The type of a finding says that its facts are those of its row.
  return rowOf(finding).sentence(finding.facts as never);
}

/** Its line, whose text is made when somebody reads it. */
export function lineOf(finding: Finding): LogLine {
  return { level: levelOf(finding), text: () => textOf(finding) };
}

/** Whether it belongs in a log that nobody asked to be verbose. */
export function isWorthALine(finding: Finding): boolean {
  return SYSLOG_SEVERITY[levelOf(finding)] <= SYSLOG_SEVERITY.info;
}
