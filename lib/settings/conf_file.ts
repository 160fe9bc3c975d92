/**
 * The line grammar of fwknopd.conf and access.conf (facts/configuration 1 and facts/configuration 6): text in,
 * directives with their line numbers out. Knows no directive. What it cannot read is a problem; no problem quotes the
 * line, which may hold a key.
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
  /** What follows the `;` that ended the value, or a carriage return, and is no comment; else null. It may be part of a key. */
  readonly lost: string | null;
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
  /** Names whose value may hold ` #`; without it none may. */
  readonly mayHoldHash?: (name: string) => boolean;
  /** access.conf: `SOURCE: ANY` is `SOURCE ANY`. The last colon of the word and what follows it are cut. */
  readonly colonAfterName: boolean;
  /** Files of `%include_keys`: blanks at the end of a value belong to it. */
  readonly keepTrailingBlanks?: boolean;
}

/** The remedy for `NAME=value`. */
export const EQUALS = 'write a blank between the two, not "="';

/**
 * Splits a file into directives. Comments begin with `#` or `;`, also after blanks; a value ends at `;`, at a blank and `#`
 * unless it may hold these, or at the end of the line, and loses the blanks around it. There are no quotes, no escapes and
 * no `=`.
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
    if (read.ok) {
      entries.push({ ...read.value, file, line: index + 1 });
      continue;
    }
    const hint = hintAfter(entries.at(-1)?.line === index, read.fault);
    problems.push({ origin: { file, line: index + 1 }, message: read.fault.message, hint });
  }
  return { entries, problems };
}

/** Stands for a name that may be a key. */
export const UNNAMED = "this line";

const NO_VALUE = "write a value after it, or put # before the line";

/** Line ends that only old Macs have. */
export const MAC_LINES = {
  message: "a carriage return stands inside the line, and what follows it would not be read",
  hint: "end lines with a line feed, as Unix does",
} as const;

/** What no text has; a file in UTF-16 has one in every line. */
export const NUL = { message: "the line holds a NUL", hint: "save the file as UTF-8" } as const;

/** A line that cannot be read. */
export interface LineFault {
  readonly message: string;
  readonly hint: string;
  /** Its first word may be a key, and is not repeated. */
  readonly unnamed?: boolean;
}

/** Null for a line that says nothing. */
function parseLine(
  raw: string,
  grammar: ConfGrammar,
): Result<Pick<ConfEntry, "name" | "value" | "lost">, LineFault> | null {
  const line = raw.startsWith("\uFEFF") ? raw.slice(1) : raw;
  // Files of old Macs end lines with a carriage return alone: nothing after the first one would be read.
  if (/^[ \t\v\f]*[#;][^\r]*\r+[^\r]/.test(line)) return fail(MAC_LINES);
  if (/^[ \t\v\f]*(?:[#;\r]|$)/.test(line)) return null;
  if (line.includes("\0")) return fail(NUL);
  const [, word = "", rest = "", tail = ""] = /^[ \t\v\f]*([^ \t\v\f\r]+)([^;\r]*)(.*)$/s.exec(line) ?? [];
  const colon = grammar.colonAfterName ? word.lastIndexOf(":") : -1;
  const name = colon > 0 ? word.slice(0, colon) : word;
  const comment = grammar.mayHoldHash?.(name) ? -1 : rest.search(/[ \t\v\f]#/);
  const written = comment < 0 ? rest : rest.slice(0, comment);
  const value = grammar.keepTrailingBlanks
    ? written.replace(/^[ \t\v\f]+/, "")
    : written.replace(/^[ \t\v\f]+|[ \t\v\f]+$/g, "");
  if (value !== "" && !word.includes(";")) return ok({ name, value, lost: comment < 0 ? lostText(tail) : null });
  const shown = nameBeforeEquals(word, grammar.known) ?? shownName(name, grammar.known) ?? UNNAMED;
  return fail({ message: `${shown} has no value`, hint: noValueHint(word, name), unnamed: shown === UNNAMED });
}

/** The remedy where the line before was an entry: a key that an editor wrapped has a second line that begins with no name. */
export function hintAfter(
  entry: boolean,
  { hint, unnamed = false }: LineFault,
): string {
  const wrapped = entry && unnamed && hint === NO_VALUE;
  return wrapped ? `${NO_VALUE}; if it is the rest of the line above, join the two` : hint;
}

/** The remedy for a line whose first word is `word`, of which `name` was read as a name, and that has no value. */
export function noValueHint(word: string, name: string): string {
  if (word.length > name.length + 1) return "write a blank after the colon";
  // `=` at the end of a word is rather that of base64.
  return /=./.test(word) && !/[^=]={1,2}$/.test(word) ? EQUALS : NO_VALUE;
}

/** The name of `NAME=value` if it is exactly a known one; null else, since a key may end with `=`. */
export function nameBeforeEquals(word: string, known: KnownNames = NONE): string | null {
  const [name = "", value] = word.split("=", 2);
  return value !== undefined && [...known.keys()].includes(name) ? name : null;
}

/** What follows the end of a value: null for blanks, a comment, and the `;` that some writers end every line with. */
function lostText(tail: string): string | null {
  const text = tail.replace(/^[; \t\v\f\r]+|[ \t\v\f\r]+$/g, "");
  return /^(?:#|\/\/|$)/.test(text) ? null : text;
}

/**
 * A name fit for a message, or null. A word in the place of a name may be a key, in capitals too: only what resembles a
 * known name is shown, and never with anything stuck to it.
 */
export function shownName(name: string, known: KnownNames = NONE): string | null {
  return /^%?[A-Za-z][A-Za-z0-9_]*$/.test(name) && nearest(name, known.keys()) !== null ? name : null;
}
