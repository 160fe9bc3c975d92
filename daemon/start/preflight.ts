/**
 * What a start would need of this host, looked at without starting and without changing anything: interface and filter, the
 * packet filter, the places of its files. Who may not look at a part is told so; that part is no error.
 */
import { FfiError } from "../../ffi/errors.ts";
import { closeFd } from "../../ffi/libc/fd.ts";
import { openTrusted } from "../../ffi/libc/trusted_file.ts";
import {
  CAP_NET_ADMIN,
  CAP_NET_RAW,
  hasCapability,
  isInterface,
  mayMakeFilesIn,
  mayReadAndWrite,
} from "../../ffi/libc/rights.ts";
import { checkFilter } from "../../ffi/pcap/capture.ts";
import { noSuchInterface } from "../../ffi/pcap/failures.ts";
import type { Log } from "../../lib/log.ts";
import type { LoadedConfig, ServerConfig } from "../config/mod.ts";
import { wantedSources } from "../config/sources.ts";
import { openFirewall } from "../firewall/backends.ts";
import { isNoInterface, openSource } from "../packet/open.ts";
import type { SourceSpec } from "../packet/spec.ts";
import { whyNoFirewall } from "./compose.ts";
import { mailDoubts } from "./mail_outlook.ts";
import { explain } from "./start_error.ts";
import { startWarnings } from "./start_warnings.ts";

/** What would keep the daemon from starting. */
export interface Obstacle {
  readonly message: string;
  readonly hint: string | null;
}

/** The outlook of a start. */
export interface Outlook {
  readonly obstacles: readonly Obstacle[];
  /** What is worth a line and stops nothing, and what could not be looked at. */
  readonly warnings: readonly string[];
  /** Which packet filter it would be, and why; null where that was not looked at. */
  readonly firewall: string | null;
}

/** What the process running the check may do. */
export interface Rights {
  /** CAP_NET_ADMIN: for the packet filter. */
  readonly admin: boolean;
  /** CAP_NET_RAW: for capturing. */
  readonly raw: boolean;
}

/** Those of this process. */
export function ownRights(): Rights {
  return { admin: hasCapability(CAP_NET_ADMIN), raw: hasCapability(CAP_NET_RAW) };
}

/** Looks ahead. `test`: as with --test, which needs no packet filter. */
export async function lookAhead(loaded: LoadedConfig, test: boolean, rights: Rights = ownRights()): Promise<Outlook> {
  const none = whyNoFirewall(loaded.stanzas, test);
  const { config } = loaded;
  const capture = await lookAtCapture(config, rights);
  const outlook = {
    obstacles: [...capture.obstacles],
    warnings: [...capture.warnings, ...mailDoubts(config.mail)],
    firewall: null as string | null,
  };
  const log: Log = (level, text) => void (/^(?:warning|error)$/.test(level) && outlook.warnings.push(text));
  const lacking = lackingRights(config, none !== null, rights);
  if (lacking !== null) {
    outlook.warnings.push(
      `Not looked at, because this user has no ${lacking}, as root has: the packet filter, and whether the daemon may ` +
        `write in ${config.paths.runDirectory}`,
    );
    return outlook;
  }
  outlook.obstacles.push(...fileObstacles(config));
  if (none === null) {
    await attempt(outlook, async () => {
      const opened = await openFirewall(config.firewall, log);
      outlook.firewall = opened.reason;
      outlook.warnings.push(...await startWarnings(loaded, opened));
    });
  }
  return outlook;
}

/** What would keep a running daemon from taking this configuration: its files are open, and its packet filter stays. */
export async function reloadObstacles(config: ServerConfig): Promise<readonly Obstacle[]> {
  return (await lookAtCapture(config)).obstacles;
}

/** Interface and filter, looked at without the packet filter. */
export async function lookAtCapture(
  config: ServerConfig,
  rights: Rights = ownRights(),
): Promise<Pick<Outlook, "obstacles" | "warnings">> {
  const outlook = { obstacles: [] as Obstacle[], warnings: [] as string[] };
  const { warnings } = outlook;
  for (const spec of wantedSources(config)) {
    await attempt(outlook, () => examineCapture(spec, config, { rights, warnings }));
  }
  return outlook;
}

