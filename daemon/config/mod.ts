/** The configuration of the daemon: files and command line in, typed settings and stanzas out, or every problem at once. */
import { AT_FDCWD } from "../../ffi/abi.ts";
import { FfiError } from "../../ffi/errors.ts";
import { fileFacts } from "../../ffi/libc/file_facts.ts";
import { localeExists } from "../../ffi/libc/locale.ts";
import { wipe } from "../../lib/bytes.ts";
import { listFolder, readSecureFile } from "../../lib/host/secure_file.ts";
import { resolveSettings } from "../../lib/settings/resolve.ts";
import { formatOrigin, type Given, type Problem } from "../../lib/settings/setting.ts";
import { COMMAND_HOST } from "../command/host.ts";
import { findGpgKeys } from "../gpg/keys.ts";
import { gpgProgram } from "../gpg/program.ts";
import type { DaemonOptions } from "../options.ts";
import { keysWithoutEffect } from "../firewall/backends.ts";
import { loadAccess } from "./load.ts";
import { wantedSignatures } from "./fingerprints.ts";
import { loadServerFiles } from "./load_server.ts";
import { type CommandHost, type ConfigFiles, type FileKind, judge, type Report } from "./files.ts";
import { optionFileProblems } from "./option_files.ts";
import { serverObjections, serverWarnings } from "./possible.ts";
import { objectFirewall, resolveFirewall } from "./resolve_firewall.ts";
import { idleMailLines } from "./resolve_mail.ts";
import { queueCapture, type ServerConfig, toServerConfig, wantedQueue } from "./resolve_server.ts";
import { SERVER_SETTINGS } from "./settings.ts";
import type { Stanza } from "./stanza.ts";
import { natWarnings } from "./resolve_nat.ts";
import { type ResolvedStanza, resolveStanza } from "./resolve_stanza.ts";

export type { ConfigFiles } from "./files.ts";
export type { ServerConfig } from "./resolve_server.ts";
export { formatDump } from "./dump.ts";
export { policyLines } from "./policy.ts";

/** As the C daemon judges programs. */
const OWNER_MAY_EXECUTE = 0o100;

/** What was wrong; nothing of the configuration may be used. */
export interface ConfigRefused {
  readonly ok: false;
  /** In the order of files and lines. `formatProblem` of `lib/settings/setting.ts` makes a line of each. */
  readonly problems: readonly Problem[];
}

/** fwknopd.conf and command line. */
export interface LoadedServer {
  readonly ok: true;
  readonly config: ServerConfig;
  /** Lines for the log. */
  readonly warnings: readonly string[];
  /** Lines for the log that warn of nothing. */
  readonly notes: readonly string[];
}

/** Everything. */
export interface LoadedConfig extends LoadedServer {
  readonly stanzas: readonly Stanza[];
  /** The same stanzas with what was written for them, for the dump. */
  readonly access: readonly ResolvedStanza[];
}

/** The file system of the host. Relative paths mean `startDirectory`: give the one the program was started in. */
export function hostConfigFiles(startDirectory: string): ConfigFiles {
  return {
    read: readAndForget,
    readKey: readSecureFile,
    list: listFolder,
    kindOf,
    hasLocale,
    commandHost: COMMAND_HOST,
    runGpg: (place) => gpgProgram(place),
    startDirectory,
  };
}

/** A path that may not be looked at counts as nothing. */
function kindOf(path: string): FileKind | null {
  try {
    const facts = fileFacts(AT_FDCWD, path);
    if (facts === null || facts.kind === "folder") return facts && "folder";
    if (facts.kind !== "file") return "other";
    return (facts.mode & OWNER_MAY_EXECUTE) === 0 ? "file" : "program";
  } catch (error) {
    if (error instanceof FfiError) return null;
    throw error;
  }
}

