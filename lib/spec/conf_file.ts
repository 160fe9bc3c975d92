/**
 * The line grammar of fwknopd.conf and access.conf (server B.1 and C.1): text in, directives with their places out.
 * Knows no directive. What it cannot read is a problem; no problem quotes the line, which may hold a key.
 */
import { fail, ok, type Result } from "../result.ts";
import type { Problem } from "./setting.ts";
import { nearest } from "./suggest.ts";

/** One `NAME value` line. */
export interface ConfEntry {
  readonly name: string;
  readonly value: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The names that a file may hold. */
export interface KnownNames {
  keys(): Iterable<string>;
}

const NONE: KnownNames = new Set<string>();

/** Where the two server files differ. */
export interface ConfGrammar {
  /** Names that messages may show; without it they show none. */
  readonly known?: KnownNames;
  /** access.conf: `SOURCE: ANY` is `SOURCE ANY`. The last colon of the word and what follows it are cut. */
  readonly colonAfterName: boolean;
  /** Files of `%include_keys`: blanks at the end of a value belong to it. */
  readonly keepTrailingBlanks?: boolean;
}

/**
 * Splits a file into directives. Comments begin with `#` or `;`, also after blanks; a value ends at `;` or the end of the
 * line and loses the blanks around it. There are no quotes, no escapes and no `=`.
 */
export function parseConfText(
  text: string,
  file: string,
  grammar: ConfGrammar,
): { readonly entries: readonly ConfEntry[]; readonly problems: readonly Problem[] } {
  const entries: ConfEntry[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const read = parseLine(line, grammar);
    if (read === null) continue;
    if (read.ok) entries.push({ ...read.value, file, line: index + 1 });
    else problems.push({ origin: { file, line: index + 1 }, ...read.fault });
  }
  return { entries, problems };
}

/** Null for a line that says nothing. */
function parseLine(
  raw: string,
  grammar: ConfGrammar,
): Result<{ name: string; value: string }, { message: string; hint: string }> | null {
  const line = raw.startsWith("\uFEFF") ? raw.slice(1) : raw;
  if (/^[ \t\v\f]*(?:[#;\r]|$)/.test(line)) return null;
  if (/[\0\uFFFD]/.test(line)) {
    return fail({ message: "the line holds a NUL or bytes that are no UTF-8 text", hint: "save the file as UTF-8" });
  }
  const [, word = "", rest = ""] = /^[ \t\v\f]*([^ \t\v\f\r]+)([^;\r]*)/.exec(line) ?? [];
  const value = grammar.keepTrailingBlanks
    ? rest.replace(/^[ \t\v\f]+/, "")
    : rest.replace(/^[ \t\v\f]+|[ \t\v\f]+$/g, "");
  const colon = grammar.colonAfterName ? word.lastIndexOf(":") : -1;
  const name = colon > 0 ? word.slice(0, colon) : word;
  if (value !== "" && !word.includes(";")) return ok({ name, value });
  const hint = word.includes("=")
    ? 'write a blank between the two, not "="'
    : "write a value after it, or put # before the line";
  return fail({ message: `${shownName(name, grammar.known) ?? "this line"} has no value`, hint });
}

/**
 * A name fit for a message, or null. A word in the place of a name may be a key, in capitals too: only what resembles a
 * known name is shown, and never with anything stuck to it.
 */
export function shownName(name: string, known: KnownNames = NONE): string | null {
  return /^%?[A-Za-z][A-Za-z0-9_]*$/.test(name) && nearest(name, known.keys()) !== null ? name : null;
}

/**
 * Expands a value of fwknopd.conf that begins with `$`: the name is the run of capitals and `_` after it, and what follows
 * it is appended. `lookup` gives the value that a variable has at that place, or undefined. One expansion, no recursion.
 * The fault is a sentence with the name in it.
 */
export function expandVariable(
  value: string,
  lookup: (name: string) => string | undefined,
): Result<string, { readonly message: string; readonly name: string }> {
  const [, name, suffix = "", blank = ""] = /^\$([A-Z_]+)([^ \t]*)(.*)$/.exec(value) ?? [];
  if (name === undefined) return ok(value);
  const found = lookup(name);
  if (found === undefined) {
    return fail({ name, message: `Invalid embedded variable in the value: $${name} is not set` });
  }
  if (blank !== "") return fail({ name, message: `unexpected text after the blank that follows $${name}` });
  return ok(found + suffix);
}
