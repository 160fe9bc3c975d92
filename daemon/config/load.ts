/**
 * From files to what was given in them: access.conf with its includes. Finds and reads everything, understands names but no
 * values, and collects every problem instead of stopping at the first. See facts/configuration 6.
 */
import { type ConfEntry, parseConfText } from "../../lib/settings/conf_file.ts";
import type { Given, Origin } from "../../lib/settings/setting.ts";
import { didYouMean } from "../../lib/settings/suggest.ts";
import { unknownName } from "../../lib/settings/unknown_name.ts";
import { KEY_FILE_DIRECTIVES } from "./access_settings.ts";
import { badLines, checkWhole, eachEntry, unknownLine } from "./lines.ts";
import { absolutePath, AS_OWNER, readConfigFile } from "./read.ts";
import type { ConfigFiles, Report } from "./files.ts";
import { ACCESS_WORDS, accessRow, DIRECTIVES } from "./names.ts";

/** One stanza as it was written. */
export interface RawStanza {
  /** From 1, in parse order across all files. */
  readonly number: number;
  readonly origin: { readonly file: string; readonly line: number };
  readonly given: readonly Given[];
  /** Files of its %include_keys, as absolute paths. */
  readonly keyFiles: readonly string[];
}

/** Includes: the file named on the command line or in fwknopd.conf, and two levels below it. */
const MAX_DEPTH = 3;

/** More files are a mistake: files that include others many times. */
const MOST_FILES = 65_536;

/** Characters that the C daemon takes of a path. */
const MAX_PATH = 1023;

