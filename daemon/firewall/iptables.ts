/**
 * iptables and ip6tables as a packet filter: the chains, rule shapes and `_exp_` comments of the C daemon (server.md F),
 * but in one atomic `iptables-restore --noflush` per wake-up and address family instead of five processes per rule.
 *
 * It keeps a picture of the rules in our chains. Every batch that relies on the picture proves it in the same transaction
 * (`-C` lines), so that a flush by somebody else is noticed before a door is reported open; then the truth is listed and
 * the batch is made again.
 */
import type { Log } from "../../lib/log.ts";
import { runProgram, type RunResult } from "../../lib/host/run.ts";
import {
  doorKey,
  type Firewall,
  FirewallError,
  type Grant,
  type GrantOutcome,
  type RulesetEvents,
  type Slot,
} from "./firewall.ts";
import { latestByDoor } from "./ledger.ts";
import {
  type Batch,
  cleanupBatch,
  commentCheckBatch,
  grantBatch,
  type Opening,
  prepareBatch,
  repairBatch,
  revokeBatch,
  type RuleStyle,
  ruleText,
} from "./iptables_batch.ts";
import { type ChainSpecs, SLOTS } from "./iptables_chains.ts";
import { type ListedGrant, listedGrants, type RuleListing } from "./iptables_listing.ts";
import { doorChain, doorFamily } from "./iptables_rules.ts";
import {
  type FamilyTools,
  findTools,
  type Refusal,
  restoreRules,
  type Run,
  saveRules,
  start,
} from "./iptables_tools.ts";

/** What the backend is made with: directives of fwknopd.conf, already read. */
export interface IptablesOptions {
  /** FIREWALL_EXE: the absolute path of iptables. */
  readonly firewallExe: string;
  /** IPT_*_ACCESS. */
  readonly chains: ChainSpecs;
  /** The slots in use: `activeSlots`. */
  readonly active: readonly Slot[];
  /** FLUSH_IPT_AT_INIT. */
  readonly flushAtInit: boolean;
  /** ENABLE_IPT_COMMENT_CHECK. */
  readonly commentCheck: boolean;
  /** ENABLE_RULE_PREPEND. */
  readonly prepend: boolean;
  readonly log: Log;
  /** A subscription to changes of nf_tables: iptables-nft changes are among them. Silent for legacy iptables. */
  readonly listener?: ChangeListener | null;
  /** How programs are run; default: `runProgram`. */
  readonly run?: Run;
}

/** What is used of `ffi/nfnetlink`'s listener. */
export interface ChangeListener {
  readonly fd: number;
  drain(): { readonly changes: readonly { readonly portId: number; readonly table: string }[]; readonly lost: boolean };
}

/** How often a batch is made again after the rules turned out to be others than believed. */
const ATTEMPTS = 3;

/** How many process numbers are remembered: news of a change is read long before so many more processes ran. */
const OWN_PIDS = 64;

