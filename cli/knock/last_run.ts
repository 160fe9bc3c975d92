/**
 * The arguments of a run, remembered in `~/.fwknop.run` (facts/client 11). Keys are not written
 * (mended, COMPATIBILITY F17): a run from the file asks for them. `repeat_run.ts` reads the file.
 */
import { reasonOf } from "../../lib/host/reason.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import type { Given } from "../../lib/settings/setting.ts";
import { type ClientKey, type ClientSettings, settingOf } from "../options/table.ts";
import { ClientError, tellWarning, type Terminal } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { joinWords } from "../ui/shell_words.ts";

/** Stands in the file where a key stood on the command line. */
export const MASK = "********";

/** Without `HOME` and -E. */
const NO_PATH = "Unable to determine args save file: HOME is not set";

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
    throw new ClientError(NO_PATH, "add -E FILE");
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

/** Remembers the arguments of this run. Warns where there is no home directory. Throws {@link ClientError}. */
export function rememberRun(settings: ClientSettings, args: Arguments, world: World): void {
  const { saveArgsFile, noHomeDir, version } = settings;
  const home = world.env("HOME");
  if (saveArgsFile === undefined && !noHomeDir && !home) {
    // Neither a knock nor --version needs the file.
    if (!version) tellWarning(world, `${NO_PATH}: the arguments of this run are not remembered`);
    return;
  }
  saveLastRun(lastRunPath({ saveArgsFile, noHomeDir, home }), formatLastRun(args.given, args.words), world);
}

/** Writes the file, mode 0600. A failure is a warning: the packet matters more. */
function saveLastRun(path: string, line: string, terminal: Terminal): void {
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
