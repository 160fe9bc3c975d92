/**
 * THE table of the client: every command-line option and every directive of `.fwknoprc` is one row (facts/client 2
 * and facts/client 3). Parsers, precedence, saving, help and docs are folds over it.
 */
import type { SettingsOf } from "../../lib/settings/resolve.ts";
import type { Setting } from "../../lib/settings/setting.ts";
import { OWN_OPTIONS } from "./own.ts";
import { DELIVERY_OPTIONS } from "./delivery.ts";
import { PROGRAM_OPTIONS } from "./program.ts";
import { REQUEST_OPTIONS } from "./request.ts";
import { GPG_OPTIONS, KEY_OPTIONS } from "./secrets.ts";

/** All rows, in the order of help and docs. */
export const CLIENT_SETTINGS = {
  ...REQUEST_OPTIONS,
  ...DELIVERY_OPTIONS,
  ...KEY_OPTIONS,
  ...GPG_OPTIONS,
  ...PROGRAM_OPTIONS,
  ...OWN_OPTIONS,
};

/** Name of a row. */
export type ClientKey = keyof typeof CLIENT_SETTINGS;

/** What one run of the client was told. */
export type ClientSettings = SettingsOf<typeof CLIENT_SETTINGS>;

/** The row of a key, without its particular type. */
export function settingOf(key: ClientKey): Setting {
  // Rows differ in the type of their values; readers of any row only see unknown.
  return CLIENT_SETTINGS[key] as unknown as Setting;
}

/** Key of each directive name, aliases included. */
export const KEY_OF_DIRECTIVE: ReadonlyMap<string, ClientKey> = new Map(
  (Object.keys(CLIENT_SETTINGS) as ClientKey[]).flatMap((key) =>
    (settingOf(key).directive ?? []).map((name) => [name, key] as const)
  ),
);
