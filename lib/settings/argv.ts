/**
 * Arguments as GNU getopt_long reads them, over a table: clusters, `-pVALUE`, `--name=VALUE`, unambiguous abbreviations,
 * `--`, and words anywhere. Pure: it says what was given and what could not be understood, and applies nothing.
 */
import { didYouMean } from "./suggest.ts";
import type { Given, OptionNames, Problem, Setting, SettingTable } from "./setting.ts";

/** Where no option resembles what was written. */
const LIST = "--help lists the options";

/**
 * The runtime gives arguments as text. A byte that is no UTF-8 arrives as this character: as a key it would be another key,
 * as a name another file.
 */
const REPLACED = "holds bytes that are no UTF-8 text, which cannot be taken from the command line";
const IN_UTF8 = "write it in UTF-8; a file of such a name can be given by a link of another name";
const KEY_ELSEWHERE = "give the key in base64, in a file or through --stdin: there its bytes count as they are";

function isReplaced(text: string): boolean {
  return text.includes("\uFFFD");
}

/** What the arguments say. */
export interface Arguments {
  /** In the order of the command line; nothing is dropped or merged. */
  readonly given: readonly Given[];
  /** What is no option: the C programs ignore these silently. */
  readonly words: readonly string[];
  /** What stands after an option whose argument is `rest`; null when there was none. */
  readonly rest: readonly string[] | null;
  readonly problems: readonly Problem[];
}

interface Row {
  readonly key: string;
  readonly option: OptionNames;
}

interface Index {
  /** Names that abbreviate, then those that must be written out. */
  readonly long: ReadonlyMap<string, Row>;
  readonly exact: ReadonlyMap<string, Row>;
}

/**
 * Reads the arguments (without the program name). `ignoreCase` also takes a long option in the wrong letter case when
 * nothing matches as written.
 */
export function parseArguments(
  table: SettingTable,
  argv: readonly string[],
  options: { readonly ignoreCase?: boolean } = {},
): Arguments {
  const scan = new Scan(table, argv, options.ignoreCase ?? false);
  return scan.run();
}

/** The row that has a name. An index would cost more: a run asks for two or three, and nearly always as they are written. */
function rowThat(table: SettingTable, has: (option: OptionNames) => boolean | undefined): Row | undefined {
  for (const key in table) {
    const option = table[key]?.option;
    if (option !== undefined && has(option)) return { key, option };
  }
  return undefined;
}

/** For what is not written out: abbreviations, other letter cases, mistakes. */
function indexOf(table: SettingTable): Index {
  const long = new Map<string, Row>();
  const exact = new Map<string, Row>();
  for (const [key, setting] of Object.entries(table)) {
    const option = setting.option;
    if (option === undefined) continue;
    const row = { key, option };
    for (const name of option.long ?? []) long.set(name, row);
    for (const name of option.exact ?? []) exact.set(name, row);
  }
  return { long, exact };
}

/** One pass over one command line; holds the place reached. */
class Scan {
  readonly #given: Given[] = [];
  readonly #words: string[] = [];
  readonly #problems: Problem[] = [];
  #rest: readonly string[] | null = null;
  #next = 0;

  constructor(readonly table: SettingTable, readonly argv: readonly string[], readonly ignoreCase: boolean) {}

  run(): Arguments {
    while (this.#rest === null) {
      const argument = this.#take();
      if (argument === undefined) break;
      if (argument === "--") {
        this.#words.push(...this.argv.slice(this.#next));
        break;
      }
      if (argument.startsWith("--")) this.#long(argument.slice(2));
      else if (argument.startsWith("-") && argument !== "-") this.#cluster(argument.slice(1));
      else this.#words.push(argument);
    }
    const loose = [...this.#words, ...(this.#rest ?? [])];
    if (loose.some(isReplaced)) this.#problems.push({ origin: {}, message: `an argument ${REPLACED}`, hint: IN_UTF8 });
    return { given: this.#given, words: this.#words, rest: this.#rest, problems: this.#problems };
  }

  #take(): string | undefined {
    return this.argv[this.#next++];
  }

  #long(body: string): void {
    const equals = body.indexOf("=");
    const typed = equals < 0 ? body : body.slice(0, equals);
    const attached = equals < 0 ? null : body.slice(equals + 1);
    const found = this.#find(typed);
    if (found === null) return;
    const { row, name } = found;
    const written = `--${name}`;
    if (attached !== null && (row.option.argument === "none" || row.option.argument === "rest")) {
      this.#problem(written, "takes no value", `write ${written} alone`);
      return;
    }
    this.#store(row, { name: `--${typed}`, written }, attached);
  }

  /** `vvp8080`: switches until one takes the rest of the word, or the next word, as its value. */
  #cluster(letters: string): void {
    const characters = [...letters];
    for (const [place, letter] of characters.entries()) {
      const row = this.#rowOfLetter(letter);
      const written = `-${letter}`;
      if (row === undefined) {
        this.#unknownLetter(letter, letters);
        // What follows may be a value of the option that was meant, even a secret one: it is not looked at.
        return;
      }
      const remainder = characters.slice(place + 1).join("");
      if (row.option.argument !== "required") {
        this.#store(row, { name: written, written }, null);
        continue;
      }
      this.#store(row, { name: written, written }, remainder === "" ? null : remainder);
      return;
    }
  }

