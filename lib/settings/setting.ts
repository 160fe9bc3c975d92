/**
 * One row per setting. Parsers, defaults, help, man pages, completions, sample files and dumps are folds over tables of
 * these rows; this file knows no particular option or directive.
 */
import type { Result } from "../result.ts";

/** A type of value: how its text is read and written. */
export interface Kind<Value> {
  /** What stands for the value in help: `PORT`, `SECONDS`, `FILE` … */
  readonly valueName: string;
  /** What is legal, as the end of "must be …": `a number from 0 to 65535`. */
  readonly expects: string;
  /**
   * Reads the text of the user. The fault is a reason such as `expected a number from 0 to 65535`, or goes on from the name:
   * `value is not …`. It never contains the text.
   */
  parse(text: string): Result<Value, string>;
  /** Writes a value as it would stand in a file. */
  format(value: Value): string;
  /**
   * Takes text with bytes that are not UTF-8, as `escapedText` of `lib/bytes.ts` represents them; other kinds refuse
   * such text.
   */
  readonly takesBytes?: boolean;
  /**
   * A value may hold ` #`, so that in the files of the server no comment can follow it: paths, pass phrases, commands. Else
   * a blank and `#` end the value.
   */
  readonly mayHoldHash?: boolean;
  /** Quotes around a value are never meant as part of it: in files they are refused, with the remedy. */
  readonly bare?: boolean;
  /**
   * What the C programs make of a text that {@link parse} refused: the number that it begins with, N for a word that is
   * neither yes nor no. Absent, or null: they refuse it too, or what was meant cannot be told from it.
   */
  lenient?(text: string): { readonly value: Value } | null;
  /** What to write instead of a text that {@link parse} refused, where that can be told from it. */
  remedy?(text: string): string | undefined;
  /** How many bytes a text stands for, for the remedy of a secret that {@link parse} refused; undefined where it stands for none. */
  measure?(text: string): number | undefined;
  /** The legal words of an enumeration, for completion and "did you mean". */
  readonly choices?: readonly string[];
}

/** How a setting is given on the command line. */
export interface OptionNames {
  readonly short?: string;
  /** Long names of the C program, the printed one first. They abbreviate as in getopt_long; aliases of one row are never ambiguous. */
  readonly long?: readonly string[];
  /** Long names that the C program does not have: they match only when written out. */
  readonly exact?: readonly string[];
  /** `none` is a switch, `optional` takes only `--name=VALUE`, `rest` ends the options: all that follows belongs to it. */
  readonly argument: "none" | "required" | "optional" | "rest";
}

export interface Setting<Value = unknown> {
  readonly kind: Kind<Value>;
  readonly option?: OptionNames;
  /** Names in configuration files, the printed one first. */
  readonly directive?: readonly string[];
  /** What a switch means when it stands on the command line. Default: `true`. */
  readonly given?: Value;
  /** `count` adds one each time, `all` collects; default: the last one wins. */
  readonly repeat?: "last" | "count" | "all";
  /** Built-in default; absent means "not set". */
  readonly fallback?: Value;
  /** Topic under which help and docs list it. */
  readonly group: string;
  /** One line, no full stop. */
  readonly doc: string;
  /** Further paragraphs for the man page and the reference. */
  readonly detail?: string;
  /** Its text never appears in a message, dump or log. */
  readonly secret?: boolean;
  /** A value that lost its end would let more in: such a value is refused; in other settings it is only warned of. */
  readonly lossOpens?: boolean;
  /** Without it more is let in: where its line does not count, that is said with it. */
  readonly absenceOpens?: boolean;
  /** Known but not built yet: giving it stops the program with this sentence. Never ignored. */
  readonly later?: string;
  /** Values of a `later` setting that ask for nothing: they are accepted and read. */
  readonly harmless?: readonly Value[];
  /** Not in `--help`, only in the man page. */
  readonly hidden?: boolean;
}

/** A table: property name in the resolved settings → row. Order of insertion is the order in the docs. */
export type SettingTable = Readonly<Record<string, Setting<never> | Setting<unknown>>>;

/** Where something was said. */
export interface Origin {
  /** `--server-port`, or the file and line of a directive; neither for a built-in default. */
  readonly option?: string;
  readonly file?: string;
  readonly line?: number;
}

/** What the user said, unread: the output of every parser of arguments and files. */
export interface Given {
  readonly key: string;
  /** Null for a switch. */
  readonly text: string | null;
  /** The name as the user wrote it. */
  readonly name: string;
  readonly origin: Origin;
}

/** What a problem is about. */
export interface ProblemSubject {
  /** The row; absent for a name that no row has. */
  readonly key?: string;
  /** As it was written. */
  readonly name: string;
  /** The text that was refused, unless it is secret. */
  readonly text?: string;
  /** Of a secret text its length in bytes, where it is known. */
  readonly length?: number;
  /** What the hint says of a name that no row has: the name that was probably meant, or those that it may stand for. */
  readonly hinted?: "guess" | "choices";
}

/** Something wrong with what was said. One sentence and the next move; never a secret. */
export interface Problem {
  readonly origin: Origin;
  readonly message: string;
  readonly hint?: string;
  /** What it is about, for those who know a remedy. */
  readonly about?: ProblemSubject;
  /** What is done instead of refusing it where somebody asked for the leniency of the C programs: `read as 60`. */
  readonly lenient?: string;
}

/** `fwknopd.conf:12`, `--server-port`, or empty for a built-in default. */
export function formatOrigin(origin: Origin): string {
  if (origin.option !== undefined) return origin.option;
  if (origin.file === undefined) return "";
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

/** `fwknopd.conf:12: PCAP_INTF: expected a value (hint)`: the one spelling of a problem on one line. */
export function formatProblem(problem: Problem): string {
  const origin = formatOrigin(problem.origin);
  const sentence = origin === "" ? problem.message : `${origin}: ${problem.message}`;
  return problem.hint === undefined ? sentence : `${sentence} (${problem.hint})`;
}