/** The rights that this user lacks, in words; null for one who may do what the daemon does, so may be the user it runs as. */
export function lackingRights(config: ServerConfig, test: boolean, rights: Rights): string | null {
  const capturing = wantedSources(config).some(({ kind }) => kind === "interface" || kind === "syn");
  if ((test || rights.admin) && (!capturing || rights.raw)) return null;
  return [...rights.admin ? [] : ["CAP_NET_ADMIN"], ...rights.raw ? [] : ["CAP_NET_RAW"]].join(" and ");
}

/** Runs a look; a failure that a start would end with is an obstacle. */
async function attempt(outlook: { readonly obstacles: Obstacle[] }, look: () => Promise<void> | void): Promise<void> {
  try {
    await look();
  } catch (error) {
    const known = explain(error);
    if (known === null) throw error;
    outlook.obstacles.push({ message: known.message, hint: known.hint });
  }
}

/** The interface is opened as at a start, but never made promiscuous; without the right to, it is only looked for. */
function examineCapture(
  spec: SourceSpec,
  config: ServerConfig,
  { rights, warnings }: { readonly rights: Rights; readonly warnings: string[] },
): void {
  try {
    examineSource(spec, rights);
  } catch (error) {
    if (config.capture.exitAtInterfaceDown || !(error instanceof FfiError) || !isNoInterface(error)) throw error;
    warnings.push(`${error.message}: a start will wait for it`);
  }
}

/** Ports are the business of a start: the running daemon may hold them. */
function examineSource(spec: SourceSpec, rights: Rights): void {
  if (spec.kind === "file") return openSource(spec)[Symbol.dispose]();
  if (spec.kind !== "interface" && spec.kind !== "syn") return;
  if (rights.raw) return openSource({ ...spec, promiscuous: false })[Symbol.dispose]();
  if (spec.kind === "interface") checkFilter(spec);
  if (spec.device !== "any" && !isInterface(spec.device)) throw noSuchInterface(spec.device);
}

/** Run directory, PID file and replay file: there and writable, or in a folder where they can be made. */
export function fileObstacles({ paths, replay }: ServerConfig): readonly Obstacle[] {
  const { pidFile, runDirectory } = paths;
  const folder = runDirectoryObstacle(runDirectory);
  if (folder !== null) return [folder];
  const files = [["PID file", pidFile, "FWKNOP_PID_FILE (option -p)"]];
  if (replay.persist) files.push(["replay file", replay.file, "DIGEST_FILE (option -d)"]);
  return files.flatMap(([what, path = "", setting]) => {
    const why = whyNotWritable(path, runDirectory);
    const hint = `name another with ${setting}, or give it to the user that runs fwknopd`;
    return why === null ? distrust(path) : [{ message: `Cannot use the ${what} ${path}: ${why}`, hint }];
  });
}

/** Whether somebody else could put another file there. */
function distrust(path: string): readonly Obstacle[] {
  try {
    const fd = openTrusted(path, { create: "never" });
    if (fd !== null) closeFd(fd);
    return [];
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return [{ message: error.message, hint: error.details.hint ?? null }];
  }
}

function runDirectoryObstacle(path: string): Obstacle | null {
  const hint = "name another with FWKNOP_RUN_DIR (option -r), or give it to the user that runs fwknopd";
  const info = statOrNull(path);
  const say = (why: string) => ({ message: `Cannot use the run directory ${path}: ${why}`, hint });
  if (info !== null) return info.isDirectory ? null : say("it is NOT a directory");
  const above = nearestFolder(path);
  return mayMakeFilesIn(above) ? null : say(`it is not there and cannot be made in ${above}`);
}

/** A file in a run directory that is still to be made is no matter. */
function whyNotWritable(path: string, runDirectory: string): string | null {
  const info = statOrNull(path);
  if (info !== null) {
    if (!info.isFile) return "it is not a regular file";
    return mayReadAndWrite(path) ? null : "it may not be written";
  }
  const folder = folderOf(path);
  if (statOrNull(folder) === null) {
    return folder === runDirectory.replace(/(.)\/+$/, "$1") ? null : `there is no folder ${folder}`;
  }
  return mayMakeFilesIn(folder) ? null : `it is not there, and no file may be made in ${folder}`;
}

function nearestFolder(path: string): string {
  const folder = folderOf(path);
  return folder === "/" || statOrNull(folder) !== null ? folder : nearestFolder(folder);
}

function folderOf(path: string): string {
  return path.replace(/\/+$/, "").replace(/\/[^/]*$/, "") || "/";
}

/** Null when it is not there, or cannot be seen. */
function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}
