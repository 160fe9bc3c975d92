/**
 * What labs left behind whose process is gone. Several runs may share the place of the namespaces without seeing each
 * other's processes, so a lab says that it lives by locks on its namespaces and its folder, which end with its process.
 */
import { closeSocket, lockPath } from "./sockets.ts";

/** Where `ip netns` keeps its names. */
export const NAMESPACES = "/run/netns";

/** A lab takes its locks within moments of its start. What is younger than this is left alone. */
const GRACE_MS = 60_000;

/** A name for a lab that no other run has: when it began, in milliseconds, and a random part. */
export function newPrefix(now = Date.now()): string {
  return `fwlab-${now.toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Whether a lab that began then, in milliseconds, must have its locks by now. */
type IsGrown = (began: number) => boolean;

/** Removes namespaces of labs that are gone, with the programs in them, and their folders in `parentDir`. */
export async function removeStale(
  parentDir: string,
  isGrown: IsGrown = (began) => began + GRACE_MS < Date.now(),
): Promise<void> {
  for (const name of stale(NAMESPACES, isGrown)) {
    // Programs in a lab's namespace were started by that lab, so they end with it.
    killProcessesIn([name]);
    removeNamespaces([name]);
  }
  for (const name of stale(parentDir, isGrown)) {
    // Another run may be tidying up at this moment.
    await Deno.remove(`${parentDir}/${name}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** The processes in these namespaces, each with its command line. */
export function processesIn(names: readonly string[]): readonly { readonly pid: number; readonly command: string }[] {
  return names.flatMap((name) => {
    const { stdout } = new Deno.Command("ip", { args: ["netns", "pids", name], stderr: "null" }).outputSync();
    const pids = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").map(Number);
    return pids.map((pid) => ({ pid, command: commandOf(pid) }));
  });
}

function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  } catch {
    return "gone meanwhile";
  }
}

/** Kills them. */
export function killProcessesIn(names: readonly string[]): void {
  for (const { pid } of processesIn(names)) tryKill(pid);
}

/** Removes namespaces; one that is gone already is no error. */
export function removeNamespaces(names: readonly string[]): void {
  for (const name of names) {
    new Deno.Command("ip", { args: ["netns", "del", name], stdout: "null", stderr: "null" }).outputSync();
  }
}

/** Names in a folder that belong to labs, old enough, and locked by nobody. */
function stale(folder: string, isGrown: IsGrown): string[] {
  return names(folder).filter((name) => {
    const began = /^fwlab-([0-9a-z]{8})-[0-9a-f]{8}-/.exec(name)?.[1];
    return began !== undefined && isGrown(parseInt(began, 36)) && isFree(`${folder}/${name}`);
  });
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function isFree(path: string): boolean {
  const fd = lockPath(path);
  if (fd !== null) closeSocket(fd);
  return fd !== null;
}

function tryKill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
