/**
 * The view that the daemon has of the ruleset: which tables hold chains and sets of ours, and which grants are open. It
 * is true for one generation of the ruleset. Every transaction names that generation and is refused by the kernel when
 * anybody has changed anything since; then the chains, jumps and sets are looked at again before a grant is called open.
 */
import type { RulesetListener } from "../../../ffi/nfnetlink/events.ts";
import type { Log, LogLine } from "../../../lib/log.ts";
import { createFacts } from "../../report/facts.ts";
import { FirewallError, type Grant } from "../firewall.ts";
import type { Element } from "./elements.ts";
import { KnownElements, readElements } from "./known_elements.ts";
import { longest, sameData, setsOf, stepsToOpen, type TimedElement, timedElementOf } from "./timed_elements.ts";
import type { Ruleset } from "./ruleset.ts";
import { nftFailure, type NftRunner, readRuleset } from "./runner.ts";
import { FILTER_SLOTS } from "./set_layout.ts";
import type { ElementStore, Step, WriteOutcome } from "./store.ts";
import type { BaseChain } from "./hook_survey.ts";
import {
  buildScript,
  chooseChains,
  isIntact,
  type OurTable,
  planTables,
  sayJumps,
  sayWhatExists,
  tablesOfSets,
  teardownScript,
  type Wanted,
} from "./placement.ts";

/** What the backend works with; tests open these inside a network namespace. */
export interface NftablesParts {
  readonly nft: NftRunner;
  readonly store: ElementStore;
  /** Null where changes cannot be heard of. */
  readonly listener: RulesetListener | null;
}

/** What a rebuild found and did. */
export interface Rebuilt {
  readonly changed: boolean;
  /** The chains of the administrator that lead to ours. */
  readonly chains: readonly BaseChain[];
}

/** How often work is begun again because the ruleset changed meanwhile. */
export const ATTEMPTS = 5;

/** Elements of one transaction: a netlink message has a largest size. */
export const MAX_ELEMENTS = 256;

export class RulesetView {
  /** Null until the ruleset was looked at. */
  tables: readonly OurTable[] | null = null;
  readonly #known = new KnownElements();
  /** The generation for which `tables` stand and `#known` is true. */
  #generation: number | null = null;
  readonly #facts = createFacts();

  readonly #log: Log;
  readonly #clock: () => number;

  /** `clock`: Unix seconds with their fraction. */
  constructor(
    readonly parts: NftablesParts,
    readonly wanted: Wanted,
    { log, clock }: { readonly log: Log; readonly clock: () => number },
  ) {
    this.#log = log;
    this.#clock = clock;
  }

  /** What is open, grants of ours only. */
  get grants(): readonly Grant[] {
    return this.#known.grants;
  }

  /** What is open, as elements. */
  get elements(): readonly TimedElement[] {
    return this.#known.all;
  }

  /** Whether there is a view that was true once, and that the kernel can compare with the ruleset as it is. */
  get isBelieved(): boolean {
    return this.tables !== null && this.tables.length > 0 && this.#generation !== null;
  }

  /** Whether that grant is open at least so long. */
  isOpen(timed: TimedElement): boolean {
    return this.#known.isOpen(timed);
  }

