/**
 * ipfw: a rule for each service, which lets in the sources of a table; the value of an entry is the end of its grant. Closing
 * is taking the entry out: the dynamic rules of connections belong to the rule, which stays, and at last moves to the set of
 * expired rules until they have ended.
 */
import { type Run, runProgram, tellSlow } from "../../../lib/host/run.ts";
import type { Log } from "../../../lib/log.ts";
import type { OpenedBackend } from "../backend.ts";
import { accessKey, FirewallError, type Grant, type Slot } from "../firewall.ts";
import { inputOnly } from "../input_only.ts";
import { type Change, listedBackend, type ListedRules } from "../listed.ts";
import { ask, type Program } from "../program.ts";
import { IPFW_ARGS } from "./commands.ts";
import { grantsOf, type ListedEntry, planChange, planCleanup, planPurge, planSetUp, type View } from "./plan.ts";
import { denyingBefore, parseDynamic, parseRules } from "./rules.ts";
import type { IpfwConfig } from "./settings.ts";
import { parseTables, tableName } from "./tables.ts";

/** What the backend is made with. */
export interface IpfwOptions extends IpfwConfig {
  readonly slots: readonly Slot[];
  readonly log: Log;
  /** How programs are run; default: `runProgram`. */
  readonly run?: Run;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

const ABSENT = "ipfw is of FreeBSD: set FIREWALL to auto, nftables or iptables";

/** Makes the backend. Nothing is run before `check`, `prepare`, `list`, `describe` or `cleanup`. */
export function ipfwFirewall(options: IpfwOptions): OpenedBackend {
  const { log, program: path, run = runProgram } = options;
  return listedBackend({
    name: "ipfw",
    owner: "ipfw",
    closesAtExit: options.flushAtExit,
    flushAtInit: options.flushAtInit,
    slots: options.slots,
    rules: new IpfwRules({ run: tellSlow(run, log), path, absent: ABSENT }, options),
    refusal: (slot) => inputOnly("ipfw", slot),
    containerOf: (access) => access.slot === "input" ? `table ${tableName(access)}` : `set ${options.activeSet}`,
    // What closes is an entry of a table, which has no number.
    numberOf: () => null,
    commandOf: (grant, verb) => command(path, grant, verb),
  });
}

function command(path: string, { access, expiresAt }: Grant, verb: "add" | "delete"): string {
  if (access.slot !== "input") return `${path}: ${verb} ${accessKey(access)}`;
  const entry = `${path} table ${tableName(access)} ${verb} ${access.source.text}`;
  return verb === "add" ? `${entry} ${expiresAt}` : entry;
}

/** Rules, sets and tables. */
class IpfwRules implements ListedRules<ListedEntry> {
  #view: View = { rules: [], tables: new Map() };
  #purgedAt: number | null = null;

  constructor(readonly program: Program, readonly options: IpfwOptions) {}

  async require(): Promise<void> {
    const rules = parseRules(await ask(this.program, IPFW_ARGS.rules));
    const denying = denyingBefore(rules, this.options.start);
    if (denying === null) return;
    throw new FirewallError(
      `IPFW_START_RULE_NUM ${this.options.start}: ipfw denies everything before that, by its rule ${denying.number}`,
      `set IPFW_START_RULE_NUM to a number below ${denying.number}`,
    );
  }

  async read(): Promise<readonly ListedEntry[]> {
    return grantsOf(await this.#look(), this.options);
  }

  async #look(): Promise<View> {
    const rules = parseRules(await ask(this.program, IPFW_ARGS.rules));
    const tables = parseTables(await ask(this.program, IPFW_ARGS.tables));
    return this.#view = { rules, tables };
  }

  async change(change: Change<ListedEntry>): Promise<void> {
    await this.#purge();
    const { lines, unnumbered } = planChange(this.#view, change, this.options);
    await this.#apply(lines);
    if (unnumbered.length === 0) return;
    throw new FirewallError(
      "Cannot add a rule: Maximum allowed number of rules has been reached",
      "raise IPFW_MAX_RULES, or take rules away from the numbers after IPFW_START_RULE_NUM",
    );
  }

  /** Makes room for new rules, from time to time. */
  async #purge(): Promise<void> {
    const { expireSet, purgeInterval, steady } = this.options;
    if (!this.#view.rules.some(({ set }) => set === expireSet && set !== 0)) return;
    if (this.#purgedAt !== null && steady() < this.#purgedAt + purgeInterval * 1000) return;
    this.#purgedAt = steady();
    const lines = planPurge(this.#view, await this.#dynamic(), this.options);
    if (lines.length === 0) return;
    await this.#apply(lines);
    await this.#look();
  }

  async #dynamic(): Promise<ReadonlySet<number>> {
    return parseDynamic(await ask(this.program, IPFW_ARGS.dynamic));
  }

  async #apply(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await ask(this.program, IPFW_ARGS.batch, lines.map((line) => `${line}\n`).join(""));
  }

  async setUp(flush: boolean): Promise<void> {
    if (flush) await this.cleanUp();
    await this.#apply(planSetUp(await this.#look(), this.options));
  }

  async cleanUp(): Promise<void> {
    const view = await this.#look();
    await this.#apply(planCleanup(view, await this.#dynamic(), this.options));
  }

  async describe(all: boolean): Promise<string> {
    const { activeSet, expireSet } = this.options;
    const tables = await ask(this.program, IPFW_ARGS.tables);
    if (all) return `Listing all ipfw rules...\n\n${await ask(this.program, IPFW_ARGS.everything)}\n${tables}`;
    const active = await ask(this.program, IPFW_ARGS.set(activeSet));
    const expired = expireSet === 0 ? "" : await ask(this.program, IPFW_ARGS.set(expireSet));
    return `Active Rules:\n\n${active}\nExpired Rules:\n\n${expired}\nTables:\n\n${ownTables(tables)}`;
  }
}

/** The part of the listing that is ours. */
function ownTables(listing: string): string {
  const parts = listing.split(/^(?=--- table\()/m);
  return parts.filter((part) => part.startsWith("--- table(fwknop_")).join("") || "nothing is open\n";
}
