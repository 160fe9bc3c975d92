/** Reading one file of the configuration, and what to do when it cannot be read. */
import { NUL } from "../../lib/settings/conf_file.ts";
import type { Origin } from "../../lib/settings/setting.ts";
import type { ConfigFiles, Report } from "./files.ts";

/** The path against the start directory. */
export function absolutePath(path: string, startDirectory: string): string {
  return path.startsWith("/") ? path : `${startDirectory.replace(/\/$/, "")}/${path.replace(/^(?:\.\/)+/, "")}`;
}

/** A file and where it was named. */
export interface NamedFile {
  readonly path: string;
  readonly what: "config file" | "access file" | "fingerprint file";
  readonly origin: Origin;
}

/** Reads a file that somebody named at `origin`; null after a problem, which is reported. `what` is what C calls it. */
export function readConfigFile({ path, what, origin }: NamedFile, files: ConfigFiles, report: Report): string | null {
  const read = files.read(absolutePath(path, files.startDirectory));
  if (read.ok) {
    report.warnings.push(...read.value.warnings.filter((line) => !report.warnings.includes(line)));
    const { text } = read.value;
    const nul = text.indexOf("\0");
    if (nul < 0) return text;
    // Every line of a file in UTF-16 has one, and of one that is no text nothing can be said but this.
    const line = text.slice(0, nul).split("\n").length;
    const hint = `name a text file; if it is one, ${NUL.hint}`;
    report.problems.push({ origin: { file: absolutePath(path, files.startDirectory), line }, ...NUL, hint });
    return null;
  }
  const words = [
    ...read.fault.code === "missing" ? ["it was not found"] : [],
    // The C daemon looks at -a, and at nothing else, before it opens it.
    ...what === "access file" && origin.option !== undefined ? ["Invalid access.conf file path"] : [],
  ];
  const message =
    (read.fault.code === "not-regular"
      ? `${what} ${path} ${read.fault.message}`
      : `Could not open ${what}: ${path}: ${read.fault.message}`) +
    (words.length === 0 ? "" : ` (${words.join("; ")})`);
  const denied = /denied/.test(read.fault.message) ? AS_OWNER : undefined;
  const isFolder = read.fault.code === "not-regular" && files.list(absolutePath(path, files.startDirectory)).ok;
  const hint = read.fault.code === "missing"
    ? hintForMissing(path, what, origin)
    : isFolder
    ? hintForFolder(what, origin)
    : denied;
  report.problems.push({ origin, message, ...(hint === undefined ? {} : { hint }) });
  return null;
}

/** The remedy for what the system does not let this user read. */
export const AS_OWNER = "run fwknopd as root, or as the user who owns it";

/** What reads a folder. */
function hintForFolder(what: string, origin: Origin): string {
  if (what === "config file") return "name a file in it";
  const all = origin.file === undefined ? "--access-folder" : "%include_folder or ACCESS_FOLDER";
  return `name a file in it, or read all of the folder with ${all}`;
}

/** A path as people may have written it. An option is its own place; what a file names is changed in that file. */
function hintForMissing(path: string, what: string, origin: Origin): string {
  if (/^["'`=]/.test(path)) return 'write the path without quotes and without "="';
  if (what === "fingerprint file") return "make install puts one there; FINGERPRINT_FILE of fwknopd.conf names another";
  if (/[ \t]#/.test(path)) return "a path may hold #: put the comment on a line of its own";
  if (origin.file !== undefined) return "make it, or name another in that line";
  return `make it, or name another with ${what === "config file" ? "-c" : "-a"}`;
}