/** Makes the backend. Nothing is run before `prepare`, `list`, `describe` or `cleanup`. */
export function iptablesFirewall(options: IptablesOptions): Firewall {
  const own = createOwnPids();
  const run: Run = async (...call) => own.note(await (options.run ?? runProgram)(...call));
  const v4 = new FamilyRules(run, findTools(options.firewallExe, 4), options);
  const v6 = new FamilyRules(run, findTools(options.firewallExe, 6), options);
  const inTurn = createQueue();
  let missing6: string | null = null;

  /** IPv4 must work; IPv6 does where the host has it, and its absence is said once. */
  const onBoth = async (work: (rules: FamilyRules) => Promise<void>): Promise<void> => {
    await work(v4);
    if (missing6 !== null) return;
    try {
      await work(v6);
    } catch (error) {
      if (!(error instanceof FirewallError) || v6.ready) throw error;
      missing6 = error.message;
      options.log("warning", `IPv6 grants are not possible here: ${error.message}`);
    }
  };
  const open = (): readonly Grant[] => [...latestByDoor([...v4.open(), ...v6.open()]).values()];
  const familyOf = (grant: Grant) => doorFamily(grant.door) === 4 ? v4 : v6;
  const byFamily = (grants: readonly Grant[], rules: FamilyRules) =>
    grants.filter((grant) => familyOf(grant) === rules);

  return {
    name: "iptables",
    kernelTimed: false,
    events: options.listener ? rulesetEvents(options.listener, own, options.chains) : null,
    prepare: () =>
      inTurn(async () => {
        await onBoth((rules) => rules.prepare());
        return open();
      }),
    grant: (batch, live, now) =>
      inTurn(async () => {
        const outcomes = new Map<Grant, GrantOutcome>();
        for (const rules of [v4, v6]) {
          const mine = byFamily(batch, rules);
          if (mine.length === 0) continue;
          if (rules === v6 && missing6 !== null) {
            for (const grant of mine) outcomes.set(grant, { ok: false, reason: missing6 });
          } else await rules.grant(mine, byFamily(live, rules), { now, outcomes });
        }
        return batch.map((grant) => outcomes.get(grant) ?? { ok: false, reason: "it has no address family" });
      }),
    revoke: (batch) =>
      inTurn(async () => {
        await v4.revoke(byFamily(batch, v4));
        if (missing6 === null) await v6.revoke(byFamily(batch, v6));
      }),
    list: () =>
      inTurn(async () => {
        await onBoth(async (rules) => void await rules.look());
        return open();
      }),
    repair: (live, now) =>
      inTurn(async () => {
        let changed = false;
        await onBoth(async (rules) => {
          if (await rules.repair(byFamily(live, rules), now)) changed = true;
        });
        return changed;
      }),
    placeOf: (door) => doorChain(door, options.chains).to,
    describe: (all) => inTurn(() => describe(run, [v4.tools, v6.tools], options, all)),
    cleanup: () => inTurn(() => onBoth((rules) => rules.cleanup())),
  };
}

/** The rules of one address family: the picture, and the programs that change what it is a picture of. */
class FamilyRules {
  /** Whether its chains were once set up: later failures are failures, not the absence of the family. */
  ready = false;
  #known: readonly ListedGrant[] = [];
  readonly #style: RuleStyle;

  constructor(readonly run: Run, readonly tools: FamilyTools, readonly options: IptablesOptions) {
    this.#style = { chains: options.chains, active: options.active, prepend: options.prepend };
  }

  open(): readonly ListedGrant[] {
    return this.#known;
  }

  /** Lists what is there and makes it the picture. */
  async look(): Promise<RuleListing> {
    const tables = new Set(SLOTS.map((slot) => this.options.chains[slot].table));
    const used = new Set(this.options.active.map((slot) => this.options.chains[slot].table));
    const only = used.size === 1 && tables.size > 1 ? [...used][0] : undefined;
    return await this.#list(only);
  }

