/**
 * From files to sayings: fwknopd.conf with its overrides, access.conf with its includes. Finds and reads everything,
 * understands names but no values, and collects every problem instead of stopping at the first. Facts: server B.1, C.1.
 */
import type { FileFault, SecureText } from "../../lib/host/secure_file.ts";
import type { Result } from "../../lib/result.ts";
import { type ConfEntry, expandVariable, parseConfText, shownName } from "../../lib/spec/conf_file.ts";
import type { Given, Origin, Problem, Setting, SettingTable } from "../../lib/spec/setting.ts";
import { didYouMean } from "../../lib/spec/suggest.ts";
import { ACCESS_SETTINGS, KEY_FILE_DIRECTIVES } from "./access_settings.ts";
import { SERVER_SETTINGS } from "./server_settings.ts";

/** The file system as the loader sees it. Paths are absolute. */
export interface ConfigFiles {
  read(path: string): Result<Pick<SecureText, "text" | "warnings">, FileFault>;
  /** Names in a folder, sorted. */
  list(folder: string): Result<readonly string[], FileFault>;
  /** Relative paths mean this directory, also after the daemon has gone to `/`. */
  readonly startDirectory: string;
}

/** One stanza as it was written. */
export interface RawStanza {
  /** From 1, in parse order across all files. */
  readonly number: number;
  readonly origin: { readonly file: string; readonly line: number };
  readonly given: readonly Given[];
  /** Files of its %include_keys, as absolute paths. */
  readonly keyFiles: readonly string[];
}

/** What was found wrong on the way. */
export interface Report {
  readonly problems: Problem[];
  /** Lines for the log. */
  readonly warnings: string[];
}

/** Includes: the file named on the command line or in fwknopd.conf, and two levels below it. */
const MAX_DEPTH = 3;

/** Characters that the C daemon takes of a path. */
const MAX_PATH = 1023;

/** The path against the start directory. */
export function absolutePath(path: string, startDirectory: string): string {
  return path.startsWith("/") ? path : `${startDirectory.replace(/\/$/, "")}/${path.replace(/^(?:\.\/)+/, "")}`;
}

/** Reads the main file, then what its OVERRIDE_CONFIG names, then what `-O` names; later sayings win. */
export function loadServerFiles(
  main: { readonly path: string; readonly origin: Origin },
  overrides: string | null,
  files: ConfigFiles,
  report: Report,
): Given[] {
  const given: Given[] = [];
  const values = new Map<string, string>();
  const readOne = (path: string, origin: Origin) => {
    const text = readFile(path, "config file", origin, files, report);
    if (text === null) return;
    const { entries, problems } = parseConfText(text, absolutePath(path, files.startDirectory), {
      known: DIRECTIVES.server,
      colonAfterName: false,
    });
    report.problems.push(...problems.map((problem) => inWordsOfC(problem, "Invalid config file entry")));
    for (const entry of entries) {
      const said = serverSaying(entry, values, report);
      if (said !== null) given.push(said);
    }
  };
  readOne(main.path, main.origin);
  const inFile = given.filter((said) => said.key === "overrideConfig").at(-1);
  for (const path of splitPaths(inFile?.text ?? "")) readOne(path, inFile?.origin ?? {});
  for (const path of splitPaths(overrides ?? "")) readOne(path, { option: "-O" });
  return given;
}

/** What scripts look for, at the end of the sentence. */
function inWordsOfC(problem: Problem, words: string): Problem {
  return { ...problem, message: `${problem.message} (${words})` };
}

function splitPaths(list: string): readonly string[] {
  return list.split(",").map((path) => path.trim()).filter((path) => path !== "");
}

/** Understands one line of fwknopd.conf; `values` are the variables set so far, for `$NAME`. */
function serverSaying(entry: ConfEntry, values: Map<string, string>, report: Report): Given | null {
  const { name, file, line } = entry;
  const origin = { file, line };
  const key = DIRECTIVES.server.get(name);
  if (key === undefined) {
    report.problems.push(unknownDirective(name, origin, DIRECTIVES.server, DIRECTIVES.access, "access.conf"));
    return null;
  }
  const value = expandVariable(entry.value, (wanted) => values.get(wanted) ?? builtIn(wanted));
  if (!value.ok) {
    const hint = `set ${value.fault.name} above this line`;
    report.problems.push({ origin, message: `${name}: ${value.fault.message}`, hint });
    return null;
  }
  values.set(name, value.value);
  return { key, text: value.value, name, origin };
}

