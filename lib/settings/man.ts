/** Man pages: prose and tables in, roff (man(7) macros) out. */
import { beginDoc, formatOption, wrap } from "./help.ts";
import type { Setting, SettingTable } from "./setting.ts";

const WIDTH = 78;

/** One `.SH`. */
export interface ManSection {
  readonly heading: string;
  /** Paragraphs before the table. A line that begins with four blanks is shown as it is, for commands and files. */
  readonly prose?: readonly string[];
  /** Rows to list, one subsection for each group: by their options, or by their names in configuration files. */
  readonly rows?: { readonly table: SettingTable; readonly by: "option" | "directive" };
}

/** A whole page. */
export interface ManPage {
  readonly name: string;
  readonly section: number;
  /** Behind the dash of NAME. */
  readonly brief: string;
  readonly version: string;
  readonly synopsis: string;
  readonly sections: readonly ManSection[];
}

/** The roff text, ending with a line end. It depends on nothing but the arguments, so that generated files are stable. */
export function formatManPage(page: ManPage): string {
  const title = page.name.toUpperCase().replaceAll("-", "\\-");
  return [
    `.TH "${title}" ${page.section} "" "${escape(page.name)} ${escape(page.version)}" ""`,
    ".SH NAME",
    `${escape(page.name)} \\- ${escape(page.brief)}`,
    ".SH SYNOPSIS",
    `.B ${escape(page.synopsis)}`,
    ...page.sections.flatMap(formatSection),
    "",
  ].join("\n");
}

function formatSection({ heading, prose = [], rows }: ManSection): readonly string[] {
  // A paragraph begins after a heading anyway.
  const text = prose.flatMap(formatParagraph);
  const lines = [`.SH ${escape(heading.toUpperCase())}`, ...(text[0] === ".PP" ? text.slice(1) : text)];
  if (rows === undefined) return lines;
  const listed = Object.values(rows.table).filter((row: Setting) =>
    rows.by === "option" ? row.option !== undefined : row.directive !== undefined
  );
  for (const group of new Set(listed.map((row) => row.group))) {
    lines.push(`.SS ${escape(group)}`);
    for (const row of listed.filter((one) => one.group === group)) lines.push(...formatRow(row as Setting, rows.by));
  }
  return lines;
}

function formatParagraph(text: string): readonly string[] {
  const literal = text.split("\n").every((line) => line.startsWith("    "));
  if (!literal) return [".PP", fill(text)];
  return [".PP", ".nf", ".RS", ...text.split("\n").map((line) => escape(line.slice(4))), ".RE", ".fi"];
}

function formatRow(row: Setting, by: "option" | "directive"): readonly string[] {
  const names = by === "option"
    ? optionNames(row)
    : (row.directive ?? []).map((name) => `${name} ${row.kind.valueName}`);
  const [first = "", ...aliases] = names;
  const also = by === "option" ? row.directive : row.option === undefined ? [] : optionNames(row);
  const lines = [".TP", `.B ${escape(first)}`, ...aliases.flatMap((name) => [".TQ", `.B ${escape(name)}`])];
  lines.push(fill(`${beginDoc(row)}.`));
  lines.push(...factsOf(row, by).map((fact) => fill(sentence(fact))));
  if (row.detail !== undefined) lines.push(".IP", fill(row.detail));
  if (row.later !== undefined) lines.push(".IP", fill(sentence(row.later)));
  if (also !== undefined && also.length > 0) {
    lines.push(".IP", fill(`${by === "option" ? "In the file" : "On the command line"}: ${also.join(", ")}.`));
  }
  return lines;
}

/** What values it takes and which one it has by itself. A switch of the command line takes none. */
function factsOf(row: Setting, by: "option" | "directive"): readonly string[] {
  const { argument = "none" } = row.option ?? {};
  if (by === "option" && (argument === "none" || argument === "rest")) return [];
  const { expects, format } = row.kind;
  const plain = expects === "text" || expects === "a path";
  const fallback = row.fallback === undefined ? "" : format(row.fallback);
  return [
    ...(plain ? [] : [`value: ${expects}`]),
    ...(fallback === "" ? [] : [`default: ${fallback}`]),
  ];
}

/** The printed form, then the other names of the same option. */
function optionNames(row: Setting): readonly string[] {
  if (row.option === undefined) return [];
  const [, ...others] = [...(row.option.long ?? []), ...(row.option.exact ?? [])];
  return [formatOption(row, row.option).trim(), ...others.map((name) => `--${name}`)];
}

/** `docs in a table have no full stop`: here they get one, and a capital. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Running text in lines of the width that formatters of man pages expect of their source. */
function fill(text: string): string {
  return guard(wrap(escapeCharacters(text), WIDTH).join("\n"));
}

function escape(text: string): string {
  return guard(escapeCharacters(text));
}

/** Backslashes, hyphens that must stay hyphens, and what is not ASCII by its number. */
function escapeCharacters(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-")
    .replace(/[^\n\x20-\x7e]/gu, (char) => `\\[u${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`);
}

/** No line is read as a request. */
function guard(text: string): string {
  return text.replace(/^(?=[.'])/gm, "\\&");
}
