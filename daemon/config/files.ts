/** What reading the configuration takes from the host, and what it finds wrong on the way. */
import type { FileFault, SecureText } from "../../lib/host/secure_file.ts";
import type { Result } from "../../lib/result.ts";
import { formatProblem, type Problem } from "../../lib/settings/setting.ts";
import type { GpgRunner } from "../gpg/policy.ts";

/** What commands need of the host. */
export interface CommandHost {
  /** The numbers of a user and of their own group; null for a name that nobody has. */
  user(name: string): { readonly uid: number; readonly gid: number } | null;
  /** The number of a group; null for a name that none has. */
  group(name: string): number | null;
  /** Every group of a user, `gid` among them. */
  groupsOf(user: string, gid: number): readonly number[];
  /** Who the daemon is. */
  readonly own: { readonly uid: number; readonly gid: number };
  /** Whether it may run commands as somebody else. */
  readonly mayBecomeOthers: boolean;
  /** Whether no command can gain rights, by sudo for instance. */
  readonly noNewPrivileges: boolean;
  /** Whether a word names a program that can be run: a path, or a name that is found in PATH. */
  isProgram(word: string): boolean;
}

/** What a path leads to, links followed. */
export type FileKind = "file" | "program" | "folder" | "other";

/** The file system as the loader sees it. Paths are absolute. */
export interface ConfigFiles {
  read(path: string): Result<Pick<SecureText, "text" | "warnings">, FileFault>;
  /** The bytes of a file with a key; absent where there is none to read. */
  readonly readKey?: (path: string) => Result<Pick<SecureText, "bytes" | "warnings">, FileFault>;
  /** Names in a folder, sorted. */
  list(folder: string): Result<readonly string[], FileFault>;
  /** What a path leads to, links followed; null where there is nothing. Absent where that cannot be asked. */
  readonly kindOf?: (path: string) => FileKind | null;
  /** Whether the system knows a locale; absent where that cannot be asked. */
  readonly hasLocale?: (name: string) => boolean;
  /** Users, groups and programs; absent where they cannot be asked for. */
  readonly commandHost?: CommandHost;
  /** What runs gpg; absent where keys are not to be looked for. */
  readonly runGpg?: GpgRunner;
  /** Relative paths mean this directory, also after the daemon has gone to `/`. */
  readonly startDirectory: string;
}

/** What was found wrong on the way. */
export interface Report {
  readonly problems: Problem[];
  /** Lines for the log. */
  readonly warnings: string[];
  /** Lines for the log that warn of nothing. */
  readonly notes: string[];
}

/** What the C daemon says of a stanza whose lines do not go together, at the end of the sentence. */
export const DATA_ERROR = "(Data error in access file)";

/** How many of the problems no leniency helps against. */
export function refusals({ problems }: Report): number {
  return problems.filter(({ lenient }) => lenient === undefined).length;
}

/**
 * The report as STRICT has it: with N, what the C daemon passes over becomes a warning that says what is done instead.
 * Judged when everything is read, so it does not matter where STRICT stands.
 */
export function judge({ problems, warnings, notes }: Report, strict: boolean): Report {
  if (strict) return { problems, warnings, notes };
  const lenient = problems.filter((problem) => problem.lenient !== undefined);
  return {
    problems: problems.filter((problem) => problem.lenient === undefined),
    warnings: [...warnings, ...lenient.map(leniently)],
    notes,
  };
}

function leniently({ lenient, hint, ...problem }: Problem): string {
  return formatProblem({
    ...problem,
    message: `${problem.message}: STRICT is N: ${lenient}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
