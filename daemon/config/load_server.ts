/**
 * From files to what was given in them: fwknopd.conf with its overrides. Understands names but no values, and collects every
 * problem instead of stopping at the first. See facts/configuration 1.
 */
import { type ConfEntry, parseConfText } from "../../lib/settings/conf_file.ts";
import { OLD_NAMES } from "../../lib/settings/old_names.ts";
import type { Given, Origin } from "../../lib/settings/setting.ts";
import type { ConfigFiles, Report } from "./files.ts";
import { badLines, checkWhole, eachEntry, unknownLine } from "./lines.ts";
import { DIRECTIVES, serverRow } from "./names.ts";
import { absolutePath, readConfigFile } from "./read.ts";
import { expandVariable } from "./variables.ts";

/** Reads the main file, then what its OVERRIDE_CONFIG names, then what `-O` names; what is read later wins. */
export function loadServerFiles(
  { main, overrides }: {
    readonly main: { readonly path: string; readonly origin: Origin };
    readonly overrides: string | null;
  },
  files: ConfigFiles,
  report: Report,
): Given[] {
  const given: Given[] = [];
  const values = new Map<string, string>();
  const readOne = (path: string, origin: Origin) => {
    if (path === "") return void report.problems.push({ origin, ...NO_NAME });
    const text = readConfigFile({ path: path, what: "config file", origin: origin }, files, report);
    if (text === null) return;
    const { entries, problems } = parseConfText(text, absolutePath(path, files.startDirectory), {
      known: DIRECTIVES.server,
      mayHoldHash: (name) => serverRow(name)?.kind.mayHoldHash === true,
      colonAfterName: false,
    });
    badLines(problems, report, { words: "Invalid config file entry", lenient: "the line is skipped" });
    eachEntry(entries, report, (entry) => {
      const said = serverSaying(entry, values, report);
      checkWhole(entry, serverRow(entry.name), report);
      if (said !== null) given.push(said);
    });
  };
  readOne(main.path, main.origin);
  const inFile = given.filter((said) => said.key === "overrideConfig").at(-1);
  for (const path of splitPaths(inFile?.text ?? "")) readOne(path, inFile?.origin ?? {});
  for (const path of splitPaths(overrides ?? "")) readOne(path, { option: "-O" });
  return given;
}

/** Refused as in the C daemon. */
const NO_NAME = { message: "a name of a config file is missing between commas", hint: "take the comma out" };

function splitPaths(list: string): readonly string[] {
  return list === "" ? [] : list.split(",").map((path) => path.trim());
}

/** Understands one line of fwknopd.conf; `values` are the variables set so far, for `$NAME`. */
function serverSaying(entry: ConfEntry, values: Map<string, string>, report: Report): Given | null {
  const { name, file, line } = entry;
  const origin = { file, line };
  const key = DIRECTIVES.server.get(name);
  if (key === undefined) {
    unknownLine(entry, "fwknopd.conf", report);
    // Paths of files of 1.x begin with directories that only it has.
    if (OLD_NAMES["fwknopd.conf"].has(name)) values.set(name, entry.value);
    return null;
  }
  const value = expandVariable(entry.value, (wanted) => values.get(wanted) ?? builtIn(wanted));
  if (!value.ok) {
    const hint = value.fault.isSet ? "write it at once after the name" : `set ${value.fault.name} above this line`;
    const lenient = `Ignoring ${name}, as the C daemon does`;
    report.problems.push({ origin, message: `${name}: ${value.fault.message}`, hint, lenient });
    return null;
  }
  values.set(name, value.value);
  return { key, text: value.value, name, origin };
}

function builtIn(name: string): string | undefined {
  const row = serverRow(name);
  return row?.fallback === undefined ? undefined : row.kind.format(row.fallback);
}
