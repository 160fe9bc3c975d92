/** `--help` from a table: one or two lines for each option, by topic, for a terminal of 80 columns. */
import type { OptionNames, Setting, SettingTable } from "./setting.ts";

/** What the table does not know. */
export interface HelpOptions {
  readonly program: string;
  /** `fwknopd [OPTION]...` */
  readonly synopsis: string;
  readonly version: string;
  /** Only this topic. A topic that the table does not have gives the list of topics. */
  readonly topic?: string;
  /** Also what is hidden, and every further name of an option. */
  readonly complete?: boolean;
  /** Lines at the end. */
  readonly footer?: string;
}

/** Column where descriptions begin, and the last one. */
const TEXT_COLUMN = 28;
const WIDTH = 80;

/** The whole text, without a line end at the end. */
export function formatHelp(table: SettingTable, options: HelpOptions): string {
  const { program, synopsis, version, topic, footer, complete = false } = options;
  const head = [`${program} ${version}`, "", `Usage: ${synopsis}`];
  const topics = helpTopics(table);
  const wanted = topic === undefined ? topics : matchingTopics(table, topic);
  if (wanted.length === 0) return [...head, "", `Topics: ${topics.join(", ")}`].join("\n");
  const blocks = wanted.map((name) =>
    ["", `${capital(name)}:`, ...rowsOf(table, name, complete).map((row) => formatRow(row, complete))].join("\n")
  );
  return [...head, ...blocks, ...(footer === undefined ? [] : ["", footer])].join("\n");
}

/** The topics whose names begin so, in any letter case. */
export function matchingTopics(table: SettingTable, topic: string): readonly string[] {
  return helpTopics(table).filter((name) => fold(name).startsWith(fold(topic)));
}

/** The groups that have visible options, in the order of the table. */
export function helpTopics(table: SettingTable): readonly string[] {
  const groups = Object.values(table).filter(isVisible).map((row) => row.group);
  return [...new Set(groups)];
}

/** `-A, --access=LIST`, with every name that is printed. For help and man pages. */
export function formatOption(row: Setting, option: OptionNames): string {
  const [long] = [...(option.long ?? []), ...(option.exact ?? [])];
  const names = [option.short === undefined ? "    " : `-${option.short}${long === undefined ? "" : ", "}`];
  if (long !== undefined) names.push(`--${long}`);
  return names.join("") + shownArgument(row.kind.valueName, option);
}

/** What a row says, as the beginning of a sentence: a capital, unless a value begins it, which stays as it is typed. */
export function beginDoc({ doc, kind }: Setting): string {
  const [first = ""] = doc.split(/[ ,]/, 1);
  return kind.choices?.includes(first) ? doc : capital(doc);
}

function shownArgument(valueName: string, { argument, long, exact }: OptionNames): string {
  if (argument === "none") return "";
  if (argument === "optional") return `[=${valueName}]`;
  const attached = argument === "required" && (long ?? exact) !== undefined;
  return `${attached ? "=" : " "}${valueName}`;
}

function rowsOf(table: SettingTable, group: string, complete: boolean): readonly Setting[] {
  return Object.values(table).filter((row: Setting) =>
    row.group === group && (isVisible(row) || complete && row.option !== undefined)
  );
}

function isVisible(row: Setting): boolean {
  return row.option !== undefined && row.hidden !== true;
}

function formatRow(row: Setting, complete: boolean): string {
  const names = row.option === undefined ? "" : `  ${formatOption(row, row.option)}`;
  const fallback = defaultOf(row);
  const others = complete ? [...row.option?.long ?? [], ...row.option?.exact ?? []].slice(1) : [];
  const notes = [
    ...(others.length === 0 ? [] : [`also ${others.map((name) => `--${name}`).join(", ")}`]),
    ...(fallback === null ? [] : [`default ${fallback}`]),
    ...(row.later === undefined ? [] : ["not in this version"]),
  ];
  const text = notes.length === 0 ? row.doc : `${row.doc} (${notes.join("; ")})`;
  const lines = wrap(text, WIDTH - TEXT_COLUMN);
  const indent = " ".repeat(TEXT_COLUMN);
  const [first = "", ...more] = lines;
  const begin = names.length < TEXT_COLUMN - 1 ? names.padEnd(TEXT_COLUMN) + first : `${names}\n${indent}${first}`;
  return [begin, ...more.map((line) => indent + line)].join("\n");
}

/** The built-in default worth telling; a switch that is off is none. */
function defaultOf(row: Setting): string | null {
  const takesValue = row.option?.argument === "required" || row.option?.argument === "optional";
  if (row.fallback === undefined || !takesValue) return null;
  const text = row.kind.format(row.fallback);
  return text === "" || text === "0" ? null : text;
}

/** Breaks at blanks; a word longer than the width stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function fold(name: string): string {
  return name.toLowerCase();
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
