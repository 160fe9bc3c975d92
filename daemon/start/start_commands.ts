/** The commands of a daemon at its start: what it runs them with, and what an earlier run left to close. */
import type { Log } from "../../lib/log.ts";
import { closesPath, openClosesFile } from "../command/closes_file.ts";
import { type Commands, createCommands } from "../command/commands.ts";
import { ownProgram } from "../command/own_program.ts";
import type { ConfigSource } from "../loop/reload.ts";

/** Commands, and the file that is theirs. */
export interface StartedCommands extends Disposable {
  readonly commands: Commands;
}

/** Null in test mode, in which nothing is run and nothing written. Throws `ClosesFileError`. */
export function startCommands({ options, loaded, files }: ConfigSource, log: Log): StartedCommands | null {
  if (options.actions.test) return null;
  const { config, stanzas } = loaded;
  const closes = stanzas.some(({ cycle }) => cycle !== null && cycle.close !== null);
  const file = openClosesFile(closesPath(config.replay.file), closes, log);
  const program = ownProgram(files.startDirectory);
  const clocks = { clock: Date.now, steady: () => performance.now() };
  return {
    commands: createCommands({ program, file, ...clocks }, stanzas, log),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
