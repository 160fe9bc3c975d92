/**
 * What a packet filter is to the rest of the daemon before it is opened: its rows of fwknopd.conf, how it is found on the
 * host, the programs it runs, and how it is opened. Each folder beside this file holds one; `backends.ts` lists them.
 */
import type { RulesetChange } from "../../ffi/nfnetlink/events.ts";
import type { Log } from "../../lib/log.ts";
import type { SettingTable } from "../../lib/settings/setting.ts";
import type { Right } from "../start/rights.ts";
import type { Firewall, Grant, GrantOutcome, LiveGrants, Slot } from "./firewall.ts";
import type { Objection } from "./late_rows.ts";
import type { Owner } from "./path/model.ts";
import type { PathWatch } from "./path/watch.ts";

/** Rows of fwknopd.conf that stand together. */
export interface SettingBlock {
  /** The key of the row that they follow in the table of the whole file, and so in the dump and in the documents. */
  readonly after: string;
  readonly rows: SettingTable;
}

/** What every packet filter is opened with. */
export interface Opening {
  readonly slots: readonly Slot[];
  readonly log: Log;
  /** The way of packets, surveyed already. */
  readonly path: Pick<PathWatch, "chains" | "survey">;
  /** Whether changes of rulesets of nf_tables by others are heard of. */
  readonly hears: boolean;
  /** Whose the chain is that decided for this packet filter; null where something else did. */
  readonly owner: Owner | null;
}

/**
 * One packet filter. `Values` are what was read for its own rows, `Config` is what they mean: plain data that everybody
 * else only keeps and compares (a reload says when it has changed).
 */
export interface Backend<Config = unknown, Values = unknown> {
  /** As FIREWALL of fwknopd.conf and the log name it. */
  readonly name: string;
  /** The operating systems that have it, by Deno's names; absent: Linux. On others FIREWALL auto never takes it. */
  readonly systems?: readonly string[];
  readonly settings: readonly SettingBlock[];
  /** Whether the C daemon built for iptables has the rows in its `-D` dump. Those that it does not have come last. */
  readonly inDumpOfC: boolean;
  /** Keys of rows by which the operator shows that this one is meant: with one of them set, FIREWALL auto takes it. */
  readonly decisive: readonly string[];
  /** The reason to take it where no chain decides; null for one that is then only taken when no other can be used. */
  readonly otherwise: string | null;
  /** Names of the programs that it runs, without their folder. */
  readonly programs: readonly string[];
  /** The rights that it uses while packets are looked at: `run` where it starts programs then. */
  readonly needs: readonly Right[];
  /** What its rows mean. `values`: those of the whole file, of which it knows its own; `given`: keys that somebody wrote. */
  configure(values: Values, given?: ReadonlySet<string>): Config;
  /** What of its rows cannot be, where FIREWALL names it: those that are judged late. */
  objections?(values: Values, given: ReadonlySet<string>): readonly Objection[];
  /** The program that does the work, as `--version` names it; null where there is none. Without `config`: the default. */
  program(config: Config | null): string | null;
  /** Whose chains it can open grants in. */
  owners(config: Config): readonly Owner[];
  /** Whose chains it can go into where the packet filter that they belong to cannot be used. Default: nobody's. */
  readonly also?: readonly Owner[];
  /** Why it cannot be used here, as a sentence that begins with its name; null when it can. Changes nothing. */
  blocker(config: Config): string | null | Promise<string | null>;
  /** Whether a chain of that name is one of those that it makes. */
  isOurs(config: Config, chain: string): boolean;
  /** Opens it; nothing on the host is changed before `prepare`. Throws `FirewallError`. */
  open(config: Config, opening: Opening): Promise<OpenedBackend>;
}

/**
 * What a look at our own objects found: all of them are there; some were put back; the place where they belong is gone
 * (table or base chain), so that the ruleset has to be surveyed and `adapt` called.
 */
export type Repaired = "intact" | "restored" | "gone";

/** What became of one grant in this packet filter, whatever others do with its packets. */
export type BackendOutcome = Omit<Extract<GrantOutcome, { readonly ok: true }>, "shutBy"> | {
  readonly ok: false;
  readonly reason: string;
};

/** What a backend has in common with the packet filter as the loop sees it. */
type Common = Omit<Firewall, keyof Standing>;

/** What only the standing decision has. */
type Standing = Pick<
  Firewall,
  "needs" | "events" | "examine" | "grant" | "repair" | "surveyDueAt" | "survey" | "judge" | "judgingDueAt" | "judgeAll"
>;

/** A packet filter that was opened, as the standing decision works with it. */
export interface OpenedBackend extends Common, Disposable {
  /** Whose chains it opens grants in. */
  readonly owner: Owner;
  /** Whether an event with that port id is of our own doing. */
  isOwn(portId: number): boolean;
  /** From the event alone: whether it can have taken something of ours away. Told of every change that is not its own. */
  concerns(change: RulesetChange): boolean;
  /** Throws `FirewallError` where `prepare` would for what it does not find. Changes nothing. */
  check(): Promise<void>;
  /**
   * Opens all grants of one wake-up, in as few transactions as possible. One outcome per grant, same order. Never shortens
   * a grant that is already open. A missing chain, set or jump is put back (with `live`) before giving up.
   */
  grant(batch: readonly Grant[], live: LiveGrants, now: number): Promise<readonly BackendOutcome[]>;
  /** Looks at our own objects, whatever else the ruleset holds, and puts back what is missing with the `live` grants. */
  repair(live: LiveGrants, now: number): Promise<Repaired>;
  /**
   * After a survey: goes into the chains that came, with the `live` grants, and leaves those that went or that no longer
   * drop. True when anything was changed.
   */
  adapt(live: LiveGrants, now: number): Promise<boolean>;
}
