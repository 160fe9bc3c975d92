/**
 * From what the user wrote to what it means: values with their types, defaults filled in, and every problem at once.
 * Order is precedence: of two values given for one setting the later wins, so files come first and the command line
 * last.
 */
import { EQUALS } from "./conf_file.ts";
import { nearest } from "./suggest.ts";
import type { Given, Kind, Origin, Problem, Setting, SettingTable } from "./setting.ts";

/** The type of the values that a row reads. */
export type ValueOf<Row> = Row extends { readonly kind: Kind<infer Value> } ? Value : never;

/** The resolved form of a table: rows without a default may be undefined, rows that collect are lists. */
export type SettingsOf<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends { readonly repeat: "all" } ? readonly ValueOf<Table[Key]>[]
    : Table[Key] extends { readonly fallback: unknown } ? ValueOf<Table[Key]>
    : ValueOf<Table[Key]> | undefined;
};

/** The settings, and what is wrong with what was given. */
export interface Resolved<Table> {
  /** Settings with a problem have their default here, or its lenient reading; do not use them when there are problems. */
  readonly values: SettingsOf<Table>;
  /** Where each setting got its value; absent for built-in defaults. */
  readonly origins: { readonly [Key in keyof Table]?: Origin };
  readonly problems: readonly Problem[];
}

/**
 * Reads everything that was given by the kinds of the rows. What a later value overrides is checked too: a mistake in a
 * file is a mistake even where the command line happens to hide it.
 */
export function resolveSettings<const Table extends SettingTable>(
  table: Table,
  given: readonly Given[],
): Resolved<Table> {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const problems: Problem[] = [];
  for (const key in table) {
    const { repeat, fallback }: Setting = table[key]!;
    if (repeat === "all") values[key] = [];
    else if (fallback !== undefined) values[key] = fallback;
  }
  for (const said of given) {
    const row = table[said.key] as Setting | undefined;
    if (row === undefined) throw new TypeError(`"given" expected a key of the table, got "${said.key}"`);
    const read = readValue(row, said);
    if (read.problem !== undefined) problems.push(read.problem);
    if (!("value" in read)) continue;
    values[said.key] = merge(row, said, { before: values[said.key], value: read.value });
    origins[said.key] = said.origin;
  }
  // Both records were filled key by key from `table`, which the compiler cannot follow.
  return { values: values as SettingsOf<Table>, origins: origins as Resolved<Table>["origins"], problems };
}

/** A value, a problem, or both: the value that is taken where somebody asked for leniency. */
interface Read {
  readonly value?: unknown;
  readonly problem?: Problem;
}

/**
 * Reads one given value by the kind of its row: the value, or the problem with it, or a problem that has a lenient
 * reading, and that. A switch (`text` null) has the value of `given`, default `true`.
 */
function readValue(row: Setting, said: Given): Read {
  const later = row.later === undefined ? null : { problem: problemOf(said, row.later, laterHint(row, said)) };
  if (said.text === null) return later ?? { value: row.given ?? true };
  if (!said.text.isWellFormed() && row.kind.takesBytes !== true) {
    return { problem: problemOf(said, "the value holds bytes that are no UTF-8 text", "save the file as UTF-8") };
  }
  const parsed = row.kind.parse(said.text);
  if (later !== null) {
    if (parsed.ok && row.harmless?.includes(parsed.value)) return { value: parsed.value };
    // A value that may be a misspelt "N" is told as a bad value, not as a setting that is not built yet.
    if (parsed.ok || row.harmless === undefined) return later;
  }
  const around = said.origin.file === undefined ? undefined : decoration(said.text);
  if (parsed.ok) {
    if (around === undefined || row.kind.bare !== true) return { value: parsed.value };
    return { problem: problemOf(said, `the value ${around.what}`, around.remedy) };
  }
  const quoted = row.secret === true ? "" : `, got ${JSON.stringify(clip(said.text))}`;
  const word = row.secret === true ? null : nearChoice(said.text, row.kind.choices ?? []);
  // Some reasons say themselves where the mistake is, or hold the text already.
  const told = /"|, got /.test(parsed.fault) || parsed.fault.includes(`: ${said.text} `) ||
    parsed.fault.includes(`'${said.text}'`);
  const reason = told ? parsed.fault : `${parsed.fault}${quoted}`;
  const guess = row.kind.remedy?.(said.text) ?? (word === null ? undefined : `did you mean ${word}?`);
  const problem = problemOf(said, reason, around?.remedy ?? guess);
  const text = row.secret === true ? lengthOf(said.text, row.kind) : { text: said.text };
  const refused = { ...problem, about: { key: said.key, name: said.name, ...text } };
  const lenient = row.kind.lenient?.(said.text) ?? null;
  if (lenient === null) return { problem: refused };
  const loss = row.lossOpens === true || row.absenceOpens === true ? ", which may let in more than was meant" : "";
  return { problem: { ...refused, lenient: `read as ${row.kind.format(lenient.value)}${loss}` }, value: lenient.value };
}

function lengthOf(text: string, kind: Kind<unknown>): { readonly length?: number } {
  const length = kind.measure?.(text);
  return length === undefined ? {} : { length };
}

/** The choice that is spelt nearly so; else the only one that shares a word with what was written: `aes-cbc` and CBC. */
function nearChoice(text: string, choices: readonly string[]): string | null {
  const parts = text.toLowerCase().split(/[^a-z0-9]+/).filter((part) => part.length > 2);
  const sharing = choices.filter((choice) =>
    choice.toLowerCase().split("_").some((word) => parts.some((part) => word.startsWith(part)))
  );
  return nearest(text, choices) ?? (sharing.length === 1 ? sharing[0] ?? null : null);
}

/** What people write around a value in other files. */
function decoration(text: string): { readonly what: string; readonly remedy: string } | undefined {
  if (/^=[^=]/.test(text)) return { what: 'begins with "="', remedy: EQUALS };
  return /^(["'`]).*\1$/s.test(text) ? { what: "is in quotes", remedy: "write it without quotes" } : undefined;
}

/** What to do about a line that comes too early. An option is simply not given. */
function laterHint(row: Setting, said: Given): string | undefined {
  if (said.origin.file === undefined) return undefined;
  const words = (row.harmless ?? []).map((value) => row.kind.format(value));
  return words.length === 0 ? "remove the line" : `remove the line, or set it to ${words.join(" or ")}`;
}

/**
 * A problem with a given value, at its origin. In a file the name of the directive comes first; an option is its own
 * origin. A reason that begins with "value" goes on from the name, as in the messages of the C programs: `KEY value is
 * not properly set`.
 */
function problemOf(said: Given, reason: string, hint?: string): Problem {
  const goesOn = reason.startsWith("value ");
  const message = said.origin.option === undefined
    ? `${said.name}${goesOn ? "" : ":"} ${reason}`
    : goesOn
    ? `V${reason.slice(1)}`
    : reason;
  return { origin: said.origin, message, ...(hint === undefined ? {} : { hint }) };
}

function merge(row: Setting, said: Given, { before, value }: { readonly before: unknown; readonly value: unknown }) {
  if (row.repeat === "all") return [...(Array.isArray(before) ? before : []), value];
  // A number in a file sets the level, each bare switch adds one to it.
  if (row.repeat === "count" && said.text === null) return (typeof before === "number" ? before : 0) + 1;
  return value;
}

/** Keeps a message on one line of sensible length. */
function clip(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
