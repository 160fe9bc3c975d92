/** Sample configuration files: every setting with what it is for, commented out at its default. */
import { wrap } from "./help.ts";
import type { Setting, SettingTable } from "./setting.ts";

/** What the table does not know. */
export interface SampleOptions {
  /** Lines at the top, without `#`. */
  readonly introduction: readonly string[];
  /** Lines that are in force, after the introduction. */
  readonly active?: readonly string[];
  /** What stands for the value of a setting without a default; by name, else the value name is shown. */
  readonly examples?: Readonly<Record<string, string>>;
}

const WIDTH = 78;

/** The file, ending with a line end. Settings that are hidden or not built yet are left out. */
export function formatSample(table: SettingTable, options: SampleOptions): string {
  const rows = Object.values(table).filter((row: Setting) =>
    row.directive !== undefined && row.hidden !== true && row.later === undefined
  ) as readonly Setting[];
  const lines = options.introduction.map(comment);
  if (options.active !== undefined) lines.push("", ...options.active);
  for (const group of new Set(rows.map((row) => row.group))) {
    lines.push("", "#", comment(`---- ${group} ----`), "#");
    for (const row of rows.filter((one) => one.group === group)) lines.push("", ...formatRow(row, options));
  }
  return `${lines.join("\n")}\n`;
}

function formatRow(row: Setting, { examples = {} }: SampleOptions): readonly string[] {
  const name = row.directive?.[0] ?? "";
  const doc = `${row.doc.charAt(0).toUpperCase()}${row.doc.slice(1)}.`;
  const text = row.detail === undefined ? doc : `${doc} ${row.detail}`;
  const value = row.fallback === undefined ? examples[name] ?? row.kind.valueName : row.kind.format(row.fallback);
  return [...wrap(text, WIDTH).map(comment), `#${name.padEnd(27)} ${value}`];
}

function comment(line: string): string {
  return line === "" ? "#" : `# ${line}`;
}