  #unknownLetter(letter: string, letters: string): void {
    const other = swapCase(letter);
    const [word = ""] = letters.split("=");
    const long = rowThat(this.table, ({ long, exact }) => long?.includes(word) || exact?.includes(word));
    const guess = long !== undefined
      ? `did you mean --${word}?`
      : this.#rowOfLetter(other)
      ? `did you mean -${other}?`
      : undefined;
    this.#unknown(`-${letter}`, { guess });
  }

  /** A name that no row has. `guess` is a hint that names what was meant, `hint` another one. */
  #unknown(
    name: string,
    { guess, hint = LIST }: { readonly guess?: string | undefined; readonly hint?: string },
  ): void {
    const about = guess === undefined ? { name } : { name, hinted: "guess" as const };
    this.#problems.push({ origin: { option: name }, message: "unknown option", hint: guess ?? hint, about });
  }

  #rowOfLetter(letter: string): Row | undefined {
    return rowThat(this.table, ({ short }) => short === letter);
  }

  /** `name` is the option as it was typed, `written` in full. */
  #store(row: Row, { name, written }: { readonly name: string; readonly written: string }, attached: string | null) {
    let text = attached;
    if (row.option.argument === "required" && text === null) {
      const next = this.#take();
      if (next === undefined) {
        this.#problem(written, "requires a value", `write it after ${written}`);
        return;
      }
      text = next;
    }
    if (text !== null && isReplaced(text)) {
      const secret = (this.table[row.key] as Setting | undefined)?.secret === true;
      this.#problem(written, `the value ${REPLACED}`, secret ? KEY_ELSEWHERE : IN_UTF8);
      return;
    }
    this.#given.push({ key: row.key, text, name, origin: { option: written } });
    if (row.option.argument === "rest") {
      this.#rest = this.argv.slice(this.#next);
    }
  }

  /** The row of a long name as typed: written out, then as an abbreviation, then in another letter case. */
  #find(typed: string): { row: Row; name: string } | null {
    const whole = rowThat(this.table, ({ long, exact }) => long?.includes(typed) || exact?.includes(typed));
    if (whole !== undefined) return { row: whole, name: typed };
    const index = indexOf(this.table);
    const matches = abbreviated(index.long, typed, false);
    const loose = matches.size === 0 && this.ignoreCase;
    const found = loose ? otherCase(index, typed) : matches;
    const [only] = found;
    if (found.size === 1 && only !== undefined) return { row: only[0], name: only[1] };
    if (found.size > 1) {
      const names = [...found.values()].map((name) => `--${name}`).sort();
      this.#problems.push({
        origin: { option: `--${typed}` },
        message: "ambiguous option",
        hint: `it could be ${names.join(" or ")}`,
        about: { name: `--${typed}`, hinted: "choices" },
      });
      return null;
    }
    const directive = directiveOf(this.table, typed);
    if (directive !== null) {
      this.#unknown(`--${typed}`, directive);
      return null;
    }
    const rows = [...index.long, ...index.exact];
    const near = didYouMean(`--${typed}`, rows.map(([name]) => `--${name}`));
    const [stuck] = rows.filter(([name]) => typed.startsWith(name)).toSorted(([a], [b]) => b.length - a.length);
    // What is stuck to the name of an option may be a key: it is not repeated. With a hyphen it is rather another name.
    const another = stuck !== undefined && typed.charAt(stuck[0].length) === "-" && !this.table[stuck[1].key]?.secret;
    if (near === undefined && stuck !== undefined && !another) {
      this.#problem(`--${stuck[0]}`, "something is stuck to it", `write a blank or = after --${stuck[0]}`);
    } else {
      const hint = stuck === undefined ? LIST : `a blank or = stands after --${stuck[0]}, if that is meant`;
      this.#unknown(`--${typed}`, { guess: near, hint });
    }
    return null;
  }

  #problem(option: string, message: string, hint?: string): void {
    this.#problems.push({ origin: { option }, message, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Rows with a name that begins so, each with the first such name: aliases of one row never compete. */
function abbreviated(long: ReadonlyMap<string, Row>, typed: string, ignoreCase: boolean): Map<Row, string> {
  const matches = new Map<Row, string>();
  const start = ignoreCase ? typed.toLowerCase() : typed;
  if (start === "") return matches;
  for (const [name, row] of long) {
    const comparable = ignoreCase ? name.toLowerCase() : name;
    if (comparable.startsWith(start) && !matches.has(row)) matches.set(row, name);
  }
  return matches;
}

function otherCase(index: Index, typed: string): Map<Row, string> {
  for (const [name, row] of [...index.long, ...index.exact]) {
    if (name.toLowerCase() === typed.toLowerCase()) return new Map([[row, name]]);
  }
  return abbreviated(index.long, typed, true);
}

/** The hint for a name of the file that was written as an option; null when it is none. */
function directiveOf(
  table: SettingTable,
  typed: string,
): { readonly guess: string } | { readonly hint: string } | null {
  const name = typed.replaceAll("-", "_").toUpperCase();
  for (const { directive, option } of Object.values(table) as readonly Setting[]) {
    if (!directive?.includes(name)) continue;
    const long = option?.long?.[0] ?? option?.exact?.[0];
    return long === undefined
      ? { hint: `${name} is written in a file only` }
      : { guess: `did you mean --${long}? ${name} is its name in a file` };
  }
  return null;
}

function swapCase(letter: string): string {
  const upper = letter.toUpperCase();
  return upper === letter ? letter.toLowerCase() : upper;
}