function builtIn(name: string): string | undefined {
  const key = DIRECTIVES.server.get(name);
  const row: Setting | undefined = key === undefined ? undefined : (SERVER_SETTINGS as SettingTable)[key] as Setting;
  return row?.fallback === undefined ? undefined : row.kind.format(row.fallback);
}

/** Reads access.conf, or every `.conf` file of the folder in the order of names. */
export function loadAccess(
  where: { readonly file: string; readonly folder: string | null; readonly origin: Origin },
  files: ConfigFiles,
  report: Report,
): readonly RawStanza[] {
  const walk = new AccessWalk(files, report);
  const before = report.problems.length;
  if (where.folder === null) walk.file(where.file, 1, where.origin, null);
  else walk.folder(where.folder, 1, where.origin);
  // What could not be opened is said already.
  if (walk.stanzas.length === 0 && (walk.filesRead > 0 || report.problems.length === before)) {
    const message = "Could not find valid SOURCE stanza: could not find any valid access.conf stanzas";
    report.problems.push({
      origin: { file: where.folder ?? where.file },
      message,
      hint: "a stanza begins with SOURCE",
    });
  }
  return walk.stanzas.map((stanza) => ({ ...stanza }));
}

interface OpenStanza extends RawStanza {
  readonly given: Given[];
  readonly keyFiles: string[];
}

/** The state of one walk over access.conf and its includes. */
class AccessWalk {
  readonly stanzas: OpenStanza[] = [];
  filesRead = 0;
  constructor(readonly files: ConfigFiles, readonly report: Report) {}

  /** `include` names the directive that led here, for messages; null for the first file. */
  file(path: string, depth: number, origin: Origin, include: string | null): void {
    if (depth > MAX_DEPTH) {
      const message = `${include}: Refusing to go deeper than ${MAX_DEPTH} levels`;
      this.report.problems.push({ origin, message, hint: "include the file from one that is nearer to the first" });
      return;
    }
    const text = readFile(path, "access file", origin, this.files, this.report);
    if (text === null) return;
    this.filesRead++;
    const file = absolutePath(path, this.files.startDirectory);
    const { entries, problems } = parseConfText(text, file, { known: ACCESS_WORDS, colonAfterName: true });
    this.report.problems.push(...problems.map((problem) => inWordsOfC(problem, "Invalid access file entry")));
    // Lines after an %include still belong to the stanza before it.
    let stanza: OpenStanza | null = null;
    for (const entry of entries) stanza = this.#entry(entry, stanza, depth);
  }

  folder(path: string, depth: number, origin: Origin): void {
    const folder = path.replace(/(.)\/$/, "$1");
    const names = this.files.list(absolutePath(folder, this.files.startDirectory));
    if (!names.ok) {
      const why = path.length > MAX_PATH || names.fault.message.includes("too long")
        ? " (Provided path is too long)"
        : "";
      const message = `Invalid access folder directory '${path}': it could not be opened: ${names.fault.message}${why}`;
      this.report.problems.push({ origin, message, hint: "name an existing directory" });
      return;
    }
    for (const name of names.value) {
      const file = `${folder}/${name}`;
      if (name.endsWith(".conf")) this.file(file, depth, origin, "%include_folder");
      else if (/\.conf[^.]*$/.test(name)) {
        this.report.warnings.push(`${file} is not read: only names that end in .conf are`);
      }
    }
  }

