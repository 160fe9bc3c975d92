/**
 * Lines of the log. What was found out about a packet becomes one by a fold over the tables of `verify/`, whose text is made
 * when the line is written, and not before; and a grant that was opened. Pure.
 */
import { type LogLevel, type LogLine, SYSLOG_SEVERITY } from "../../lib/log.ts";
import type { Ip } from "../../lib/net/address.ts";
import { formatServices } from "../../lib/net/service.ts";
import type { Access } from "../firewall/firewall.ts";
import type { Obstruction } from "../firewall/path/model.ts";
import type { PlannedGrant } from "../grants/grants.ts";
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

/** What is said of an opened grant: that it is open, or that others keep it shut. */
export function openedLine(grant: PlannedGrant, chain: string, shutBy: readonly Obstruction[]): LogLine {
  if (shutBy.length === 0) return { level: "info", text: formatAdded(grant, chain) };
  const { source, destination } = ends(grant.access);
  const what = `${grant.kind} for ${source} -> ${destination} ${grant.items}`;
  return { level: "warning", text: `Opened ${what} in ${chain}, but ${formatObstructions(shutBy)}` };
}

/** What is open, but kept shut by others. */
export function formatShut(access: Access, chain: string, shutBy: readonly Obstruction[]): string {
  return `${formatAccess(access)} is open in ${chain}, but ${formatObstructions(shutBy)}`;
}

/** The end of that. */
export function formatNoLongerShut(access: Access, chain: string): string {
  return `${formatAccess(access)} is open in ${chain}, and nothing else keeps it shut any more`;
}

/** `inet f2b input keeps it shut: it drops by policy; let it in there too`, and the same of each that does. */
function formatObstructions(shutBy: readonly Obstruction[]): string {
  return shutBy.map(({ chain, how, remedy }) => `${chain} keeps it shut: it ${how}; ${remedy}`).join(", and ");
}

/** `192.0.2.7 -> 0.0.0.0/0 tcp/22`. */
function formatAccess(access: Access): string {
  const { source, destination } = ends(access);
  return `${source} -> ${destination}${
    "service" in access ? ` ${access.service === null ? "*/*" : formatServices([access.service])}` : ""
  }`;
}

/** What is said after something of ours was missing. */
export function formatPutBack(firewall: string): string {
  return `The ruleset was changed by somebody else: put back what belongs to fwknopd (${firewall})`;
}

/** `Added access rule to FWKNOP_INPUT for 192.0.2.7 -> 0.0.0.0/0 tcp/22, expires at 1700000030` (facts/firewall 3). */
function formatAdded(grant: PlannedGrant, chain: string): string {
  const { source, destination } = ends(grant.access);
  return `Added ${grant.kind} rule to ${chain} for ${source} -> ${destination} ${grant.items}, expires at ${grant.expiresAt}`;
}

function ends(access: Access): { readonly source: string; readonly destination: string } {
  const anyOf = (ip: Ip) => ip.family === 4 ? "0.0.0.0/0" : "::/0";
  switch (access.slot) {
    case "input":
    case "output":
    case "published":
    case "dnat":
      return { source: access.source.text, destination: access.destination?.text ?? anyOf(access.source) };
    case "forward":
      return { source: access.source.text, destination: access.target?.text ?? anyOf(access.source) };
    case "snat":
    case "masquerade":
      return "source" in access.match
        ? { source: access.match.source.text, destination: anyOf(access.match.source) }
        : { source: anyOf(access.match.destination), destination: access.match.destination.text };
    case "foreign":
      return { source: access.chain, destination: access.rule };
  }
}
