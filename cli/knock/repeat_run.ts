/** `--show-last` and `-l`: the arguments of the last run, shown or run again. Files of the C client are read too. */
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { type Arguments, parseArguments } from "../../lib/settings/argv.ts";
import { CLIENT_SETTINGS, type ClientKey, settingOf } from "../options/table.ts";
import { earlySettings, ProblemsError } from "../settings/load.ts";
import { splitPlain, splitWords } from "../ui/shell_words.ts";
import { ClientError, tellWarning, type Terminal } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { formatLastRun, lastRunPath, MASK } from "./last_run.ts";

/** `--show-last`. The result is the exit code. Throws {@link ClientError}. */
export function showLastRun(args: Arguments, world: World): number {
  const line = lastLine(args, world);
  if (args.given.some(({ key }) => key === "json")) world.json({ arguments: maskedArguments(line) });
  else world.out(`Last fwknop client command line: ${maskedLine(line)}\n`);
  return 0;
}

/** `-l`: what to run again. Throws {@link ClientError}, and {@link ProblemsError} for mistakes in the file. */
export function lastArguments(args: Arguments, world: World): Arguments {
  const line = lastLine(args, world);
  if (earlySettings(args).verbose) world.out(`Executing: ${maskedLine(line)}`);
  const repeated = withoutCommand(parseArguments(CLIENT_SETTINGS, argumentsOf(line), { ignoreCase: true }));
  if (repeated.problems.length > 0) throw new ProblemsError(repeated.problems);
  return repeated;
}

function lastLine(args: Arguments, world: World): string {
  return readLastRun(lastRunPath({ ...earlySettings(args), home: world.env("HOME") }), world);
}

/** The line of the last run, without its line end. Throws {@link ClientError}. */
function readLastRun(path: string, terminal: Terminal): string {
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
function withoutCommand(args: Arguments): Arguments {
  const given = args.given.filter(({ key }) => settingOf(key as ClientKey).option?.argument !== "rest");
  return { ...args, given, rest: null };
}

/** The arguments for showing, without the program's name. */
function maskedArguments(line: string): readonly string[] {
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
