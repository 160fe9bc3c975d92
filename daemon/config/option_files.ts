/**
 * Files that the command line names and that reading the configuration opens none of: looked at as in the C daemon, when the
 * options are read. A variable of fwknopd.conf that names them is looked at where something uses it. Pure.
 */
import type { Given, Problem } from "../../lib/settings/setting.ts";
import type { ConfigFiles, FileKind } from "./files.ts";
import { absolutePath } from "./read.ts";

interface Row {
  readonly takes: readonly FileKind[];
  readonly message: (path: string, why: string) => string;
  readonly hint: string;
}

/** By the key of the setting; the words are those of the C daemon. */
const ROWS: Readonly<Record<string, Row>> = {
  captureFile: {
    takes: ["file", "program"],
    message: (path, why) => `Invalid pcap file path '${path}': ${why}`,
    hint: "name a capture file",
  },
  gpgHome: {
    takes: ["folder"],
    message: (path, why) => `gpg home directory '${path}' ${why} (could not lstat(), does not exist, or too large?)`,
    hint: "name an existing directory",
  },
  gpgExe: {
    takes: ["program"],
    message: (path, why) => `gpg path '${path}' ${why} (could not lstat()/not executable?)`,
    hint: "name a program, such as /usr/bin/gpg",
  },
  sudoExe: {
    takes: ["program"],
    message: (path, why) => `sudo path '${path}' ${why} (could not stat()/not executable?)`,
    hint: "name a program, such as /usr/bin/sudo",
  },
};

const IS: Readonly<Record<FileKind, string>> = {
  file: "cannot be executed",
  program: "is no directory",
  folder: "is a directory",
  other: "is no regular file",
};

/** A problem for each option that names nothing of its kind. */
export function optionFileProblems(
  given: readonly Given[],
  { kindOf, startDirectory }: Pick<ConfigFiles, "kindOf" | "startDirectory">,
): readonly Problem[] {
  if (kindOf === undefined) return [];
  return given.flatMap(({ key, text, origin }) => {
    const row = ROWS[key];
    // What is empty is refused already.
    if (row === undefined || text === null || text === "") return [];
    const kind = kindOf(absolutePath(text, startDirectory));
    if (kind !== null && row.takes.includes(kind)) return [];
    const why = kind === null ? "is not there" : row.takes.includes("folder") ? IS.program : IS[kind];
    return [{ origin, message: row.message(text, why), hint: row.hint }];
  });
}
