/** Runs the programs of the iptables package and turns what they say into values and errors with a remedy. */
import { reasonOf as sentenceOf } from "../../../lib/host/reason.ts";
import type { Run, RunResult } from "../../../lib/host/run.ts";
import { FirewallError } from "../firewall.ts";
import { type Batch, formatBatch } from "./restore_lines.ts";
import { parseSave, type RuleListing } from "../save_text.ts";

/** The programs for one address family. */
export interface FamilyTools {
  readonly family: 4 | 6;
  readonly iptables: string;
  readonly save: string;
  readonly restore: string;
}

/** Seconds to wait for the lock of legacy iptables. */
export const LOCK_SECONDS = "5";

/** The exit status for "somebody else holds the lock". */
const RESOURCE_PROBLEM = 4;
/** Above this an exit status stands for a signal. */
const SIGNALLED = 128;

const CHAINS_HINT = "see the IPT_*_ACCESS directives: their tables, chains and targets must exist";

/** What follows the name of each program of the package: the variant that the host has chosen, and each by its name. */
export const VARIANTS: readonly string[] = ["", "-nft", "-legacy"];

/**
 * The programs beside FIREWALL_EXE: `/usr/sbin/iptables` stands for iptables-save, iptables-restore and the ip6tables
 * family in the same folder, `iptables-legacy` and `iptables-nft` for those of that variant.
 */
export function findTools(firewallExe: string, family: 4 | 6): FamilyTools {
  const [, folder, variant = ""] = /^(\/(?:[^/]+\/)*)iptables(-[a-z]+)?$/.exec(firewallExe) ?? [];
  if (folder === undefined || !VARIANTS.includes(variant)) {
    throw new FirewallError(
      `FIREWALL_EXE "${firewallExe}" is not the absolute path of iptables`,
      exeHint(firewallExe),
    );
  }
  const name = `${folder}${family === 4 ? "iptables" : "ip6tables"}${variant}`;
  return { family, iptables: name, save: `${name}-save`, restore: `${name}-restore` };
}

/** Files of C daemons on BSD name the program of another packet filter, and nothing else says which it is. */
function exeHint(firewallExe: string): string {
  const [, program] = /\/(pfctl|ipfw)$/.exec(firewallExe) ?? [];
  if (program !== undefined) return `set FIREWALL to ${program === "pfctl" ? "pf" : program}`;
  return "set FIREWALL_EXE to /usr/sbin/iptables, or remove it";
}

/** Lists the rules of one table, or of all tables that there are. Throws `FirewallError`. */
export async function saveRules(run: Run, tools: FamilyTools, table?: string): Promise<RuleListing> {
  const result = await start(run, tools.save, table === undefined ? [] : ["-t", table]);
  const failure = failureOf(tools.save, result);
  if (failure !== null) throw failure;
  return parseSave(result.stdout);
}

/**
 * Throws when a table that is needed has rules that iptables cannot say: iptables-save leaves such a table out, with exit
 * status 0.
 */
export function refuseUnreadable(listing: RuleListing, needed: ReadonlySet<string>, tools: FamilyTools): void {
  const table = listing.unreadable.find((name) => needed.has(name));
  if (table === undefined) return;
  throw new FirewallError(
    `${tools.save} cannot read the table "${table}": it has rules that only nft knows`,
    "set FIREWALL to nftables, or move those rules to a table of their own",
  );
}

/**
 * Applies a batch. Null when all of it happened, else why not. Throws when the program cannot be started, or does not end:
 * then it is not known what happened, and another try would only take as long again.
 */
export async function restoreRules(run: Run, tools: FamilyTools, batch: Batch): Promise<Refusal | null> {
  if (batch.size === 0) return null;
  const text = formatBatch(batch);
  const result = await start(run, tools.restore, ["--noflush", "-w", LOCK_SECONDS], { stdin: text });
  const failure = failureOf(tools.restore, result);
  if (result.timedOut) throw failure;
  return failure === null ? null : asRefusal(failure, result.stderr, { text, linesBefore: 0 });
}

/** What was told, and how many lines were before that. */
interface Told {
  readonly text: string;
  readonly linesBefore: number;
}

/** Why what was told did not happen, by what the program said before it ended. */
export function refusalOf(program: string, stderr: string, told: Told): Refusal {
  const failure = new FirewallError(`${program} failed: ${reasonOf(stderr) ?? "it has ended"}`, CHAINS_HINT);
  return asRefusal(failure, stderr, told);
}

function asRefusal({ message, hint }: FirewallError, stderr: string, { text, linesBefore }: Told): Refusal {
  const line = Number(/line:? ([0-9]+)/.exec(stderr)?.[1] ?? NaN);
  const blamed = text.split("\n")[line - linesBefore - 1];
  return { reason: `${message}${blamed === undefined ? "" : ` (${blamed})`}`, hint };
}

/** Why a batch did not happen. */
export interface Refusal {
  readonly reason: string;
  readonly hint: string;
}

/** Starts a program of the package; a program that is not there becomes a `FirewallError`. */
export async function start(run: Run, ...call: Parameters<Run>): Promise<RunResult> {
  const [program] = call;
  try {
    return await run(...call);
  } catch (error) {
    throw new FirewallError(`Cannot run ${program}: ${startFailure(error)}`, startHint(error), { cause: error });
  }
}

function startFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such program";
  if (error instanceof Deno.errors.NotCapable) return "it is outside the programs that fwknopd may run";
  if (error instanceof Deno.errors.PermissionDenied) return "it is not executable by this user";
  return sentenceOf(error);
}

function startHint(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "FIREWALL_EXE may be /usr/sbin/iptables or /sbin/iptables; what else it may run stands in packaging/permissions.json";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "run fwknopd as root, make the program executable for its user, or correct FIREWALL_EXE";
  }
  return "install the Debian package iptables, or set FIREWALL_EXE to where iptables is, or set FIREWALL to nftables";
}

/** Why a program of the package failed, and the remedy; null where it did what it was asked for. */
export function failureOf(program: string, result: RunResult): FirewallError | null {
  if (result.code === 0 && !result.timedOut && !result.truncated) return null;
  return new FirewallError(`${program} failed: ${whyOf(result)}`, hintFor(program, result));
}

/** Whether the host has not got the family at all, so that nothing of it can be open: no program, or no kernel for it. */
export function isFamilyAbsent({ cause, message }: FirewallError): boolean {
  return cause instanceof Deno.errors.NotFound ||
    /Address family not supported|do you need to insmod/.test(message);
}

/** The first line that is no remark. */
function reasonOf(stderr: string): string | null {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("#")) ?? null;
}

function whyOf(result: RunResult): string {
  if (result.timedOut) return "it did not end in time and was stopped";
  if (result.truncated) return "it prints more than can be read";
  if (result.code > SIGNALLED) return `signal ${result.code - SIGNALLED} ended it`;
  return reasonOf(result.stderr) ?? `exit status ${result.code}`;
}

function hintFor(program: string, result: RunResult): string {
  if (result.timedOut) return "run `iptables -S` by hand and see what it waits for";
  if (/permission denied|operation not permitted|must be root/i.test(result.stderr)) {
    return "run fwknopd as root or with the capability CAP_NET_ADMIN";
  }
  if (result.code === RESOURCE_PROBLEM) {
    return "another program holds the lock of iptables (/run/xtables.lock): find it, or use the nftables variant of iptables";
  }
  if (result.code > SIGNALLED || !program.endsWith("-restore")) return `run ${program} by hand and see what it says`;
  return CHAINS_HINT;
}
