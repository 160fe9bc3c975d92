/**
 * `-K`, `-R`, `-S`: speaking to the daemon that runs; `--fw-list`, `--fw-list-all`, `--fw-flush`: to the packet
 * filters. Words, streams and exit codes are those of fwknopd (facts/process 5).
 */
import { AT_FDCWD } from "../ffi/abi.ts";
import { fileFacts } from "../ffi/libc/file_facts.ts";
import type { SignalName } from "../ffi/libc/process.ts";
import type { Firewall } from "./firewall/firewall.ts";
import { findDaemon, runningDaemon } from "./service/pid_file.ts";

/** What these modes need of the world. */
export interface ControlWorld {
  /** Sends a signal; false when there is no such process. Throws when it may not. */
  kill(pid: number, signal: SignalName): boolean;
  /** Standard output and standard error, one line each. */
  print(line: string): void;
  complain(line: string): void;
  /** Resolves after so many milliseconds. */
  pause(ms: number): Promise<void>;
}

/** The packet filter that a daemon with this configuration works with, and how the others that hold something of ours are opened. */
export interface Filters {
  readonly firewall: Pick<Firewall, "describe" | "cleanup">;
  leftovers(): Promise<readonly (Pick<Firewall, "describe" | "cleanup"> & { readonly owner: string })[]>;
}

const NOT_RUNNING = "No running fwknopd detected.";
/**
 * How long the daemon may take to close its grants before it is killed outright. A run of iptables that waits for somebody
 * may take ten seconds, and only then come the grants: after SIGKILL nobody would close them.
 */
const GRACE_MS = 20_000;
const STEP_MS = 50;

/** `-S`: exit code 0 when a daemon holds the PID file. */
export function showStatus(pidPath: string, world: ControlWorld): number {
  const pid = runningDaemon(pidPath);
  if (pid === null) return sayNotRunning(pidPath, world.print, world);
  world.print(`Detected fwknopd is running (pid=${pid}).`);
  return 0;
}

/** `-R`: asks the running daemon to read its configuration again. */
export function sendRestart(pidPath: string, world: ControlWorld): number {
  const daemon = findDaemon(pidPath);
  if (daemon !== null && !daemon.reachable) return sayOutOfReach(pidPath, daemon.pid, world);
  if (daemon === null || !world.kill(daemon.pid, "hangup")) return sayNotRunning(pidPath, world.print, world);
  world.print(`Sent restart signal to fwknopd (pid=${daemon.pid})`);
  return 0;
}

/** `-K`: stops the running daemon, politely first. */
export async function stopDaemon(pidPath: string, world: ControlWorld): Promise<number> {
  const daemon = findDaemon(pidPath);
  if (daemon !== null && !daemon.reachable) return sayOutOfReach(pidPath, daemon.pid, world);
  if (daemon === null || !world.kill(daemon.pid, "terminate")) return sayNotRunning(pidPath, world.complain, world);
  const { pid } = daemon;
  // One that was stopped (SIGSTOP) would hear nothing until SIGKILL, and leave its grants open.
  world.kill(pid, "continue");
  if (await isGone(pidPath, pid, world)) {
    world.print(`Killed fwknopd (pid=${pid}) via SIGTERM`);
    return 0;
  }
  world.kill(pid, "kill");
  if (await isGone(pidPath, pid, world)) {
    world.print(`Killed fwknopd (pid=${pid}) via SIGKILL`);
    return 0;
  }
  world.complain(`Cannot stop fwknopd (pid=${pid}): it still holds ${pidPath} after SIGTERM and SIGKILL`);
  return 1;
}

/** `--fw-list-all`: what the packet filter holds. */
export async function listAllRules(
  firewall: Pick<Firewall, "describe">,
  world: Pick<ControlWorld, "print">,
): Promise<number> {
  world.print((await firewall.describe(true)).trimEnd());
  return 0;
}

/** `--fw-list`: what it holds of ours, and what any other one does. */
export async function listRules(
  { firewall, leftovers }: Filters,
  world: Pick<ControlWorld, "print">,
): Promise<number> {
  world.print((await firewall.describe(false)).trimEnd());
  for (const other of await leftovers()) {
    world.print(`\nThere are chains of fwknopd in ${other.owner} as well, which is not the packet filter in use:\n`);
    world.print((await other.describe(false)).trimEnd());
  }
  return 0;
}

/** `--fw-flush`: takes everything of ours out of the packet filters, which a daemon that runs puts back into its own. */
export async function flushRules(
  { firewall, leftovers }: Filters,
  pidPath: string,
  world: ControlWorld,
): Promise<number> {
  world.print("Deleting any existing firewall rules...");
  const running = runningDaemon(pidPath);
  await firewall.cleanup();
  for (const other of await leftovers()) await other.cleanup();
  if (running === null) return 0;
  world.complain(`fwknopd: error: fwknopd (pid ${running}) is running and puts back the doors that are open`);
  world.complain("fwknopd: hint: stop it first: fwknopd -K");
  return 1;
}

function sayNotRunning(pidPath: string, say: (line: string) => void, world: ControlWorld): 1 {
  say(NOT_RUNNING);
  const folder = pidPath.slice(0, pidPath.lastIndexOf("/")) || "/";
  if (fileFacts(AT_FDCWD, folder) === null) {
    world.complain(
      `fwknopd: hint: ${folder} does not exist; a daemon that lost it can be found with: pgrep -a fwknopd`,
    );
  }
  return 1;
}

function sayOutOfReach(pidPath: string, pid: number, world: ControlWorld): 1 {
  world.complain(
    `fwknopd: error: ${pidPath} is held by a process (pid=${pid} where it runs) of another user or PID namespace`,
  );
  world.complain("fwknopd: hint: run this as that user, or inside the container that it runs in");
  return 1;
}

/** The lock, not the number, says that it is gone: numbers are given out again. */
async function isGone(pidPath: string, pid: number, world: ControlWorld): Promise<boolean> {
  for (let waited = 0; waited < GRACE_MS; waited += STEP_MS) {
    if (runningDaemon(pidPath) !== pid) return true;
    await world.pause(STEP_MS);
  }
  return false;
}