  async #list(table?: string): Promise<RuleListing> {
    const listing = await saveRules(this.run, this.tools, table);
    this.#known = listedGrants(listing, this.options.chains, this.tools.family);
    return listing;
  }

  async prepare(): Promise<void> {
    await this.#retry(async () => prepareBatch(await this.#list(), this.#style, this.options.flushAtInit));
    await this.look();
    if (this.options.commentCheck) await this.#checkComments();
    this.ready = true;
  }

  async #checkComments(): Promise<void> {
    const refusal = await this.#apply(commentCheckBatch(this.options.chains.input, this.tools.family));
    if (refusal !== null) {
      throw new FirewallError(
        `Could not use the 'comment' match: ${refusal.reason}`,
        "load the kernel module xt_comment; without comments no rule can carry its end",
      );
    }
    if (this.tools.family === 4) this.options.log("info", "iptables 'comment' match is available");
  }

  async cleanup(): Promise<void> {
    await this.#retry(async () => cleanupBatch(await this.#list(), this.options.chains));
    this.#known = [];
  }

  async repair(live: readonly Grant[], now: number): Promise<boolean> {
    return await this.#retry(async () => {
      const listing = await this.look();
      const lost = this.#openings(live.filter(({ door, expiresAt }) => expiresAt > now && door.slot !== "foreign"));
      return repairBatch(listing, this.#style, lost);
    });
  }

  async revoke(batch: readonly Grant[]): Promise<void> {
    const keys = new Set(batch.map(({ door }) => doorKey(door)));
    const standing = () => this.#known.filter(({ key }) => keys.has(key));
    // What the picture does not show may have been added by somebody else since.
    if (new Set(standing().map(({ key }) => key)).size < keys.size) await this.look();
    let refusal: Refusal | null = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const rules = standing();
      refusal = await this.#apply(revokeBatch(rules));
      if (refusal === null) {
        this.#known = this.#known.filter((rule) => !rules.includes(rule));
        return;
      }
      await this.look();
    }
    for (const rule of standing()) await this.#apply(revokeBatch([rule]));
    await this.look();
    if (standing().length > 0) {
      throw new FirewallError(`Cannot close ${standing().length} doors: ${refusal?.reason}`, refusal?.hint ?? "");
    }
  }

  /** Writes an outcome for each grant of `batch`; never throws. */
  async grant(
    batch: readonly Grant[],
    live: readonly Grant[],
    { now, outcomes }: { readonly now: number; readonly outcomes: Map<Grant, GrantOutcome> },
  ): Promise<void> {
    const openBefore = this.#openKeys(batch);
    try {
      const together = await this.#open(batch, now);
      if (together === null) return this.#succeed(batch, openBefore, outcomes);
      await this.repair(live, now);
      const openAfterRepair = this.#openKeys(batch);
      const openAlready = new Set([...openBefore].filter((key) => openAfterRepair.has(key)));
      if (await this.#open(batch, now) === null) return this.#succeed(batch, openAlready, outcomes);
      for (const grant of batch) {
        const refusal = await this.#open([grant], now);
        if (refusal === null) this.#succeed([grant], openAlready, outcomes);
        else {
          outcomes.set(grant, { ok: false, reason: refusal.reason });
          await this.look();
        }
      }
    } catch (error) {
      if (!(error instanceof FirewallError)) throw error;
      for (const grant of batch) if (!outcomes.has(grant)) outcomes.set(grant, { ok: false, reason: error.message });
    }
  }

  /** Opens doors in one transaction and updates the picture. */
  async #open(batch: readonly Grant[], now: number): Promise<Refusal | null> {
    const openings = this.#openings(batch);
    const replaced = new Set(openings.flatMap(({ replaces }) => replaces));
    const slots = this.options.active.filter((slot) => batch.some(({ door }) => door.slot === slot));
    const unused = batch.find(({ door }) => !(this.options.active as readonly string[]).includes(door.slot));
    if (unused !== undefined) {
      return { reason: `the ${unused.door.slot} chain is not in use`, hint: "see ENABLE_IPT_* in fwknopd.conf" };
    }
    const kept = this.#known.filter((rule) => !replaced.has(rule));
    const present = [...this.#standing(batch), ...canaries(kept, now)];
    const refusal = await this.#apply(grantBatch(openings, present, slots, this.#style));
    if (refusal === null) this.#known = [...kept, ...openings.map(({ grant }) => this.#listed(grant))];
    return refusal;
  }

  /** What has to be added so that each door is open at least as long as the longest of its grants. */
  #openings(grants: readonly Grant[]): readonly Opening[] {
    const known = Map.groupBy(this.#known, ({ key }) => key);
    const openings: Opening[] = [];
    for (const [key, grant] of latestByDoor(grants)) {
      const rules = known.get(key) ?? [];
      if (!rules.some(({ expiresAt }) => expiresAt >= grant.expiresAt)) openings.push({ grant, replaces: rules });
    }
    return openings;
  }

  /** The rules by which doors of the batch are believed to be open long enough already. */
  #standing(batch: readonly Grant[]): readonly ListedGrant[] {
    const wanted = latestByDoor(batch);
    const standing = new Map<string, ListedGrant>();
    for (const rule of this.#known) {
      const grant = wanted.get(rule.key);
      if (grant !== undefined && rule.expiresAt >= grant.expiresAt) standing.set(rule.key, rule);
    }
    return [...standing.values()];
  }

  #openKeys(batch: readonly Grant[]): ReadonlySet<string> {
    return new Set(this.#standing(batch).map(({ key }) => key));
  }

  #succeed(batch: readonly Grant[], openAlready: ReadonlySet<string>, outcomes: Map<Grant, GrantOutcome>): void {
    const seen = new Set(openAlready);
    const longestFirst = [...batch].sort((a, b) => b.expiresAt - a.expiresAt);
    for (const grant of longestFirst) {
      const key = doorKey(grant.door);
      outcomes.set(grant, { ok: true, alreadyOpen: seen.has(key) });
      seen.add(key);
    }
  }

  #listed({ door, expiresAt }: Grant): ListedGrant {
    const { table, to } = doorChain(door, this.options.chains);
    const rule = ruleText({ door, expiresAt }, this.options.chains);
    return { door, key: doorKey(door), expiresAt, family: this.tools.family, table, chain: to, rule };
  }

  async #apply(batch: Batch): Promise<Refusal | null> {
    return await restoreRules(this.run, this.tools, batch);
  }

  /** Makes a batch from the truth and applies it, again when the truth changed meanwhile. Returns whether it had lines. */
  async #retry(make: () => Promise<Batch>): Promise<boolean> {
    let refusal: Refusal | null = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const batch = await make();
      refusal = await this.#apply(batch);
      if (refusal === null) {
        if (batch.size > 0) await this.look();
        return batch.size > 0;
      }
    }
    throw new FirewallError(`Cannot set up the chains: ${refusal?.reason}`, refusal?.hint ?? "");
  }
}