  /**
   * Opens those that are not open long enough, in one transaction: on the ruleset that the view is of, or `anyway`.
   */
  async open(elements: readonly TimedElement[], now: number, anyway = false): Promise<WriteOutcome> {
    if (anyway) this.#generation = null;
    const missing = elements.filter((timed) => !this.isOpen(timed));
    const sets = setsOf(this.tables ?? []);
    const steps = missing.flatMap((timed) => {
      const known = this.#known.get(timed.element.id);
      // What the view does not show is certainly absent only where a generation vouches for the view.
      return stepsToOpen(timed, sets, {
        before: this.#generation === null ? known ?? timed.element : known,
        now,
      });
    });
    if (steps.length === 0) return { ok: true };
    const outcome = await this.parts.store.write(steps, this.#generation);
    if (outcome.ok) {
      if (this.#generation !== null) this.#generation = nextGeneration(this.#generation);
      this.#known.add(missing, now);
    }
    return outcome;
  }

  /** Closes what is open of these grants, in one transaction. Null when none of them is open any more. */
  async close(doomed: readonly Element[]): Promise<WriteOutcome | null> {
    const steps: Step[] = [];
    for (const set of setsOf(this.tables ?? await this.ourTablesIn())) {
      const mine = doomed.filter(({ layout }) => layout === set.layout);
      const present = mine.length === 0 ? [] : await this.parts.store.read(set) ?? [];
      for (const { element } of present) {
        if (!mine.some((one) => one.id === element.id && sameData(one, element))) continue;
        steps.push({ verb: "delete", set, element, timeoutMs: null });
      }
    }
    if (steps.length === 0) return null;
    const outcome = await this.parts.store.write(steps, null);
    // Nothing vouches for the rest of the view: the transaction named no generation.
    this.#generation = null;
    for (const { element } of steps) this.#known.delete(element.id);
    return outcome;
  }

  /**
   * Makes sure that the tables stand and the view is true, as cheaply as the store allows. Where others change the
   * ruleset all the time the view is as true as a moment ago, which is the best there is.
   */
  async refresh(live: readonly Grant[], now: number): Promise<void> {
    if (await this.#isTrue()) return;
    const { changed } = await this.rebuild(live, now);
    if (changed) {
      this.#log("warning", "The ruleset was changed by somebody else: put back what belongs to fwknopd (nftables)");
    }
  }

  async #isTrue(): Promise<boolean> {
    const { tables, parts: { store } } = this;
    if (tables === null) return false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const generation = store.generation();
      if (generation === null) return false;
      if (generation === this.#generation) return true;
      if (tables.length === 0 || !tables.every((ours) => store.isIntact(ours))) return false;
      await this.readSets(tables);
      this.#generation = store.generation() === generation ? generation : null;
      if (this.#generation !== null) return true;
    }
    return true;
  }

  /**
   * Reads the ruleset and puts in place what is missing: chains, sets, jumps, and the grants in `live`. At first, also what
   * seems to be there, and the grants that any of the tables holds are taken over.
   */
  async rebuild(live: readonly Grant[], now: number, first = false): Promise<Rebuilt> {
    let changed = false;
    let failure = new FirewallError("Cannot work on the ruleset: it changes too fast", "see `nft monitor`");
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const generation = this.parts.store.generation();
      const ruleset = await readRuleset(this.parts.nft);
      const facts: LogLine[] = [];
      const chains = chooseChains(ruleset, this.wanted, (level, text) => void facts.push({ level, text }));
      if (first && attempt === 0) sayWhatExists(ruleset, this.#log);
      const tables = planTables(chains, this.wanted.slots);
      const broken = tables.filter((ours) => (first && !changed) || !isIntact(ruleset, ours));
      if (broken.length > 0) {
        const refusal = await this.#build(ruleset, broken);
        if (refusal === null) {
          changed = true;
          sayJumps(broken, this.#log);
        } else {
          failure = refusal;
          // Something of ours is there in another form, from another version: away with it.
          if (attempt > 0) await this.#run(teardownScript(ruleset, tables.filter((one) => !broken.includes(one))));
        }
        continue;
      }
      this.tables = tables;
      this.#facts("hooks", [...facts, ...this.#openHooks(chains)], this.#log);
      const inherited = await this.readSets(tables);
      this.#generation = this.parts.store.generation() === generation ? generation : null;
      const last = attempt === ATTEMPTS - 1;
      if (this.#generation !== generation && !last) continue;
      const restored = await this.#restore([...first ? inherited : [], ...liveElements(live, now)], now, last);
      if (restored !== null) return { changed: changed || restored, chains };
    }
    throw failure;
  }

  /** Reads all sets and makes them the view. Returns each grant with the longest time that any table has for it. */
  async readSets(tables: readonly OurTable[]): Promise<readonly TimedElement[]> {
    const found = await readElements(this.parts.store, setsOf(tables), this.#clock);
    this.#known.replace(found);
    return found.map(({ element, ends }) => ({ element, expiresAt: Math.max(...ends) }));
  }

  /** The tables with sets of ours, for when nothing was prepared. */
  async ourTablesIn(ruleset?: Ruleset): Promise<readonly OurTable[]> {
    return tablesOfSets(ruleset ?? await readRuleset(this.parts.nft));
  }

  /** Takes away what is ours, or what is not needed for `keep`. Returns whether there was any. */
  async teardown(keep: readonly OurTable[]): Promise<boolean> {
    let failure = new FirewallError("Cannot work on the ruleset: it changes too fast", "see `nft monitor`");
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const script = teardownScript(await readRuleset(this.parts.nft), keep);
      if (script === "") return attempt > 0;
      failure = await this.#run(script) ?? failure;
    }
    throw failure;
  }

  /** Knows nothing any more. */
  forget(): void {
    this.tables = null;
    this.#known.clear();
    this.#generation = null;
  }

  #build(ruleset: Ruleset, tables: readonly OurTable[]): Promise<FirewallError | null> {
    return this.#run(tables.map((ours) => buildScript(ruleset, ours)).join(""));
  }

  /**
   * Runs a script; null when it worked. The events of what nft does for us cannot be told from those of others and are
   * dropped, so whoever calls this looks at the ruleset once more afterwards.
   */
  async #run(script: string): Promise<FirewallError | null> {
    const reply = await this.parts.nft.run(script);
    this.parts.listener?.drain();
    this.#generation = null;
    return reply.ok ? null : nftFailure(reply);
  }

  /** Opens again what should be open and returns whether anything was; null when the ruleset changed meanwhile. */
  async #restore(wanted: readonly TimedElement[], now: number, anyway: boolean): Promise<boolean | null> {
    const sets = setsOf(this.tables ?? []);
    // A listing may count in whole seconds: what differs by less than one is the same.
    const lost = [...longest(wanted).values()].filter(({ element, expiresAt }) =>
      sets.some(({ layout }) => layout === element.layout) && !this.isOpen({ element, expiresAt: expiresAt - 1 })
    );
    for (let start = 0; start < lost.length; start += MAX_ELEMENTS) {
      const outcome = await this.open(lost.slice(start, start + MAX_ELEMENTS), now, anyway);
      if (outcome.ok) continue;
      if (outcome.stale) return null;
      throw new FirewallError(outcome.reason, "see `nft list ruleset`");
    }
    return lost.length > 0;
  }

  #openHooks(chains: readonly BaseChain[]): readonly LogLine[] {
    const shut = new Set(chains.map(({ hook }) => hook));
    return FILTER_SLOTS.filter((slot) => this.wanted.slots.includes(slot) && !shut.has(slot)).map((hook) => ({
      level: "warning",
      text: `nftables: nothing drops packets on the ${hook} hook, so there is nothing to open`,
    }));
  }
}

/** What should be open. Of two grants that a map cannot hold together the one that ends last comes last, and stays. */
function liveElements(live: readonly Grant[], now: number): readonly TimedElement[] {
  return live.filter(({ expiresAt }) => expiresAt > now).map(timedElementOf).filter((timed) => timed !== null)
    .toSorted((a, b) => a.expiresAt - b.expiresAt);
}

/** The kernel skips 0. */
function nextGeneration(generation: number): number {
  return generation === 0xffffffff ? 1 : generation + 1;
}
