/**
 * `.fwknoprc`: found, created when absent, read into layers. Its grammar is `lib/settings/rc_file.ts`, its directives are
 * those of the table. Saving is `rc_save.ts`.
 */
import { wipe } from "../../lib/bytes.ts";
import { writeNew } from "../../lib/host/atomic_file.ts";
import { type FileFault, readSecureFile } from "../../lib/host/secure_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import {
  DEFAULT_STANZA,
  type FileStanza,
  parseStanzaFile,
  type StanzaEntry,
  type StanzaFile,
} from "../../lib/settings/rc_file.ts";
import type { Given, Problem, Setting } from "../../lib/settings/setting.ts";
import { KEY_OF_DIRECTIVE, settingOf } from "../options/table.ts";
import type { Layer } from "../settings/precedence.ts";
import { ClientError, forgiving, tellWarning, type Terminal } from "../ui/tui.ts";

/** What is told of a name that no row has, where the name may be a key. */
const UNKNOWN_DIRECTIVE = "the line begins with an unknown directive";

/** Directives whose value is the rest of the line: they hold a command. */
const WHOLE_LINE: ReadonlySet<string> = new Set(["KEY_CMD", "HMAC_KEY_CMD"]);

/**
 * What stands in a file that this program creates. Its comments name no directive: scripts look for keys and addresses
 * with `grep NAME`, and must find only lines that mean them.
 */
const INITIAL_TEXT = `# Settings of the fwknop client, see fwknoprc(5).
#
# A stanza begins with its name in brackets. "fwknop -n NAME" uses the stanza NAME; what [default] says
# holds for every run. A stanza overrides [default], options override both.
#
# A stanza with new keys, here for the server gateway.example.org, is written by
#   fwknop --key-gen --save-rc-stanza -n gateway -D gateway.example.org -A tcp/22 -R

[${DEFAULT_STANZA}]
`;

/** An rc file as read. */
export interface RcFile {
  readonly path: string;
  readonly file: StanzaFile;
}

/**
 * Reads the file, with `create` after creating it when it is absent. Loose modes, foreign owners and pipes are warnings,
 * as is a file that cannot be created. Null: there is none to read.
 */
export function openRcFile(
  path: string,
  terminal: Terminal,
  options: { readonly create: boolean },
): RcFile | null {
  let read = readSecureFile(path, { streams: true });
  const absent = !read.ok && read.fault.code === "missing";
  const created = absent && options.create && createRcFile(path, terminal);
  if (created) read = readSecureFile(path, { streams: true });
  if (!read.ok) {
    if (read.fault.code !== "missing") tellWarning(terminal, `Unable to open rc file: ${path}: ${whyNot(read.fault)}`);
    return null;
  }
  wipe(read.value.bytes);
  for (const warning of read.value.warnings) tellWarning(terminal, warning);
  return { path, file: parseStanzaFile(read.value.text, path, KEY_OF_DIRECTIVE) };
}

function whyNot({ code, message }: FileFault): string {
  if (code === "dangling") return `${message}: mend the link, or remove it`;
  return code === "not-regular" ? "it is a directory or a socket, not a file" : message;
}

/** What the stanzas of that name say, in file order (sections of one name add up); null when there is none. */
export function readStanza(
  rc: RcFile,
  name: string,
  terminal: Terminal,
): { readonly layer: Layer; readonly problems: readonly Problem[] } | null {
  const wanted = name.toLowerCase();
  const stanzas = rc.file.stanzas.filter((stanza) => stanza.name.toLowerCase() === wanted);
  if (stanzas.length === 0) return null;
  const problems: Problem[] = [];
  const given: Given[] = [];
  for (const stanza of stanzas) {
    problems.push(...stanza.problems);
    for (const entry of stanza.entries) readEntry(rc, entry, { given, problems, terminal });
  }
  return { layer: { name: stanzaLabel(stanzas[0], name), given }, problems };
}

/** Where the rc file is. Throws when there is no way to know; null when the home directory is unknown. */
export function rcPath(
  options: { readonly rcFile: string | undefined; readonly noHomeDir: boolean; readonly home: string | undefined },
): string | null {
  if (options.rcFile !== undefined) return options.rcFile;
  if (options.noHomeDir) {
    throw new ClientError("in --no-home-dir mode, must set --rc-file path", "add --rc-file FILE or --no-rc-file");
  }
  return options.home === undefined || options.home === "" ? null : `${options.home.replace(/\/$/, "")}/.fwknoprc`;
}

function readEntry(
  rc: RcFile,
  entry: StanzaEntry,
  sink: { readonly given: Given[]; readonly problems: Problem[]; readonly terminal: Terminal },
): void {
  const origin = { file: rc.path, line: entry.line };
  const key = KEY_OF_DIRECTIVE.get(entry.name);
  if (key === undefined) {
    // remedies/directives.ts decides whether the name may be shown, and guesses what was meant.
    sink.problems.push({ origin, message: UNKNOWN_DIRECTIVE, about: { name: entry.name } });
    return;
  }
  const whole = WHOLE_LINE.has(entry.name);
  if (!whole) warnOfLoss(entry, settingOf(key), { line: `${rc.path}:${entry.line}`, terminal: sink.terminal });
  const text = whole ? restOfLine(rc.file.lines[entry.line - 1] ?? "") : entry.value;
  sink.given.push({ key, text, name: entry.name, origin });
}

/** Warns of what was cut off a value, and shows it unless it may be the rest of a key. */
function warnOfLoss(
  { name, lost, followed }: StanzaEntry,
  { secret, kind }: Setting,
  { line, terminal }: { readonly line: string; readonly terminal: Terminal },
): void {
  if (lost === null && !(followed && kind.takesBytes === true)) return;
  const cut = secret === true ? "" : `: ${JSON.stringify(lost)} is not read`;
  tellWarning(terminal, `${line}: ${name}: the value ends at the first blank, ; or #${cut}`);
}

/** What follows the first word, as written. */
function restOfLine(line: string): string {
  return line.trim().replace(/^[^ \t]+[ \t]+/, "");
}

function stanzaLabel(stanza: FileStanza | undefined, name: string): string {
  return `[${stanza?.name ?? name}]`;
}

function createRcFile(path: string, terminal: Terminal): boolean {
  try {
    writeNew(path, INITIAL_TEXT);
  } catch (error) {
    // Another run created it meanwhile.
    if (error instanceof Deno.errors.AlreadyExists) return true;
    tellWarning(terminal, `Unable to create initial rc file: ${path}: ${reasonOf(error)}`);
    return false;
  }
  forgiving(terminal).out(`[*] Creating initial rc file: ${path}.`);
  return true;
}