/** What cannot be asked any more, because the daemon has given up the right to, counts as there. */
function hasLocale(name: string): boolean {
  try {
    return localeExists(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return true;
    throw error;
  }
}

/** Keys are in the file: nothing but its text goes on. */
function readAndForget(path: string): ReturnType<ConfigFiles["read"]> {
  const read = readSecureFile(path);
  if (read.ok) wipe(read.value.bytes);
  return read;
}

/** Reads and resolves fwknopd.conf, its overrides and the command line, but no access.conf: for `-K`, `-S`, `--fw-list` … */
export function loadServerConfig(options: DaemonOptions, files: ConfigFiles): LoadedServer | ConfigRefused {
  const found: Report = { problems: [], warnings: [], notes: [] };
  const { config } = readServer(options, files, found);
  const report = judge(found, config.settings.strict);
  if (report.problems.length > 0) return { ok: false, problems: inOrder(report.problems) };
  return { ok: true, config, warnings: report.warnings, notes: report.notes };
}

/** A configuration that was read, and is not judged yet. */
export interface ConfigDraft {
  readonly config: ServerConfig;
  readonly access: readonly ResolvedStanza[];
  readonly found: Report;
}

/** Reads and resolves all files. Opens nothing but these, and changes nothing. */
export function readConfig(options: DaemonOptions, files: ConfigFiles): ConfigDraft {
  const found: Report = { problems: [], warnings: [], notes: [] };
  found.problems.push(...optionFileProblems(options.settings, files));
  const { config, given } = readServer(options, files, found);
  const access = readAccess({ config, given }, files, found);
  const signatures = wantedSignatures(access, config, { files, report: found });
  return { config: { ...config, signatures }, access, found };
}

/** The draft with the keys of GnuPG that its stanzas name, which takes as long as gpg takes. `now`: Unix seconds. */
export async function withGpgKeys(draft: ConfigDraft, files: ConfigFiles, now: number): Promise<ConfigDraft> {
  const { access, found } = draft;
  if (files.runGpg === undefined || access.every(({ stanza }) => stanza.gpg === null)) return draft;
  const keys = await findGpgKeys(access, { runGpg: files.runGpg, now });
  return {
    ...draft,
    access: keys.access,
    found: {
      ...found,
      problems: [...found.problems, ...keys.problems],
      warnings: [...found.warnings, ...keys.warnings],
    },
  };
}

/** The configuration of a draft, or all that is wrong with it. `now`: Unix seconds, for the warning about stanzas that are over. */
export function concludeConfig({ config, access, found }: ConfigDraft, now: number): LoadedConfig | ConfigRefused {
  const report = judge(found, config.settings.strict);
  if (report.problems.length > 0) return { ok: false, problems: inOrder(report.problems) };
  const stanzas = access.map((one) => one.stanza);
  const warnings = [...report.warnings, ...natWarnings(config.firewall, stanzas)];
  for (const { expiresAt, number, origin } of stanzas) {
    if (expiresAt === null || expiresAt >= now) continue;
    warnings.push(`${formatOrigin(origin)}: stanza #${number} has expired: it refuses every packet`);
  }
  return { ok: true, config: withPublished(config, stanzas), stanzas, access, warnings, notes: report.notes };
}

/** What the stanzas want of the packet filter. */
function withPublished(config: ServerConfig, stanzas: readonly Stanza[]): ServerConfig {
  const published = stanzas.some(({ guard, cycle }) => guard !== "input" && cycle === null);
  const { firewall } = config;
  return { ...config, firewall: { ...firewall, switches: { ...firewall.switches, published } } };
}

/** Everything but the keys of GnuPG: what the files say, and whether it can be used. */
export function loadConfig(options: DaemonOptions, files: ConfigFiles, now: number): LoadedConfig | ConfigRefused {
  return concludeConfig(readConfig(options, files), now);
}

/** Everything: fit for a start, and for checking before a reload. */
export async function loadWithKeys(
  options: DaemonOptions,
  files: ConfigFiles,
  now: number,
): Promise<LoadedConfig | ConfigRefused> {
  return concludeConfig(await withGpgKeys(readConfig(options, files), files, now), now);
}

/** What is done where a netfilter queue was asked for and is not used. */
function noQueue(
  { filter, interfaces }: NonNullable<ReturnType<typeof queueCapture>>,
  wanted: ReturnType<typeof wantedQueue>,
): string {
  const where = interfaces[0] === "any" ? "all interfaces" : interfaces.join(",");
  const why = wanted === null ? "the command line asks for libpcap" : `there is no ${wanted.program}`;
  return `ENABLE_NFQ_CAPTURE: ${why}, so packets are captured on ${where}: ${filter}`;
}

function readServer(options: DaemonOptions, files: ConfigFiles, report: Report) {
  const said = (key: string) => options.settings.filter((one) => one.key === key).at(-1);
  const named = said("configFile");
  const main = { path: named?.text ?? SERVER_SETTINGS.configFile.fallback, origin: named?.origin ?? {} };
  const fromFiles = loadServerFiles({ main, overrides: said("overrideConfig")?.text ?? null }, files, report);
  // What stands in the file about the file itself is bookkeeping of the C daemon.
  const given = [...fromFiles.filter((one) => one.key !== "configFile"), ...options.settings];
  const resolved = resolveSettings(SERVER_SETTINGS, given);
  report.problems.push(...resolved.problems.map(inWordsOfC));
  const queue = queueCapture(resolved);
  // The table has the rows of all packet filters, which its type does not say.
  const { firewallExe = "" } = resolved.values as { readonly firewallExe?: string };
  const wanted = wantedQueue(resolved, firewallExe);
  const found = wanted !== null && (files.commandHost ?? NOBODY).isProgram(wanted.program) ? wanted : null;
  const idle = keysWithoutEffect(resolved.values.firewall);
  if (queue === null) warnOtherBuilds(given, idle, report);
  else {
    warnOtherBuilds(given.filter((one) => !one.key.startsWith("nfq")), idle, report);
    if (found === null) report.warnings.push(noQueue(queue, wanted));
  }
  sayLocale(resolved.values.locale, files, report);
  const config = toServerConfig(
    resolved,
    { startDirectory: files.startDirectory, firewall: resolveFirewall(resolved), queue: found },
    report.problems,
  );
  report.problems.push(...serverObjections(config, resolved.origins), ...objectFirewall(resolved));
  report.warnings.push(...serverWarnings(config), ...idleMailLines(resolved));
  return { config, given };
}

/** The C daemon makes it its own; here no message depends on it. */
function sayLocale(locale: string | undefined, { hasLocale }: ConfigFiles, { warnings, notes }: Report): void {
  if (locale === undefined || /^none/i.test(locale) || hasLocale === undefined) return;
  if (hasLocale(locale)) notes.push(`Locale set to '${locale}', which changes no message of this daemon`);
  else warnings.push(`Warning: Unable to set locale to '${locale}', which this daemon does not need`);
}

/** What scripts look for where a number is out of range. */
function inWordsOfC(problem: Problem): Problem {
  const message = problem.message.replace(/^[A-Z0-9_]+ value is (?=.*not in the range)/, "var $&")
    .replace(/^([A-Z_]+_ACCESS): Invalid ACCESS specification/, "Invalid $1 specification");
  return { ...problem, message };
}

function warnOtherBuilds(given: readonly Given[], idle: ReadonlySet<string>, report: Report): void {
  for (const said of given) {
    const row = SERVER_SETTINGS[said.key as keyof typeof SERVER_SETTINGS];
    if (said.origin.file === undefined || !(row.group === "other builds" || idle.has(said.key))) continue;
    report.warnings.push(
      `${said.origin.file}:${said.origin.line}: ${said.name} has no effect: it is for another firewall or capture`,
    );
  }
}

function readAccess(
  { config, given }: { readonly config: ServerConfig; readonly given: readonly Given[] },
  files: ConfigFiles,
  report: Report,
) {
  const { accessFile, accessFolder } = config.paths;
  const key = accessFolder === null ? "accessFile" : "accessFolder";
  const origin = given.filter((said) => said.key === key).at(-1)?.origin ?? {};
  const raw = loadAccess({ file: accessFile, folder: accessFolder, origin }, files, report);
  const context = {
    report,
    commandHost: files.commandHost ?? NOBODY,
    sudo: config.commands.sudo,
    nat: config.firewall.switches,
    files,
    gpg: config.gpg,
  };
  return raw.map((stanza) => resolveStanza(stanza, context)).filter((one) => one !== null);
}

/** Where nobody can be asked, no name is anybody's. */
const NOBODY: CommandHost = {
  user: () => null,
  group: () => null,
  groupsOf: (_user, gid) => [gid],
  own: { uid: 0, gid: 0 },
  mayBecomeOthers: false,
  noNewPrivileges: false,
  isProgram: () => true,
};

/** More lines of one file help nobody. */
const MOST_TOLD = 100;

/** By file, in the order in which files first appear, and by line; of a file that is wrong nearly everywhere the first. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const byFile = Map.groupBy(problems, (problem) => problem.origin.file);
  return [...byFile.values()].flatMap((group) => {
    const told = group.sort((a, b) => (a.origin.line ?? 0) - (b.origin.line ?? 0));
    if (told.length <= MOST_TOLD) return told;
    const { file } = told[0]!.origin;
    const message = `${told.length - MOST_TOLD} more lines are wrong`;
    const rest: Problem = {
      origin: file === undefined ? {} : { file },
      message,
      hint: "name a file that is a configuration",
    };
    return [...told.slice(0, MOST_TOLD), rest];
  });
}