/** One live rule of each chain: if the chain was flushed, it is gone. */
function canaries(rules: readonly ListedGrant[], now: number): readonly ListedGrant[] {
  const chosen = new Map<string, ListedGrant>();
  for (const rule of rules) {
    if (rule.expiresAt > now) chosen.set(`${rule.table} ${rule.chain}`, rule);
  }
  return [...chosen.values()];
}

/** The listings of server.md F.6, IPv4 first. What iptables complains about is part of the text. */
async function describe(
  run: Run,
  tools: readonly FamilyTools[],
  options: IptablesOptions,
  all: boolean,
): Promise<string> {
  const texts: string[] = [];
  for (const { iptables, family } of tools) {
    const name = family === 4 ? "iptables" : "ip6tables";
    const parts = [
      all ? `Listing all ${name} rules in applicable tables...\n` : `Listing rules in fwknopd ${name} chains...\n`,
    ];
    for (const slot of options.active) {
      const { table, to } = options.chains[slot];
      const args = all ? ["-t", table, "-v", "-n", "-L", "--line-numbers"] : [
        ...["-t", table, "-L", to, "--line-numbers", "-n"],
      ];
      try {
        const { stdout, stderr } = await start(run, iptables, args);
        parts.push(`${stdout}${stderr}`);
      } catch (error) {
        if (!(error instanceof FirewallError) || family === 4) throw error;
        parts.push(`${error.message}\n`);
      }
    }
    texts.push(parts.join("\n"));
  }
  return texts.join("\n");
}

/** The processes that we ran last: iptables-nft talks to the kernel from a port that has the number of its process. */
interface OwnPids {
  has(pid: number): boolean;
  note(result: RunResult): RunResult;
}

function createOwnPids(): OwnPids {
  const pids: number[] = [];
  return {
    has: (pid) => pids.includes(pid),
    note: (result) => {
      pids.push(result.pid);
      if (pids.length > OWN_PIDS) pids.shift();
      return result;
    },
  };
}

/** Changes of tables that we use, made by anybody else. */
function rulesetEvents(listener: ChangeListener, own: OwnPids, chains: ChainSpecs): RulesetEvents {
  const tables = new Set(SLOTS.map((slot) => chains[slot].table));
  return {
    fd: listener.fd,
    drain: () => {
      const { changes, lost } = listener.drain();
      return lost || changes.some(({ portId, table }) => tables.has(table) && !own.has(portId));
    },
  };
}

/** Runs one piece of work at a time, in the order of asking. */
function createQueue(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
}
