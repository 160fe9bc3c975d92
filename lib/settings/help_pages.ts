/** `--help`, `--help=all` and `--help=TOPIC` of a program: a short page, everything, and one screen for each topic. */
import { fail, ok, type Result } from "../result.ts";
import { formatHelp, formatOption, helpTopics, matchingTopics, wrap } from "./help.ts";
import type { Setting, SettingTable } from "./setting.ts";
import { didYouMean } from "./suggest.ts";

/** What a program says of itself. */
export interface HelpPages {
  readonly program: string;
  readonly version: string;
  /** What it does, as the end of "fwknop 2.6.11: …". */
  readonly brief: string;
  /** The usual ways to call it; the last one stands on the longer pages too. */
  readonly synopses: readonly string[];
  /** Keys of the table that most people need, in the order in which they need them. */
  readonly essential: readonly string[];
  /** By key: texts of the short page where the ones of the table are too long for one line. */
  readonly short: Readonly<Record<string, string | undefined>>;
}

/** Column where the texts of the short page begin. */
const TEXT_COLUMN = 31;

const WIDTH = 80;

/**
 * The text, without a line end at the end. `topic` null is the short page, `all` every option; any other word is the
 * beginning of a topic's name, or an option or directive, for the topic that it is in. The fault is for a word that is none
 * of them.
 */
export function helpPage(
  table: SettingTable,
  pages: HelpPages,
  topic: string | null,
): Result<string, { readonly message: string; readonly hint: string }> {
  if (topic === null) return ok(shortPage(table, pages));
  const { program, version, synopses } = pages;
  const page = { program, version, synopsis: synopses.at(-1) ?? program };
  if (topic.toLowerCase() === "all") return ok(formatHelp(table, { ...page, complete: true }));
  const found = topic !== "" && matchingTopics(table, topic).length > 0 ? topic : topicOfName(table, topic);
  return found === undefined ? fail(unknownTopic(table, topic)) : ok(formatHelp(table, { ...page, topic: found }));
}

/** The topic of what is named: `wait`, `--wait`, `-A`, `KEY_FILE`. */
function topicOfName(table: SettingTable, written: string): string | undefined {
  const name = written.replace(/^--?/, "");
  const rows: readonly Setting[] = Object.values(table);
  return rows.find(({ option, directive = [] }) =>
    [option?.short, ...(option?.long ?? []), ...(option?.exact ?? []), ...directive].includes(name)
  )?.group;
}

function unknownTopic(table: SettingTable, topic: string): { readonly message: string; readonly hint: string } {
  const words = topicWords(table);
  const meant = didYouMean(topic, ["all", ...words]);
  const list = `the topics are ${words.join(", ")}, and all`;
  return {
    message: `--help: there is no topic "${topic}"`,
    hint: meant === undefined ? list : `${meant} ${list}`,
  };
}

/** The first word of each topic: enough to name it. */
function topicWords(table: SettingTable): readonly string[] {
  return [...new Set(helpTopics(table).map((name) => name.toLowerCase().split(" ")[0] ?? ""))];
}

function shortPage(table: SettingTable, pages: HelpPages): string {
  const { program, version, brief, synopses, essential, short } = pages;
  const rows = essential.map((key) => {
    const row = table[key] as Setting | undefined;
    if (row === undefined) throw new TypeError(`"essential" expected keys of the table, got "${key}"`);
    const names = row.option === undefined ? "" : `  ${formatOption(row, row.option)}`;
    return `${names.padEnd(TEXT_COLUMN)} ${short[key] ?? row.doc}`;
  });
  return [
    `${program} ${version}: ${brief}`,
    ...synopses.map((synopsis, index) => `${index === 0 ? "Usage:" : "   or:"} ${synopsis}`),
    "",
    ...rows,
    "",
    `All options: ${program} --help=all`.padEnd(34) + ` Manual: man ${program}`,
    ...wrap(`One topic: ${program} --help=WORD with ${topicWords(table).join(", ")}`, WIDTH),
  ].join("\n");
}
