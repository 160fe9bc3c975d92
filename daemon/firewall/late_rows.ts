/**
 * Rows of fwknopd.conf that are judged late: their packet filter works on few hosts, and files that name its variables are
 * read on all of them. Any text is taken; only where that packet filter is the one in use a wrong one is a mistake. Pure.
 */
import type { Kind, Setting, SettingTable } from "../../lib/settings/setting.ts";
import { ignored } from "../config/kinds.ts";

/** One of them. */
export interface LateRow<Value> {
  readonly kind: Kind<Value>;
  readonly directive: string;
  readonly fallback: Value;
  readonly doc: string;
  readonly detail?: string;
}

// Each row reads and writes its own type only.
// deno-lint-ignore no-explicit-any
type LateTable = Readonly<Record<string, LateRow<any>>>;

/** What the rows of a table mean. */
export type LateValues<Table extends LateTable> = {
  readonly [Key in keyof Table]: Table[Key] extends LateRow<infer Value> ? Value : never;
};

/** A row whose text is wrong, or does not go with others. */
export interface Objection {
  /** The key of the row. */
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

/** The rows as settings. */
export function lateSettings(group: string, table: LateTable): SettingTable {
  return Object.fromEntries(
    Object.entries(table).map(([key, { kind, directive, fallback, doc, detail }]): [string, Setting<string>] => [key, {
      kind: {
        ...ignored(kind),
        expects: kind.expects,
        ...(kind.choices === undefined ? {} : { choices: kind.choices }),
      },
      directive: [directive],
      fallback: kind.format(fallback),
      group,
      hidden: true,
      doc,
      ...(detail === undefined ? {} : { detail }),
    }]),
  );
}

/** What the texts mean; the built-in value stands for one that means nothing. */
export function lateValues<const Table extends LateTable>(
  table: Table,
  texts: Readonly<Record<string, unknown>>,
): LateValues<Table> {
  const values = Object.entries(table).map(([key, { kind, fallback }]) => {
    const read = kind.parse(String(texts[key]));
    return [key, read.ok ? read.value : fallback];
  });
  // One value for each key, of the type of its row.
  return Object.fromEntries(values) as LateValues<Table>;
}

/** The texts that mean nothing. */
export function lateObjections(table: LateTable, texts: Readonly<Record<string, unknown>>): readonly Objection[] {
  return Object.entries(table).flatMap(([key, { kind, directive }]) => {
    const text = String(texts[key]);
    const read = kind.parse(text);
    if (read.ok) return [];
    const hint = kind.remedy?.(text) ?? `it must be ${kind.expects}`;
    return [{ key, message: `${directive}: ${read.fault}`, hint }];
  });
}
