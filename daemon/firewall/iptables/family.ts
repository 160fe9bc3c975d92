/**
 * The rules of one address family: what is believed of our chains, and the batches that change it. Where the kernel tells of
 * what others do, that is heard before a grant is reported open, so a batch says only what is new. Else it proves what is
 * believed in the same transaction (`-C` lines). Where it was wrong, the truth is listed and the batch is made again.
 */
import type { Run } from "../../../lib/host/run.ts";
import { lineText, type Log } from "../../../lib/log.ts";
import type { BackendOutcome } from "../backend.ts";
import { type Access, accessKey, FirewallError, type Grant, type LiveGrants } from "../firewall.ts";
import { commentCheckBatch, grantBatch, type NewRule, repairBatch, revokeBatch, ruleText, sparing } from "./batch.ts";
import { Account } from "./account.ts";
import type { RuleStyle } from "./chain_specs.ts";
import { changedChains, existingChains } from "./chain_lines.ts";
import { cleanupBatch, prepareBatch, requireChains } from "./chains.ts";
import type { RuleListing } from "../save_text.ts";
import type { RuleHandles } from "./handles.ts";
import type { KeptRestore, Learn } from "./kept_restore.ts";
import { type ListedGrant, listedGrants } from "./listing.ts";
import { ChainOrder } from "./order.ts";
import type { Batch } from "./restore_lines.ts";
import { accessChain } from "./rules.ts";
import type { IptablesConfig } from "./settings.ts";
import { type FamilyTools, type Refusal, refuseUnreadable, restoreRules, saveRules } from "./tools.ts";
import { latestByAccess } from "../../grants/ledger.ts";

/** How often a batch is made again after the rules turned out to be others than believed. */
const ATTEMPTS = 3;

/** What both families are made with. */
export interface FamilyOptions extends RuleStyle, Pick<IptablesConfig, "flushAtInit" | "commentCheck"> {
  readonly log: Log;
  /** Whether changes of these rules by others are heard of. */
  readonly hears: boolean;
  /** Whom a batch is told; null: each is a process of its own. */
  readonly kept: Kept;
  /** The numbers of rules; absent where iptables alone deletes them. */
  readonly handles?: RuleHandles | undefined;
}

/** Whom a batch is told that need not be a process of its own. */
type Kept = Pick<KeptRestore, "apply" | "rehearse" | "start"> | null;

/**
 * One family's rules. Its methods are called one at a time, except beside one whose program hangs: so what is believed is only
 * changed from what it is after a program ended, never from what it was before.
 */
export class FamilyRules {
  /** Whether its chains were once set up: later failures are failures, not the absence of the family. */
  ready = false;
  readonly #known = new Account();
  readonly #order = new ChainOrder();

  constructor(readonly run: Run, readonly tools: FamilyTools, readonly options: FamilyOptions) {}

  open(): readonly ListedGrant[] {
    return this.#known.all();
  }

  /** The number of the grant's rule in its chain, from 1; null when it is not known. */
  numberOf(access: Access): number | null {
    const [rule] = this.#known.of(accessKey(access));
    return rule === undefined ? null : this.#order.numberOf(rule);
  }

  /** Lists the tables that matter and believes what it reads: those in use, and those with rules that are to be closed. */
  async readRules(): Promise<RuleListing> {
    return await this.#readTables(new Set([...this.#tables(), ...this.#known.tables()]));
  }

