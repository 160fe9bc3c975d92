/** One program of a packet filter: runs it, and turns what it says into text, or into an error with a remedy. */
import { reasonOf as sentenceOf } from "../../lib/host/reason.ts";
import type { Run, RunResult } from "../../lib/host/run.ts";
import { FirewallError } from "./firewall.ts";

/** A program, and what to do where it cannot be used. */
export interface Program {
  readonly run: Run;
  /** Its absolute path. */
  readonly path: string;
  /** The remedy where there is none on this host. */
  readonly absent: string;
}

/** An exit status between these stands for a signal. 255 is the -1 with which pfctl ends. */
const SIGNALLED = 128;
const LAST_SIGNAL = SIGNALLED + 64;

/** Runs it with these arguments and returns what it printed. Throws `FirewallError` where it fails, or cannot be started. */
export async function ask(program: Program, args: readonly string[], stdin?: string): Promise<string> {
  const result = await start(program, args, stdin);
  if (result.code === 0 && !result.timedOut && !result.truncated) return result.stdout;
  throw new FirewallError(`${program.path} failed: ${reasonOf(result)}`, hintFor(program, result, args), {
    denied: isDenied(result),
  });
}

async function start({ run, path, absent }: Program, args: readonly string[], stdin?: string): Promise<RunResult> {
  try {
    return await run(path, args, stdin === undefined ? {} : { stdin });
  } catch (error) {
    const [why, hint] = startFailure(error, absent);
    throw new FirewallError(`Cannot run ${path}: ${why}`, hint, { cause: error });
  }
}

function startFailure(error: unknown, absent: string): readonly [why: string, hint: string] {
  if (error instanceof Deno.errors.NotFound) return ["there is no such program", absent];
  if (error instanceof Deno.errors.NotCapable) {
    return [
      "it is outside the programs that fwknopd may run",
      "remove FIREWALL_EXE; what fwknopd may run stands in packaging/permissions.json",
    ];
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return ["it is not executable by this user", "run fwknopd as root, or correct FIREWALL_EXE"];
  }
  return [sentenceOf(error), absent];
}

function reasonOf(result: RunResult): string {
  if (result.timedOut) return "it did not end in time and was stopped";
  if (result.truncated) return "it prints more than can be read";
  if (result.code > SIGNALLED && result.code <= LAST_SIGNAL) return `signal ${result.code - SIGNALLED} ended it`;
  const lines = result.stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !isRemark(line)) ?? `exit status ${result.code}`;
}

/** What pfctl says at each run where the kernel has no ALTQ. */
function isRemark(line: string): boolean {
  return /^(?:No ALTQ support in kernel|ALTQ related functions disabled)$/.test(line);
}

function isDenied({ stderr }: RunResult): boolean {
  return /permission denied|operation not permitted/i.test(stderr);
}

function hintFor({ path }: Program, result: RunResult, args: readonly string[]): string {
  if (result.timedOut) return `run ${path} by hand and see what it waits for`;
  if (isDenied(result)) return "run fwknopd as root";
  return `run \`${[path, ...args].join(" ")}\` by hand and see what it says`;
}

/** Whether there is such a program. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