  #entry(entry: ConfEntry, stanza: OpenStanza | null, depth: number): OpenStanza | null {
    const { name, value, file, line } = entry;
    const origin = { file, line };
    if (name === "%include") this.file(value, depth + 1, origin, name);
    else if (name === "%include_folder") this.folder(value, depth + 1, origin);
    else if (name === "%include_keys") this.#keys(value, origin, stanza);
    else {
      const key = DIRECTIVES.access.get(name);
      if (key === undefined) {
        this.report.problems.push(
          unknownDirective(name, origin, ACCESS_WORDS, DIRECTIVES.server, "fwknopd.conf"),
        );
        return stanza;
      }
      if (key === "source") {
        const opened = {
          number: this.stanzas.length + 1,
          origin,
          given: [{ key, text: value, name, origin }],
          keyFiles: [],
        };
        this.stanzas.push(opened);
        return opened;
      }
      if (stanza === null) this.#outside(name, origin);
      else stanza.given.push({ key, text: value, name, origin });
    }
    return stanza;
  }

  #outside(name: string, origin: Origin): void {
    const message = `${name}: stands before the first SOURCE of the file and belongs to no stanza`;
    this.report.problems.push({ origin, message, hint: "begin the stanza with a SOURCE line" });
  }

  #keys(path: string, origin: Origin, stanza: OpenStanza | null): void {
    if (stanza === null) return this.#outside("%include_keys", origin);
    const text = readFile(path, "access file", origin, this.files, this.report);
    if (text === null) return;
    const file = absolutePath(path, this.files.startDirectory);
    stanza.keyFiles.push(file);
    const read = parseConfText(text, file, {
      known: KEY_FILE_DIRECTIVES,
      colonAfterName: true,
      keepTrailingBlanks: true,
    });
    this.report.problems.push(...read.problems.map((problem) => inWordsOfC(problem, "Invalid access file entry")));
    for (const { name, value, line } of read.entries) {
      const key = DIRECTIVES.access.get(name);
      if (key === undefined || !KEY_FILE_DIRECTIVES.has(name)) {
        this.#strangeEntry(name, { file, line });
        continue;
      }
      // A text key keeps its trailing blanks, as in the C daemon; in all other values they mean nothing.
      const given = /^(?:HMAC_)?KEY$/.test(name) ? value : value.trimEnd();
      stanza.given.push({ key, text: given, name, origin: { file, line } });
    }
  }

  /**
   * What may not be in a file of keys is passed over with a warning, as in C. A misspelt key is not: the stanza would do
   * without it, and a missing HMAC key is a loss.
   */
  #strangeEntry(name: string, origin: { readonly file: string; readonly line: number }): void {
    const shown = shownName(name, ACCESS_WORDS);
    const entry = `Ignoring invalid entry: ${shown === null ? "its name is not shown" : `'${shown}'`}`;
    const meant = DIRECTIVES.access.has(name) ? undefined : didYouMean(name, KEY_FILE_DIRECTIVES);
    if (meant === undefined) {
      const advice = "a file of %include_keys holds keys only, the rest belongs into the stanza itself";
      this.report.warnings.push(`${origin.file}:${origin.line}: ${entry} (${advice})`);
      return;
    }
    const message = `${shown ?? "this line"}: is not allowed in a file of %include_keys`;
    this.report.problems.push({ origin, message, hint: meant });
  }
}

function readFile(path: string, what: string, origin: Origin, files: ConfigFiles, report: Report): string | null {
  const read = files.read(absolutePath(path, files.startDirectory));
  if (read.ok) {
    report.warnings.push(...read.value.warnings.filter((line) => !report.warnings.includes(line)));
    return read.value.text;
  }
  const message = read.fault.code === "not-regular"
    ? `${what} ${path} ${read.fault.message}`
    : `Could not open ${what}: ${path}: ${read.fault.message}${
      read.fault.code === "missing" ? " (it was not found)" : ""
    }`;
  const option = what === "config file" ? "-c" : "-a";
  const hint = read.fault.code === "missing" ? `make it, or name another with ${option}` : undefined;
  report.problems.push({ origin, message, ...(hint === undefined ? {} : { hint }) });
  return null;
}

type Names = ReadonlyMap<string, string>;

function unknownDirective(name: string, origin: Origin, known: Names, elsewhere: Names, other: string): Problem {
  const hint = elsewhere.has(name) ? `it belongs in ${other}` : didYouMean(name, known.keys());
  const shown = shownName(name, known) ?? shownName(name, elsewhere);
  const message = shown === null ? "unknown configuration parameter" : `${shown}: unknown configuration parameter`;
  return { origin, message, ...(hint === undefined ? {} : { hint }) };
}

const DIRECTIVES = { server: directiveNames(SERVER_SETTINGS), access: directiveNames(ACCESS_SETTINGS) };

/** What a word of access.conf may have been meant to be. */
const ACCESS_WORDS: Names = new Map([
  ...DIRECTIVES.access,
  ...["%include", "%include_folder", "%include_keys"].map((name) => [name, name] as const),
]);

/** Directive → key of the table. */
function directiveNames(table: SettingTable): Names {
  const names = new Map<string, string>();
  for (const [key, row] of Object.entries(table)) {
    for (const name of row.directive ?? []) names.set(name, key);
  }
  return names;
}
