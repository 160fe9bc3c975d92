/** Sample configuration files: every setting with what it is for, commented out at its default. */
import { wrap } from "./help.ts";
import type { Setting, SettingTable } from "./setting.ts";

/** What the table does not know. */
export interface SampleOptions {
  /** Lines at the top, without `#`. */
  readonly introduction: readonly string[];
  /** Values of directives that are in force; all others are commented out. */
  readonly active?: Readonly<Record<string, string>>;
  /** What stands for the value of a setting without a default; by name, else the value name is shown. */
  readonly examples?: Readonly<Record<string, string>>;
}

const WIDTH = 78;

/**
 * The file, ending with a line end. Settings that are hidden or not built yet are left out, and secrets that are not in
 * force: a script that looks for a key with `grep` must not find a comment.
 */
export function formatSample(table: SettingTable, options: SampleOptions): string {
  const { active = {} } = options;
  const rows = (Object.values(table) as readonly Setting[]).filter((row) =>
    row.directive !== undefined && row.hidden !== true && row.later === undefined &&
    (row.secret !== true || row.directive.some((name) => name in active))
  );
  const lines = options.introduction.map(comment);
  for (const group of new Set(rows.map((row) => row.group))) {
    lines.push("", "#", comment(`---- ${group} ----`), "#");
    for (const row of rows.filter((one) => one.group === group)) lines.push("", ...formatRow(row, options));
  }
  return `${lines.join("\n")}\n`;
}

function formatRow(row: Setting, { active = {}, examples = {} }: SampleOptions): readonly string[] {
  const name = row.directive?.[0] ?? "";
  const doc = `${row.doc.charAt(0).toUpperCase()}${row.doc.slice(1)}.`;
  const text = row.detail === undefined ? doc : `${doc} ${row.detail}`;
  const said = active[name];
  const value = row.fallback === undefined ? examples[name] ?? row.kind.valueName : row.kind.format(row.fallback);
  const line = said === undefined ? `#${name.padEnd(27)} ${value}` : `${name.padEnd(27)} ${said}`;
  return [...wrap(text, WIDTH).map(comment), line];
}

function comment(line: string): string {
  return line === "" ? "#" : `# ${line}`;
}
