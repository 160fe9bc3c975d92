/**
 * `-K`, `-R`, `-S`: speaking to the daemon that runs; `--fw-list`, `--fw-list-all`, `--fw-flush`: to the packet
 * filters. Words, streams and exit codes are those of fwknopd (facts/process 5).
 */
import { AT_FDCWD } from "../ffi/abi.ts";
import { fileFacts } from "../ffi/libc/file_facts.ts";
import type { SignalName } from "../ffi/libc/process.ts";
import { asOneFailure, type Firewall, FirewallError, IncompleteListing } from "./firewall/firewall.ts";
import { findDaemon, hasLeftDoorsOpen, runningDaemon } from "./service/pid_file.ts";

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
const CLOSE_THEM = "fwknopd: hint: close them with: fwknopd --fw-flush";

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

/** `-K`: stops the running daemon, politely first. Exit code 1 as well where it says that it could not close its doors. */
export async function stopDaemon(pidPath: string, world: ControlWorld): Promise<number> {
  const daemon = findDaemon(pidPath);
  if (daemon !== null && !daemon.reachable) return sayOutOfReach(pidPath, daemon.pid, world);
  if (daemon === null || !world.kill(daemon.pid, "terminate")) return sayNotRunning(pidPath, world.complain, world);
  const { pid } = daemon;
  // One that was stopped (SIGSTOP) would hear nothing until SIGKILL, and leave its grants open.
  world.kill(pid, "continue");
  if (await isGone(pidPath, pid, world)) {
    world.print(`Killed fwknopd (pid=${pid}) via SIGTERM`);
    if (!hasLeftDoorsOpen(pidPath, pid)) return 0;
    world.complain(`fwknopd: error: fwknopd (pid ${pid}) could not close its doors, see its log`);
    world.complain(CLOSE_THEM);
    return 1;
  }
  world.kill(pid, "kill");
  if (await isGone(pidPath, pid, world)) {
    world.print(`Killed fwknopd (pid=${pid}) via SIGKILL`);
    world.complain("fwknopd: warning: doors that it had open may still be");
    world.complain(CLOSE_THEM);
    return 0;
  }
  world.complain(`Cannot stop fwknopd (pid=${pid}): it still holds ${pidPath} after SIGTERM and SIGKILL`);
  return 1;
}

/** `--fw-list-all`: what the packet filter holds, as far as it can be had; then it throws. */
export async function listAllRules(
  firewall: Pick<Firewall, "describe">,
  world: Pick<ControlWorld, "print">,
): Promise<number> {
  throwFailures([await printListing(firewall, true, world)]);
  return 0;
}

/** `--fw-list`: what it holds of ours, and what any other one does, as far as it can be had; then it throws. */
export async function listRules(
  { firewall, leftovers }: Filters,
  world: Pick<ControlWorld, "print">,
): Promise<number> {
  const failures = [await printListing(firewall, false, world)];
  for (const other of await leftovers()) {
    world.print(`\nThere are chains of fwknopd in ${other.owner} as well, which is not the packet filter in use:\n`);
    failures.push(await printListing(other, false, world));
  }
  throwFailures(failures);
  return 0;
}

/** What could not be printed of it. */
async function printListing(
  firewall: Pick<Firewall, "describe">,
  all: boolean,
  world: Pick<ControlWorld, "print">,
): Promise<FirewallError | null> {
  try {
    world.print((await firewall.describe(all)).trimEnd());
    return null;
  } catch (error) {
    if (!(error instanceof FirewallError)) throw error;
    if (error instanceof IncompleteListing) world.print(error.text.trimEnd());
    return error;
  }
}

/**
 * `--fw-flush`: takes everything of ours out of the packet filters, which a daemon that runs puts back into its own. One
 * that fails does not keep the others from it.
 */
export async function flushRules(
  { firewall, leftovers }: Filters,
  pidPath: string,
  world: ControlWorld,
): Promise<number> {
  world.print("Deleting any existing firewall rules...");
  const running = runningDaemon(pidPath);
  const failures: (FirewallError | null)[] = [];
  for (const filter of [firewall, ...await leftovers()]) {
    failures.push(
      await filter.cleanup().then(() => null, (error) => {
        if (!(error instanceof FirewallError)) throw error;
        return error;
      }),
    );
  }
  throwFailures(failures);
  if (running === null) return 0;
  world.complain(`fwknopd: error: fwknopd (pid ${running}) is running and puts back the doors that are open`);
  world.complain("fwknopd: hint: stop it first: fwknopd -K");
  return 1;
}

function throwFailures(outcomes: readonly (FirewallError | null)[]): void {
  const [first, ...more] = outcomes.filter((outcome) => outcome !== null);
  if (first !== undefined) throw asOneFailure([first, ...more]);
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
