/**
 * The Markdown of a man page (`docs/man/src`) taken apart: a title `# name(8) - brief`, a line `Synopsis: …`, and sections
 * with paragraphs, fenced text that is shown as it is, and `{{TABLE by option}}` where the rows of a table are listed. Pure.
 */
import type { ManPage, ManSection } from "../lib/settings/man.ts";
import type { SettingTable } from "../lib/settings/setting.ts";

/** What stands for something that only the tables know. */
export interface ManSourceOptions {
  /** Tables by the names that `{{NAME by option}}` and `{{NAME by directive}}` give them. */
  readonly tables: Readonly<Record<string, SettingTable>>;
  /** Words by the names that `{{NAME}}` within a paragraph gives them. */
  readonly words: Readonly<Record<string, string>>;
  readonly version: string;
}

const TITLE = /^# (?<name>[a-z][a-z.-]*)\((?<section>[1-9])\) - (?<brief>.+)$/;
const ROWS = /^\{\{(?<table>[a-z.]+) by (?<by>option|directive)\}\}$/;

/**
 * Reads the source of one page.
 *
 * @throws {Error} naming the line of the text that is none of the above
 */
export function parseManSource(source: string, options: ManSourceOptions): ManPage {
  const [head = "", ...sections] = source.trimEnd().split(/^## /m);
  const [title = "", synopsis = ""] = head.split("\n").filter((line) => line !== "");
  const { name, section, brief } = TITLE.exec(title)?.groups ?? {};
  if (name === undefined || brief === undefined) throw new Error(`"${title}" is no title such as "# name(8) - brief"`);
  if (!synopsis.startsWith("Synopsis: ")) throw new Error(`"${synopsis}" is no synopsis`);
  return {
    name,
    section: Number(section),
    brief,
    version: options.version,
    synopsis: synopsis.slice("Synopsis: ".length),
    sections: sections.map((text) => parseSection(text, options)),
  };
}

function parseSection(text: string, { tables, words }: ManSourceOptions): ManSection {
  const [heading = "", ...lines] = text.split("\n");
  const prose: string[] = [];
  let rows: ManSection["rows"];
  for (const block of blocksOf(lines)) {
    const { table, by } = ROWS.exec(block)?.groups ?? {};
    if (table === undefined) {
      prose.push(block.replaceAll(/\{\{([a-z ]+)\}\}/g, (_, word: string) => known(words, word)));
    } else rows = { table: known(tables, table), by: by === "option" ? "option" : "directive" };
  }
  return { heading, ...(prose.length > 0 ? { prose } : {}), ...(rows === undefined ? {} : { rows }) };
}

/** Paragraphs as one line each, and fenced text with four blanks before each line, as {@link ManSection} wants them. */
function* blocksOf(lines: readonly string[]): Generator<string> {
  let block: string[] = [];
  let fenced = false;
  for (const line of [...lines, ""]) {
    const isFence = line === "```";
    if (fenced && !isFence) block.push(`    ${line}`);
    else if (!isFence && line !== "") block.push(line);
    else {
      if (block.length > 0) yield block.join(fenced ? "\n" : " ");
      block = [];
      if (isFence) fenced = !fenced;
    }
  }
  if (fenced) throw new Error("a fence of ``` is never closed");
}

function known<Value>(values: Readonly<Record<string, Value>>, name: string): Value {
  const value = values[name];
  if (value === undefined) throw new Error(`{{${name}}} is not one of: ${Object.keys(values).join(", ")}`);
  return value;
}
