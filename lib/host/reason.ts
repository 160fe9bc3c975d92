/** What an error of the runtime says, in the words of the system: without the runtime's numbers, calls and options. */

/** The reason alone, as the end of a sentence: `Permission denied`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Deno.errors.NotCapable) return refusedRight(error.message);
  // A path or a variable of the environment in another encoding: the runtime would quote it.
  if (error instanceof Deno.errors.InvalidData && /UTF-8|unicode/i.test(error.message)) return NO_TEXT;
  const [, reason] = /^(?:Failed to spawn '.*': )?(.*?)(?: \(os error [0-9]+\).*)?$/s.exec(error.message) ?? [];
  return reason === "entity not found" ? "No such file or directory" : reason ?? error.message;
}

const NO_TEXT = "its name or value holds bytes that are no UTF-8 text";

/** A right that the program was started without, or that the runtime keeps for programs that may do everything. */
function refusedRight(message: string): string {
  const [, kind = ""] = /\b(all|read|write|run|net|env|ffi|sys) access /.exec(message) ?? [];
  return kind === "all"
    ? "this program does not use files of the system such as those in /dev, /proc and /sys"
    : `this program was started without the right to ${RIGHTS[kind] ?? "do that"}`;
}

const RIGHTS: Readonly<Record<string, string>> = {
  read: "read it",
  write: "write it",
  run: "run it",
  net: "reach it over the network",
  env: "look at the environment",
  ffi: "load libraries of the system",
  sys: "ask the system",
};
