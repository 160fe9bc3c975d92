/**
 * pf: a rule of one anchor for each service, which lets in the clients of a table. An entry of a table has no end, so that
 * stands in a second anchor, which no packet goes through, as a rule with the label that the C daemon gives its rules. States
 * outlive entries and rules, so a connection lives on when its grant ends.
 */
import { type Run, runProgram, tellSlow } from "../../../lib/host/run.ts";
import type { Log } from "../../../lib/log.ts";
import type { OpenedBackend } from "../backend.ts";
import { accessKey, FirewallError, type Grant, type Slot } from "../firewall.ts";
import { inputOnly } from "../input_only.ts";
import { type Change, listedBackend, type ListedRules } from "../listed.ts";
import { ask, type Program } from "../program.ts";
import { PFCTL_ARGS } from "./commands.ts";
import { anchorTrouble, isAnchorAbsent, isPfOff, isTableAbsent } from "./main_rules.ts";
import { grantsOf, type ListedEntry, type Plan, planChange, type View } from "./plan.ts";
import { parseAnchor, parseEnds } from "./rules.ts";
import type { PfConfig } from "./settings.ts";
import { type Door, doorOf, parseClients, tableName } from "./tables.ts";

/** What the backend is made with. */
export interface PfOptions extends PfConfig {
  readonly slots: readonly Slot[];
  readonly log: Log;
  /** How programs are run; default: `runProgram`. */
  readonly run?: Run;
}

const ABSENT = "pf is of FreeBSD, OpenBSD and macOS: set FIREWALL to auto, nftables or iptables";

/** Makes the backend. Nothing is run before `check`, `prepare`, `list`, `describe` or `cleanup`. */
export function pfFirewall(options: PfOptions): OpenedBackend {
  const { anchor, log, program: path, run = runProgram } = options;
  const program: Program = { run: tellSlow(run, log), path, absent: ABSENT };
  const place = `anchor ${anchor}`;
  return listedBackend({
    name: "pf",
    owner: "pf",
    closesAtExit: options.flushAtExit,
    flushAtInit: options.flushAtInit,
    slots: options.slots,
    rules: new PfAnchor(program, anchor, log),
    refusal: (slot) => inputOnly("pf", slot),
    containerOf: () => place,
    // Rules are loaded anew together: a number would be of no use to anybody.
    numberOf: () => null,
    commandOf: (grant, verb) => command(path, anchor, { grant, verb }),
  });
}

function command(
  path: string,
  anchor: string,
  { grant: { access }, verb }: { readonly grant: Grant; readonly verb: "add" | "delete" },
): string {
  if (access.slot !== "input") return `${path} ${PFCTL_ARGS.load(anchor).join(" ")}: ${verb} ${accessKey(access)}`;
  return `${path} -a ${anchor} -t ${tableName(doorOf(access))} -T ${verb} ${access.source.text}`;
}

/** The anchor, its tables, and the anchor that says when they end. */
class PfAnchor implements ListedRules<ListedEntry> {
  #view: View = { doors: [], ending: [], others: [], ends: new Map() };
  #askedInfo = false;

  constructor(readonly program: Program, readonly anchor: string, readonly log: Log) {}

  /** Nothing names it, so that no rule of it counts. */
  get #ends(): string {
    return `${this.anchor}/ends`;
  }

  async require(): Promise<void> {
    const trouble = anchorTrouble(await ask(this.program, PFCTL_ARGS.mainRules), this.anchor);
    if (trouble !== null) throw new FirewallError(trouble.message, trouble.hint);
    if (this.#askedInfo) return;
    if (isPfOff(await ask(this.program, PFCTL_ARGS.info))) {
      this.log("warning", "pf is disabled, so it lets everybody in: enable it with pfctl -e");
    }
    this.#askedInfo = true;
  }

  async read(): Promise<readonly ListedEntry[]> {
    this.#view = await this.#look();
    return grantsOf(this.#view, this.anchor);
  }

  /** Tables before ends: an end is written before its entry, so whoever asks beside a change finds one for each entry. */
  async #look(): Promise<View> {
    const { doors, ending, others } = parseAnchor(await this.#list(this.anchor), this.anchor);
    const clients = await Promise.all(doors.map((door) => this.#clients(door)));
    const ends = parseEnds(await this.#list(this.#ends));
    return { doors: doors.map((door, at) => ({ ...door, clients: clients[at] ?? null })), ending, others, ends };
  }

  /** An anchor that nothing names and that is empty is not there at all. */
  async #list(anchor: string): Promise<string> {
    return await this.#askUnless(isAnchorAbsent, PFCTL_ARGS.rules(anchor)) ?? "";
  }

  async #clients(door: Door): Promise<readonly string[] | null> {
    const listing = await this.#askUnless(isTableAbsent, PFCTL_ARGS.clients(this.anchor, tableName(door)));
    return listing === null ? null : parseClients(listing);
  }

  async #askUnless(isAbsent: (failure: string) => boolean, args: readonly string[]): Promise<string | null> {
    try {
      return await ask(this.program, args);
    } catch (error) {
      if (error instanceof FirewallError && isAbsent(error.message)) return null;
      throw error;
    }
  }

  async change(change: Change<ListedEntry>): Promise<void> {
    const plan = planChange(this.#view, change);
    const failures: unknown[] = [];
    // What opens comes after its end is known; what closes waits for nothing, and no table for another.
    for (const { table, clients } of plan.taken) {
      await this.#alter("delete", table, clients).catch((error: unknown) => failures.push(error));
    }
    if (change.open.length > 0) await this.#loadEnds(plan);
    for (const { table, clients } of plan.added) await this.#alter("add", table, clients);
    if (plan.anchor !== null) await ask(this.program, PFCTL_ARGS.load(this.anchor), plan.anchor);
    if (change.open.length === 0) await this.#loadEnds(plan);
    if (failures.length > 0) throw failures[0];
    if (plan.clashing.length === 0) return;
    throw new FirewallError(
      "Cannot make a table: another address of this host has one of that name",
      "wait until nothing is open at the other one, or set ENABLE_DESTINATION_RULE to N",
    );
  }

  async #alter(verb: "add" | "delete", table: string, clients: readonly string[]): Promise<void> {
    const lines = clients.map((client) => `${client}\n`).join("");
    await ask(this.program, PFCTL_ARGS.alter(this.anchor, table, verb), lines);
  }

  async #loadEnds({ ends }: Plan): Promise<void> {
    if (ends !== null) await ask(this.program, PFCTL_ARGS.load(this.#ends), ends);
  }

  async setUp(flush: boolean): Promise<void> {
    if (flush) await this.cleanUp();
  }

  async cleanUp(): Promise<void> {
    for (const anchor of [this.anchor, this.#ends]) {
      if (await this.#list(anchor) !== "") await ask(this.program, PFCTL_ARGS.flush(anchor));
    }
  }

  async describe(all: boolean): Promise<string> {
    if (all) return `Listing all pf rules...\n\n${await ask(this.program, PFCTL_ARGS.mainRules)}`;
    const rules = await this.#list(this.anchor);
    const clients = grantsOf(await this.#look(), this.anchor).flatMap(({ in: place, expiresAt }) =>
      "client" in place ? [`${place.table} ${place.client} _exp_${expiresAt}\n`] : []
    );
    const tables = clients.length === 0 ? "" : `\nClients:\n\n${clients.join("")}`;
    return `Active Rules in PF anchor '${this.anchor}':\n\n${rules === "" ? "nothing is open\n" : rules}${tables}`;
  }
}
