/** The names that the daemon's files may hold, and what the tables say of them. */
import type { Setting, SettingTable } from "../../lib/settings/setting.ts";
import { ACCESS_SETTINGS } from "./access_settings.ts";
import { SERVER_SETTINGS } from "./settings.ts";

const SERVER: SettingTable = SERVER_SETTINGS;
const ACCESS: SettingTable = ACCESS_SETTINGS;

/** What access.conf knows besides its variables. */
const INCLUDES = ["%include", "%include_folder", "%include_keys"] as const;

/** Directive → key of its table. */
export const DIRECTIVES = { server: directiveNames(SERVER), access: directiveNames(ACCESS) };

/** What a word of access.conf may have been meant to be. */
export const ACCESS_WORDS: ReadonlyMap<string, string> = new Map([
  ...DIRECTIVES.access,
  ...INCLUDES.map((name) => [name, name] as const),
]);

/** Whether a file of the daemon knows the word. */
export function isDirective(word: string): boolean {
  return DIRECTIVES.server.has(word) || ACCESS_WORDS.has(word);
}

/** The row of a variable of fwknopd.conf. */
export function serverRow(name: string): Setting | undefined {
  return rowOf(SERVER, DIRECTIVES.server.get(name));
}

/** The row of a variable of access.conf; includes have none. */
export function accessRow(name: string): Setting | undefined {
  return rowOf(ACCESS, DIRECTIVES.access.get(name));
}

/** The variable of fwknopd.conf that says what an option such as `--interface` says. */
export function directiveOfOption(word: string): string | null {
  const name = word.replace(/^--/, "");
  const row = name === word ? undefined : Object.values(SERVER).find(({ option }) => option?.long?.includes(name));
  return row?.directive?.[0] ?? null;
}

function rowOf(table: SettingTable, key: string | undefined): Setting | undefined {
  // Rows differ in the type of their values, which nothing here looks at.
  return key === undefined ? undefined : table[key] as Setting | undefined;
}

function directiveNames(table: SettingTable): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [key, row] of Object.entries(table)) {
    for (const name of row.directive ?? []) names.set(name, key);
  }
  return names;
}