/** Reads access.conf, or every `.conf` file of the folder in the order of names. */
export function loadAccess(
  where: { readonly file: string; readonly folder: string | null; readonly origin: Origin },
  files: ConfigFiles,
  report: Report,
): readonly RawStanza[] {
  const walk = new AccessWalk(files, report);
  const before = report.problems.length;
  if (where.folder === null) walk.file({ path: where.file, depth: 1, origin: where.origin });
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
  /** Folders that are being read, as absolute paths. */
  readonly #folders = new Set<string>();
  constructor(readonly files: ConfigFiles, readonly report: Report) {}

  file({ path, depth, origin }: { readonly path: string; readonly depth: number; readonly origin: Origin }): void {
    if (this.filesRead === MOST_FILES) {
      const message = `more than ${MOST_FILES} files are to be read`;
      return void this.report.problems.push({ origin, message, hint: "include each file once" });
    }
    const text = readConfigFile({ path: path, what: "access file", origin: origin }, this.files, this.report);
    if (text === null) return;
    this.filesRead++;
    const file = absolutePath(path, this.files.startDirectory);
    const { entries, problems } = parseConfText(text, file, { known: ACCESS_WORDS, mayHoldHash, colonAfterName: true });
    badLines(problems, this.report, { words: "Invalid access file entry" });
    // Lines after an %include still belong to the stanza before it.
    let stanza: OpenStanza | null = null;
    eachEntry(entries, this.report, (entry) => stanza = this.#entry(entry, stanza, depth));
  }

  folder(path: string, depth: number, origin: Origin): void {
    const folder = path.replace(/(.)\/$/, "$1");
    const absolute = absolutePath(folder, this.files.startDirectory);
    if (this.#folders.has(absolute)) {
      const message = `%include_folder: '${path}' is being read already, and would include itself`;
      return void this.report.problems.push({ origin, message, hint: "remove the line" });
    }
    const names = this.files.list(absolute);
    if (!names.ok) {
      const why = path.length > MAX_PATH || names.fault.message.includes("too long")
        ? " (Provided path is too long)"
        : "";
      const message = `Invalid access folder directory '${path}': it could not be opened: ${names.fault.message}${why}`;
      const hint = /denied/.test(names.fault.message) ? AS_OWNER : "name an existing directory";
      this.report.problems.push({ origin, message, hint });
      return;
    }
    this.#folders.add(absolute);
    this.#members(folder, names.value, { depth, origin });
    this.#folders.delete(absolute);
  }

  #members(
    folder: string,
    names: readonly string[],
    { depth, origin }: { readonly depth: number; readonly origin: Origin },
  ): void {
    for (const name of names) {
      const file = `${folder}/${name}`;
      if (name.includes("\uFFFD")) {
        const message = `Invalid access folder: '${folder}' holds a name that is no UTF-8 text, which cannot be read`;
        this.report.problems.push({ origin, message, hint: "rename the file" });
        continue;
      }
      if (name.endsWith(".conf")) this.file({ path: file, depth, origin });
      else if (/\.conf[^.]*$/.test(name)) {
        this.report.warnings.push(`${file} is not read: only names that end in .conf are`);
      }
    }
  }

  /** As in C only %include counts levels; what a folder holds is one below the file that names it. */
  #include(path: string, depth: number, origin: Origin): void {
    if (depth < MAX_DEPTH) return this.file({ path, depth: depth + 1, origin });
    const message = `%include: Refusing to go deeper than ${MAX_DEPTH} levels`;
    this.report.problems.push({ origin, message, hint: "include the file from one that is nearer to the first" });
  }

  #entry(entry: ConfEntry, stanza: OpenStanza | null, depth: number): OpenStanza | null {
    const { name, value, file, line } = entry;
    const origin = { file, line };
    checkWhole(entry, accessRow(name), this.report);
    if (name === "%include") this.#include(value, depth, origin);
    else if (name === "%include_folder") this.folder(value, depth + 1, origin);
    else if (name === "%include_keys") this.#keys(value, origin, stanza);
    else {
      const key = DIRECTIVES.access.get(name);
      if (key === undefined) {
        unknownLine(entry, "access.conf", this.report);
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
      if (stanza === null) this.#outside(name, origin, depth);
      else stanza.given.push({ key, text: value, name, origin });
    }
    return stanza;
  }

  #outside(name: string, origin: Origin, depth = 1): void {
    const message = `${name}: stands before the first SOURCE of the file and belongs to no stanza`;
    const keys = depth > 1 && KEY_FILE_DIRECTIVES.has(name);
    const hint = `begin the stanza with a SOURCE line${keys ? ", or name the file in it with %include_keys" : ""}`;
    this.report.problems.push({ origin, message, hint, lenient: "the line does not count" });
  }

  #keys(path: string, origin: Origin, stanza: OpenStanza | null): void {
    if (stanza === null) return this.#outside("%include_keys", origin);
    const text = readConfigFile({ path: path, what: "access file", origin: origin }, this.files, this.report);
    if (text === null) return;
    const file = absolutePath(path, this.files.startDirectory);
    this.report.notes.push(`Including key file: '${path}'`);
    stanza.keyFiles.push(file);
    const read = parseConfText(text, file, {
      known: KEY_FILE_DIRECTIVES,
      mayHoldHash,
      colonAfterName: true,
      keepTrailingBlanks: true,
    });
    badLines(read.problems, this.report, { words: "Invalid access file entry" });
    eachEntry(read.entries, this.report, (entry) => {
      const { name, value, line } = entry;
      const key = DIRECTIVES.access.get(name);
      if (key === undefined || !KEY_FILE_DIRECTIVES.has(name)) return this.#strangeEntry(name, { file, line });
      checkWhole(entry, accessRow(name), this.report);
      // A text key keeps its trailing blanks, as in the C daemon; in all other values they mean nothing.
      const given = /^(?:(?:HMAC_)?KEY|GPG_DECRYPT_PW)$/.test(name) ? value : value.trimEnd();
      stanza.given.push({ key, text: given, name, origin: { file, line } });
    });
  }

  /**
   * What may not be in a file of keys is passed over with a warning, as in C. A misspelt key is not: the stanza would do
   * without it, and a missing HMAC key is a loss.
   */
  #strangeEntry(name: string, origin: { readonly file: string; readonly line: number }): void {
    const shown = unknownName(name, "access.conf").shown;
    const entry = `Ignoring invalid entry: ${shown === null ? "its name is not shown" : `'${shown}'`}`;
    const meant = DIRECTIVES.access.has(name) ? undefined : didYouMean(name, KEY_FILE_DIRECTIVES);
    if (meant === undefined) {
      const advice = "a file of %include_keys holds keys only, the rest belongs in the stanza itself";
      this.report.warnings.push(`${origin.file}:${origin.line}: ${entry} (${advice})`);
      return;
    }
    const message = `${shown ?? "this line"}: is not allowed in a file of %include_keys`;
    this.report.problems.push({ origin, message, hint: meant, lenient: entry });
  }
}

function mayHoldHash(name: string): boolean {
  return name.startsWith("%") || accessRow(name)?.kind.mayHoldHash === true;
}
