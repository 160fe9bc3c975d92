/** Lines of the daemon's files beside their values: names that are unknown, and text that was written and does not count. */
import { type ConfEntry, EQUALS } from "../../lib/settings/conf_file.ts";
import type { Problem, Setting } from "../../lib/settings/setting.ts";
import { isOldName, LUCI_NAMES } from "../../lib/settings/old_names.ts";
import { unknownName } from "../../lib/settings/unknown_name.ts";
import type { Report } from "./files.ts";
import { nearest } from "../../lib/settings/suggest.ts";
import { accessRow, directiveOfOption, DIRECTIVES, isDirective, serverRow } from "./names.ts";
import { oldLine } from "./old_settings.ts";

/** A line whose name the file does not know: a problem, or noise of a known writer. */
export function unknownLine(
  { name, value, file, line }: ConfEntry,
  kind: "fwknopd.conf" | "access.conf",
  report: Report,
): void {
  const origin = { file, line };
  const noise = oldLine(name, value, kind);
  if (noise !== null && "warning" in noise) report.warnings.push(`${file}:${line}: ${noise.warning}`);
  else if (noise !== null) {
    report.problems.push({ origin, ...noise, lenient: `Ignoring ${name}, as the C daemon does` });
  } else report.problems.push({ origin, ...unknownWord(name, kind), lenient: passedOver(name, kind) });
}

/** What happens to the line where STRICT is N, in the words of the C daemon, and what is lost with it. */
function passedOver(name: string, kind: "fwknopd.conf" | "access.conf"): string {
  const what = kind === "fwknopd.conf" ? "configuration" : "access";
  const { shown } = unknownName(name, kind);
  const meant = shown === null ? null : nearest(shown.replace(/[:=].*$/, ""), NAMES_OF[kind]);
  const row = meant === null ? undefined : kind === "fwknopd.conf" ? serverRow(meant) : accessRow(meant);
  const loss = meant === "SOURCE"
    ? "; if SOURCE is meant, the lines below it change the stanza above"
    : row?.absenceOpens === true
    ? `; if ${meant} is meant, what it limits is NOT limited`
    : "";
  return `Ignoring unknown ${what} parameter${shown === null ? "" : `: '${shown}'`}${loss}`;
}

const NAMES_OF = {
  "fwknopd.conf": [...DIRECTIVES.server.keys()],
  "access.conf": [...DIRECTIVES.access.keys()],
};

/** Longer ones are no names: scripts look for other words then. */
const LONGEST_NAME = 63;

function unknownWord(name: string, file: "fwknopd.conf" | "access.conf"): Pick<Problem, "message" | "hint"> {
  const [, before = "", sign] = /^([A-Za-z0-9_%]+)([:=])/.exec(name) ?? [];
  if (isDirective(before)) {
    const hint = sign === "=" ? EQUALS : `write ${before} without the colon`;
    return { message: `${before}: unknown configuration parameter with "${sign}"`, hint };
  }
  const { shown, hint: known } = unknownName(name, file);
  const directive = file === "fwknopd.conf" ? directiveOfOption(name) : null;
  const hint = directive === null ? known : `did you mean ${directive}?`;
  const entry = file === "fwknopd.conf" ? "config" : "access";
  const tooLong = name.length > LONGEST_NAME ? ` (Invalid ${entry} file entry)` : "";
  const message = `${shown === null ? "" : `${shown}: `}unknown configuration parameter${tooLong}`;
  return hint === undefined ? { message } : { message, hint };
}

/**
 * What was written and does not count, or counts and was perhaps not meant to. `row` is undefined for %include and for names
 * that have no row, of which nothing is repeated: any of it may be a key.
 */
export function checkWhole(entry: ConfEntry, row: Setting | undefined, report: Report): void {
  const { name, value, file, line, lost } = entry;
  if (row === undefined && !isDirective(name) && !isOldName(name) && !LUCI_NAMES.has(name)) return;
  const warn = (text: string) => report.warnings.push(`${file}:${line}: ${name}: ${text}`);
  const secret = row === undefined ? !name.startsWith("%") : row.secret === true;
  const [first = ""] = lost?.split(/[ \t:]/) ?? [];
  if (isDirective(first)) {
    const message = `${name}: ${first} stands behind it on the same line, where it is not read`;
    const hint = `put ${first} on a line of its own`;
    const lenient = `what follows the ; is not read${openedBy(first)}`;
    report.problems.push({ origin: { file, line }, message, hint, lenient });
  } else if (lost !== null && row?.lossOpens === true) {
    const message = `${name}: the value ends at ;, and what follows it would not count: ${JSON.stringify(lost)}`;
    const hint = "write one value; lists have commas";
    const lenient = `what follows the ; is not read${openedBy(name)}`;
    report.problems.push({ origin: { file, line }, message, hint, lenient });
  } else if (lost !== null) {
    warn(secret ? "what follows the ; is not read" : `${JSON.stringify(lost)} behind the ; is not read`);
  }
  if (/(?:^|[ \t])#/.test(value)) {
    warn("the # and what follows it are part of the value: a comment has a line of its own");
  }
  if (row?.secret === true && /^(?:=|["'`].*["'`]$)/.test(value)) {
    warn(`the ${value.startsWith("=") ? '"="' : "quotes"} in the value are part of it, as in the C daemon`);
  }
}

/** What is said of a directive that does not count and would have limited something. */
function openedBy(name: string): string {
  const row = accessRow(name) ?? serverRow(name);
  return row?.absenceOpens === true ? `: what ${name} limits there is NOT limited` : "";
}

/** More problems in one file, with what it includes, are those of a file that is no configuration. */
const MOST_PROBLEMS = 1000;

/** Reports lines that cannot be read. `words` are what scripts look for, at the end of the sentence. */
export function badLines(
  problems: readonly Problem[],
  report: Report,
  { words, ...more }: { readonly words: string; readonly lenient?: string },
): void {
  for (const problem of problems.slice(0, MOST_PROBLEMS)) {
    report.problems.push({ ...problem, message: `${problem.message} (${words})`, ...more });
  }
}

/** Takes the lines of a file in their order, and gives up where nearly all of them are wrong. */
export function eachEntry(entries: readonly ConfEntry[], report: Report, take: (entry: ConfEntry) => void): void {
  const before = report.problems.length;
  for (const entry of entries) {
    if (report.problems.length - before >= MOST_PROBLEMS) {
      const message = "what follows is not looked at: too many lines before it are wrong";
      return void report.problems.push({ origin: { file: entry.file, line: entry.line }, message });
    }
    take(entry);
  }
}
