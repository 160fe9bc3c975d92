/** How a daemon that runs was started: what it will read again at SIGHUP. */
import { commandLineOf, environmentOf, ownCommandLine } from "../../ffi/libc/proc_self.ts";
import { type DaemonOptions, parseDaemonOptions } from "../options.ts";

/** The command line of a daemon. */
export interface Started {
  readonly options: DaemonOptions;
  /** Where relative paths began; null when that cannot be seen. */
  readonly startDirectory: string | null;
}

/** What the process table tells of it; null when that cannot be read, or is no command line of this program. */
export function howItWasStarted(pid: number): Started | null {
  const args = argumentsOf(commandLineOf(pid) ?? [], ownCommandLine(), Deno.args.length);
  if (args === null) return null;
  const parsed = parseDaemonOptions(args);
  // In the background it has gone to `/`.
  return parsed.ok ? { options: parsed.options, startDirectory: environmentOf(pid)?.["PWD"] ?? null } : null;
}

/**
 * The arguments in a command line of this program: what follows the word that names it, which is the last one before the
 * arguments in our own. Before that come, for a script, those of its interpreter.
 */
export function argumentsOf(
  line: readonly string[],
  own: readonly string[],
  ownArguments: number,
): readonly string[] | null {
  const name = (word: string | undefined) => word?.split("/").at(-1);
  const program = name(own.at(own.length - ownArguments - 1));
  const at = line.findIndex((word) => name(word) === program);
  return at < 0 ? null : line.slice(at + 1);
}