  /** The same for all tables that there are: what an earlier run left may stand in one that is not in use any more. */
  async #readAllRules(): Promise<RuleListing> {
    return await this.#readTables(null);
  }

  async #readTables(tables: ReadonlySet<string> | null): Promise<RuleListing> {
    const listing = await saveRules(this.run, this.tools, tables?.size === 1 ? [...tables][0] : undefined);
    refuseUnreadable(listing, tables ?? this.#tables(), this.tools);
    this.#known.replace(listedGrants(listing, this.options.chains, this.tools.family));
    this.#order.see(listing, this.options.chains);
    this.options.handles?.retain(this.#known.all());
    return listing;
  }

  #tables(): ReadonlySet<string> {
    return new Set(this.options.active.map((slot) => this.options.chains[slot].table));
  }

  /** Throws `FirewallError` for what `prepare` would not find, or could not read. Changes nothing. */
  async check(): Promise<void> {
    requireChains(await this.#readAllRules(), this.options.chains, this.options.active);
  }

  async prepare(): Promise<void> {
    await this.#retry(async () => {
      const listing = await this.#readAllRules();
      // Before iptables-restore is asked, of which some versions say no more than that it failed.
      requireChains(listing, this.options.chains, this.options.active);
      for (const line of existingChains(listing, this.options)) this.options.log(line.level, lineText(line));
      return prepareBatch(listing, this.options, this.options.flushAtInit);
    });
    await this.#readAllRules();
    if (this.options.commentCheck) await this.#checkComments();
    this.ready = true;
    this.options.kept?.start();
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
    await this.#retry(async () => cleanupBatch(await this.#readAllRules(), this.options.chains));
    this.#known.replace([]);
  }

  async repair(live: LiveGrants, now: number): Promise<boolean> {
    const changed = await this.#retry(async () => {
      const listing = await this.readRules();
      const newRules = this.#newRules(
        [...live].filter(({ access, expiresAt }) => expiresAt > now && this.#isActive(access)),
      );
      // Somebody restored a rule set that was saved while a grant was open: its time is over all the same.
      const overdue = this.#known.all().filter(({ expiresAt }) => expiresAt <= now);
      return repairBatch(listing, this.options, { newRules, overdue });
    });
    if (changed) await this.readRules();
    return changed;
  }

  async revoke(batch: readonly Grant[]): Promise<void> {
    const doomed = latestByAccess(batch);
    // A knock that came while this had to wait may have renewed one of them.
    const present = () =>
      [...doomed].flatMap(([key, grant]) => this.#known.of(key).filter((rule) => rule.expiresAt <= grant.expiresAt));
    // What is not known may have been added by somebody else since.
    if (new Set(present().map(({ key }) => key)).size < doomed.size) await this.readRules();
    await this.options.handles?.delete(present, this.#gone);
    let refusal: Refusal | null = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const rules = present();
      refusal = await this.#apply(revokeBatch(rules), attempt === 0 ? this.options.kept : null);
      if (refusal === null) return this.#forget(rules);
      await this.readRules();
    }
    for (const rule of present()) await this.#apply(revokeBatch([rule]));
    await this.readRules();
    if (present().length > 0) {
      throw new FirewallError(`Cannot close ${present().length} doors: ${refusal?.reason}`, refusal?.hint ?? "");
    }
  }

  /** Writes an outcome for each grant of `batch`; never throws. */
  async grant(
    batch: readonly Grant[],
    live: LiveGrants,
    { now, outcomes }: { readonly now: number; readonly outcomes: Map<Grant, BackendOutcome> },
  ): Promise<void> {
    const openBefore = this.#openKeys(batch);
    try {
      const together = await this.#open(batch, now, this.options.kept);
      if (together === null) return this.#succeed(batch, openBefore, outcomes);
      await this.repair(live, now);
      const openAfterRepair = this.#openKeys(batch);
      const openAlready = new Set([...openBefore].filter((key) => openAfterRepair.has(key)));
      if (await this.#open(batch, now) === null) return this.#succeed(batch, openAlready, outcomes);
      // One of them is at fault, or one table was committed and the next refused: each for itself, from the truth.
      await this.readRules();
      for (const grant of batch) {
        const refusal = await this.#open([grant], now);
        if (refusal === null) this.#succeed([grant], openAlready, outcomes);
        else {
          outcomes.set(grant, { ok: false, reason: refusal.reason });
          await this.readRules();
        }
      }
    } catch (error) {
      if (!(error instanceof FirewallError)) throw error;
      for (const grant of batch) if (!outcomes.has(grant)) outcomes.set(grant, { ok: false, reason: error.message });
    }
  }

  /** Opens grants in one transaction and notes them. */
  async #open(batch: readonly Grant[], now: number, kept: Kept = null): Promise<Refusal | null> {
    const newRules = this.#newRules(batch);
    const replaced = new Set(newRules.flatMap(({ replaces }) => replaces));
    const slots = this.options.active.filter((slot) => batch.some(({ access }) => access.slot === slot));
    const unused = batch.find(({ access }) => !this.#isActive(access));
    if (unused !== undefined) {
      return { reason: `the ${unused.access.slot} chain is not in use`, hint: "see ENABLE_IPT_* in fwknopd.conf" };
    }
    const proof = this.options.hears ? [] : [...this.#alreadyOpen(batch), ...this.#known.canaries(now, replaced)];
    const numbered = new Set(kept === null ? [] : this.options.handles?.known([...replaced]));
    const lines = grantBatch({
      ...{ newRules: sparing(newRules, numbered), present: proof, slots: this.options.hears ? [] : slots },
    }, this.options);
    let added: Parameters<Learn>[0] = [];
    const refusal = await this.#apply(lines, kept, (rules) => void (added = rules));
    if (refusal !== null) return refusal;
    this.#forget([...replaced].filter((rule) => !numbered.has(rule)));
    const rules = newRules.map(({ grant }) => this.#listed(grant));
    for (const rule of rules) this.#known.add(rule);
    this.options.handles?.learn(rules, added);
    if (numbered.size > 0) await this.#closeReplaced([...numbered]);
    return null;
  }

  /** Those that were renewed: by their numbers, and what is left by what it says. */
  async #closeReplaced(rules: readonly ListedGrant[]): Promise<void> {
    const left = () => rules.filter((rule) => this.#known.of(rule.key).includes(rule));
    await this.options.handles?.delete(left, this.#gone);
    if (left().length === 0) return;
    if (await this.#apply(revokeBatch(left())) === null) this.#forget(left());
    else await this.readRules();
  }

  /** Notes what was deleted by its number. */
  readonly #gone = (rules: readonly ListedGrant[]) => {
    this.#order.follow(revokeBatch(rules));
    this.#forget(rules);
  };

  #forget(rules: Iterable<ListedGrant>): void {
    for (const rule of rules) {
      this.#known.remove(rule);
      this.options.handles?.forget(rule);
    }
  }

  /** Whether there is a chain for it; never for a foreign rule. */
  #isActive(access: Access): boolean {
    return this.options.active.some((slot) => slot === access.slot);
  }

  /** What has to be added so that each grant is open at least as long as the longest of its grants. */
  #newRules(grants: readonly Grant[]): readonly NewRule[] {
    const newRules: NewRule[] = [];
    for (const [key, grant] of latestByAccess(grants)) {
      const rules = this.#known.of(key);
      if (!rules.some(({ expiresAt }) => expiresAt >= grant.expiresAt)) newRules.push({ grant, replaces: rules });
    }
    return newRules;
  }

  /** The rules by which grants of the batch are believed to be open long enough already. */
  #alreadyOpen(batch: readonly Grant[]): readonly ListedGrant[] {
    return [...latestByAccess(batch)].flatMap(([key, { expiresAt }]) =>
      this.#known.of(key).filter((rule) => rule.expiresAt >= expiresAt).slice(0, 1)
    );
  }

  #openKeys(batch: readonly Grant[]): ReadonlySet<string> {
    return new Set(this.#alreadyOpen(batch).map(({ key }) => key));
  }

  #succeed(batch: readonly Grant[], openAlready: ReadonlySet<string>, outcomes: Map<Grant, BackendOutcome>): void {
    const seen = new Set(openAlready);
    const longestFirst = [...batch].sort((a, b) => b.expiresAt - a.expiresAt);
    for (const grant of longestFirst) {
      const key = accessKey(grant.access);
      outcomes.set(grant, { ok: true, alreadyOpen: seen.has(key) });
      seen.add(key);
    }
  }

  #listed({ access, expiresAt }: Grant): ListedGrant {
    const { table, to } = accessChain(access, this.options.chains);
    const rule = ruleText({ access, expiresAt }, this.options.chains);
    return { access, key: accessKey(access), expiresAt, family: this.tools.family, table, chain: to, rule };
  }

  async #apply(batch: Batch, kept: Kept = null, learn?: Learn): Promise<Refusal | null> {
    const told = batch.size === 0 ? "done" : await kept?.apply(batch, learn) ?? null;
    const refusal = told === "done" ? null : told ?? await restoreRules(this.run, this.tools, batch);
    if (refusal === null) this.#order.follow(batch);
    return refusal;
  }

  /** Makes a batch from the truth and applies it, again when the truth changed meanwhile. Returns whether it had lines. */
  async #retry(make: () => Promise<Batch>): Promise<boolean> {
    let refusal: Refusal | null = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const batch = await make();
      refusal = await this.#apply(batch);
      if (refusal === null) {
        for (const line of changedChains(batch, this.tools.iptables)) this.options.log(line.level, lineText(line));
        return batch.size > 0;
      }
    }
    throw new FirewallError(`Cannot set up the chains: ${refusal?.reason}`, refusal?.hint ?? "");
  }
}
