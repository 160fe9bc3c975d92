/** Reference pages in Markdown: the settings of a table, by group, with everything that is known of each. */
import { beginDoc, formatOption } from "./help.ts";
import type { Setting, SettingTable } from "./setting.ts";

/** The page, ending with a line end. `introduction` is Markdown. */
export function formatReference(title: string, introduction: string, table: SettingTable): string {
  const rows = Object.values(table) as readonly Setting[];
  const blocks = [...new Set(rows.map((row) => row.group))].flatMap((group) => [
    `## ${capital(group)}`,
    "",
    ...rows.filter((row) => row.group === group).flatMap(formatRow),
  ]);
  return [`# ${title}`, "", introduction, "", ...blocks].join("\n");
}

function formatRow(row: Setting): readonly string[] {
  const others = [...(row.option?.long ?? []), ...(row.option?.exact ?? [])].slice(1).map((name) => `--${name}`);
  const options = row.option === undefined ? [] : [formatOption(row, row.option).trim(), ...others];
  const names = [...(row.directive ?? []), ...options].map((name) => `\`${name}\``).join(", ");
  const isSwitch = row.option?.argument === "none" && row.directive === undefined;
  const lines = [`### ${names}`, "", `${beginDoc(row)}.${row.detail === undefined ? "" : ` ${row.detail}`}`, ""];
  if (row.later !== undefined) lines.push(`**${capital(row.later)}.**`, "");
  const facts = [
    ...(isSwitch ? [] : [`Value: ${row.kind.expects}.`]),
    ...(row.fallback === undefined || isSwitch ? [] : [`Default: \`${row.kind.format(row.fallback)}\`.`]),
  ];
  return facts.length === 0 ? lines : [...lines, facts.join(" "), ""];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
