/** What was meant by a line of `.fwknoprc` whose name no row has. */
import { EQUALS, nameBeforeEquals } from "../../lib/settings/conf_file.ts";
import type { Problem, Setting } from "../../lib/settings/setting.ts";
import { unknownName } from "../../lib/settings/unknown_name.ts";
import { CLIENT_SETTINGS, KEY_OF_DIRECTIVE } from "../options/table.ts";
import { inWordsOfC } from "../settings/load.ts";

/** The problem with the name in it, if it cannot be a key, and with what was meant. */
export function withDirective(problem: Problem, name: string): Problem {
  const before = nameBeforeEquals(name, KEY_OF_DIRECTIVE);
  const unknown = before === null ? unknownName(name, "fwknoprc") : { shown: `${before}=`, hint: EQUALS };
  const directive = directiveOfOption(name);
  const hint = directive === undefined ? unknown.hint : `did you mean ${directive}?`;
  const message = unknown.shown === null ? problem.message : inWordsOfC(`unknown directive ${unknown.shown}`);
  return { ...problem, message, ...(hint === undefined ? {} : { hint }) };
}

/** `SPA_SERVER` for `--destination`. */
function directiveOfOption(word: string): string | undefined {
  const name = word.replace(/^--/, "");
  if (name === word) return undefined;
  const rows = Object.values(CLIENT_SETTINGS) as unknown as readonly Setting[];
  return rows.find(({ option }) => option?.long?.includes(name) || option?.exact?.includes(name))?.directive?.[0];
}
