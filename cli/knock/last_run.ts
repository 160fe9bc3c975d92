/**
 * The arguments of the last run: `~/.fwknop.run`, `--show-last`, `-l` (facts/client 11). Keys are not written
 * (mended, COMPATIBILITY F17): a run from the file asks for them. Files of the C client are read too.
 */
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { type Arguments, parseArguments } from "../../lib/settings/argv.ts";
import type { Given } from "../../lib/settings/setting.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../options/table.ts";
import { ClientError, tellWarning, type Terminal } from "../ui/tui.ts";
import { joinWords, splitPlain, splitWords } from "../ui/shell_words.ts";

/** Stands in the file where a key stood on the command line. */
const MASK = "********";

/** Without `HOME` and -E. */
export const NO_PLACE = "Unable to determine args save file: HOME is not set";

/** Where the file is. Throws when there is no way to know. */
export function lastRunPath(
  options: {
    readonly saveArgsFile: string | undefined;
    readonly noHomeDir: boolean;
    readonly home: string | undefined;
  },
): string {
  if (options.saveArgsFile !== undefined) return options.saveArgsFile;
  if (options.noHomeDir) {
    throw new ClientError(
      "in --no-home-dir mode must set the args save file path with -E",
      "add -E FILE or --no-save-args",
    );
  }
  if (options.home === undefined || options.home === "") {
    throw new ClientError(NO_PLACE, "add -E FILE");
  }
  return `${options.home.replace(/\/$/, "")}/.fwknop.run`;
}

/** The line for the file: every option as it was given, keys masked, words quoted where they need it; never a command. */
export function formatLastRun(given: readonly Given[], words: readonly string[]): string {
  const parts = given.flatMap((said) => {
    const { secret, option } = settingOf(said.key as ClientKey);
    if (option?.argument === "rest") return [];
    if (said.text === null) return [said.name];
    const text = secret === true ? MASK : said.text;
    return option?.argument === "optional" ? [`${said.name}=${text}`] : [said.name, text];
  });
  return joinWords(["fwknop", ...parts, ...words]);
}

/** Writes the file, mode 0600. A failure is a warning: the packet matters more. */
export function saveLastRun(path: string, line: string, terminal: Terminal): void {
  try {
    // Opening a pipe would wait for a reader.
    if (isPipe(path)) throw new Error("it is a pipe");
    // Written in place and not forced to disk: losing it costs nobody anything, and every knock would wait for it.
    using file = Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o600 });
    // The blank before the line end is how the C client writes it.
    const bytes = new TextEncoder().encode(`${line} \n`);
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
  } catch (error) {
    tellWarning(terminal, `Unable to write the arguments of this run to ${path}: ${reasonOf(error)}`);
  }
}

function isPipe(path: string): boolean {
  try {
    return Deno.statSync(path).isFifo === true;
  } catch {
    // What is wrong with it, if anything, is told when it is opened.
    return false;
  }
}

/** The line of the last run, without its line end. Throws {@link ClientError}. */
export function readLastRun(path: string, terminal: Terminal): string {
  const read = readSecureFile(path, { streams: true });
  if (!read.ok) {
    throw new ClientError(`Could not open args file: ${path}: ${read.fault.message}`, "run fwknop once without -l");
  }
  for (const warning of read.value.warnings) tellWarning(terminal, warning);
  const [line = ""] = read.value.text.split("\n");
  if (line.trim() === "") throw new ClientError(`Could not read line from file: ${path}`, "run fwknop once without -l");
  return line;
}

/** The arguments of that line, without the program's name. Keys that were masked are asked for. */
export function argumentsOf(line: string): readonly string[] {
  const words = (splitWords(line) ?? splitPlain(line)).slice(1);
  if (!words.includes(MASK)) return words;
  const parsed = parseArguments(CLIENT_SETTINGS, words, { ignoreCase: true });
  const kept = parsed.given.flatMap((said) => {
    if (said.text === MASK) return said.key.startsWith("hmac") ? ["--use-hmac"] : [];
    if (said.text === null) return [said.name];
    const optional = settingOf(said.key as ClientKey).option?.argument === "optional";
    return optional ? [`${said.name}=${said.text}`] : [said.name, said.text];
  });
  return [...kept, ...parsed.words];
}

/** The arguments without a command or a connection for ssh, in case somebody wrote one into the file: neither is repeated. */
export function withoutCommand(args: Arguments): Arguments {
  const given = args.given.filter(({ key }) => settingOf(key as ClientKey).option?.argument !== "rest");
  return { ...args, given, rest: null };
}

/** The arguments for showing, without the program's name. */
export function maskedArguments(line: string): readonly string[] {
  const masked = maskedLine(line);
  return (splitWords(masked) ?? splitPlain(masked)).slice(1);
}

/**
 * The line for showing: keys that an older file holds in clear are masked, and words that belong to no option too, which may
 * be the rest of a key with blanks.
 */
export function maskedLine(line: string): string {
  const [program = "fwknop", ...words] = splitWords(line) ?? splitPlain(line);
  const parsed = parseArguments(CLIENT_SETTINGS, words, { ignoreCase: true });
  const secret = parsed.given.some(({ key, text }) => settingOf(key as ClientKey).secret === true && text !== MASK);
  return secret ? formatLastRun(parsed.given, parsed.words.map(() => MASK)).replace(/^fwknop/, program) : line;
}
