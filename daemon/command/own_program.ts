/** How this very program is started once more, for a command. */
import { ownCommandLine, ownEnvironment } from "../../ffi/libc/proc_self.ts";

/** The program and what stands before its own arguments. */
export interface OwnProgram {
  /** Of the compiled program, or of `deno`. */
  readonly path: string;
  /** For a script: the words of its interpreter. */
  readonly before: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The folder in which relative paths among the words mean what they meant at the start. */
  readonly folder: string;
}

/** What a service manager says to the daemon, and to nobody whom it starts. */
const FOR_THE_DAEMON = /^(?:NOTIFY_SOCKET|WATCHDOG_.*|LISTEN_.*|FWKNOPD_.*)$/;

/** Asked at the start: later there is no right to. */
export function ownProgram(startDirectory: string): OwnProgram {
  const [, ...line] = ownCommandLine();
  const before = line.slice(0, line.length - Deno.args.length);
  const env = Object.entries(ownEnvironment()).filter(([name]) => !FOR_THE_DAEMON.test(name));
  return {
    path: Deno.execPath(),
    before,
    env: Object.fromEntries(env),
    // The compiled program has no such words, and nothing hangs on a folder that may go.
    folder: before.length === 0 ? "/" : startDirectory,
  };
}
