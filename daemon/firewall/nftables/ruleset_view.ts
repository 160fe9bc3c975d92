/**
 * The picture that the daemon has of the ruleset: which tables hold chains and sets of ours, and which doors are open. It
 * is true for one generation of the ruleset. Every transaction names that generation and is refused by the kernel when
 * anybody has changed anything since; then the chains, jumps and sets are looked at again before a door is called open.
 */
import type { RulesetListener } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Log, LogLine } from "../../../lib/log.ts";
import { createFacts } from "../../report/facts.ts";
import { FirewallError, type Grant } from "../firewall.ts";
import { doorOfElement, type Element } from "./elements.ts";
import { longest, type Opening, openingOf, openingSteps, placesOf, sameData } from "./timed_elements.ts";
import type { Ruleset } from "./ruleset.ts";
import { nftFailure, type NftRunner, readRuleset } from "./runner.ts";
import { FILTER_SLOTS, SHAPES } from "./set_layout.ts";
import type { ElementStore, Step, WriteOutcome } from "./store.ts";
import type { BaseChain } from "./hook_survey.ts";
import {
  buildScript,
  chooseChains,
  isIntact,
  ourSets,
  planTargets,
  sayJumps,
  sayWhatExists,
  type Target,
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

/** Openings of one transaction: a netlink message has a largest size. */
export const MAX_OPENINGS = 256;

/** Seconds by which a door may seem to close early, from rounding and from the time that a look takes. */
const LATENESS = 0.05;

export class RulesetView {
  /** Null until the ruleset was looked at. */
  targets: readonly Target[] | null = null;
  #known = new Map<string, Opening>();
  /** The generation for which `targets` stand and `#known` is true. */
  #generation: number | null = null;
  readonly #facts = createFacts();

  constructor(
    readonly parts: NftablesParts,
    readonly wanted: Wanted,
    readonly log: Log,
    /** Unix seconds with their fraction. */
    readonly clock: () => number,
  ) {}

  /** What is open, doors of ours only. */
  get grants(): readonly Grant[] {
    return [...this.#known.values()].flatMap(({ element, expiresAt }) => {
      const door = doorOfElement(element);
      return door === null || expiresAt === 0 || expiresAt === Infinity ? [] : [{ door, expiresAt }];
    });
  }

  /** What is open, as elements. */
  get openings(): readonly Opening[] {
    return [...this.#known.values()];
  }

  /** Whether there is a picture that was true once, and that the kernel can compare with the ruleset as it is. */
  get isBelieved(): boolean {
    return this.targets !== null && this.targets.length > 0 && this.#generation !== null;
  }

  /** Whether that door is open at least so long. */
  isOpen({ element, expiresAt }: Opening): boolean {
    const known = this.#known.get(element.id);
    return known !== undefined && known.expiresAt >= expiresAt && sameData(known.element, element);
  }

  /**
   * Opens those that are not open long enough, in one transaction: on the ruleset that the picture is of, or `anyway`.
   */
  async open(openings: readonly Opening[], now: number, anyway = false): Promise<WriteOutcome> {
    if (anyway) this.#generation = null;
    const missing = openings.filter((opening) => !this.isOpen(opening));
    const places = placesOf(this.targets ?? []);
    const steps = missing.flatMap((opening) => {
      const known = this.#known.get(opening.element.id)?.element ?? null;
      // What the picture does not show is certainly absent only where a generation vouches for the picture.
      return openingSteps(opening, places, {
        before: this.#generation === null ? known ?? opening.element : known,
        now,
      });
    });
    if (steps.length === 0) return { ok: true };
    const outcome = await this.parts.store.write(steps, this.#generation);
    if (outcome.ok) {
      if (this.#generation !== null) this.#generation = nextGeneration(this.#generation);
      for (const opening of missing) this.#known.set(opening.element.id, opening);
      this.#forgetOver(now);
    }
    return outcome;
  }

  /** Closes what is open of these doors, in one transaction. Null when none of them is open any more. */
  async close(doomed: readonly Element[]): Promise<WriteOutcome | null> {
    const steps: Step[] = [];
    for (const place of placesOf(this.targets ?? await this.standing())) {
      const mine = doomed.filter(({ shape }) => shape === place.shape);
      const present = mine.length === 0 ? [] : await this.parts.store.read(place) ?? [];
      for (const { element } of present) {
        if (!mine.some((one) => one.id === element.id && sameData(one, element))) continue;
        steps.push({ verb: "delete", place, element, timeoutMs: null });
      }
    }
    if (steps.length === 0) return null;
    const outcome = await this.parts.store.write(steps, null);
    // Nothing vouches for the rest of the picture: the transaction named no generation.
    this.#generation = null;
    for (const { element } of steps) this.#known.delete(element.id);
    return outcome;
  }

  /**
   * Makes sure that the targets stand and the picture is true, as cheaply as the store allows. Where others change the
   * ruleset all the time the picture is as true as a moment ago, which is the best there is.
   */
  async settle(live: readonly Grant[], now: number): Promise<void> {
    if (await this.#isTrue()) return;
    const { changed } = await this.rebuild(live, now);
    if (changed) {
      this.log("warning", "The ruleset was changed by somebody else: put back what belongs to fwknopd (nftables)");
    }
  }

  async #isTrue(): Promise<boolean> {
    const { targets, parts: { store } } = this;
    if (targets === null) return false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const generation = store.generation();
      if (generation === null) return false;
      if (generation === this.#generation) return true;
      if (targets.length === 0 || !targets.every((target) => store.isIntact(target))) return false;
      await this.look(targets);
      this.#generation = store.generation() === generation ? generation : null;
      if (this.#generation !== null) return true;
    }
    return true;
  }

  /**
   * Reads the ruleset and puts in place what is missing: chains, sets, jumps, and the doors in `live`. At first, also what
   * seems to be there, and the doors that any of the tables holds are taken over.
   */
  async rebuild(live: readonly Grant[], now: number, first = false): Promise<Rebuilt> {
    let changed = false;
    let failure = new FirewallError("Cannot work on the ruleset: it changes too fast", "see `nft monitor`");
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const generation = this.parts.store.generation();
      const ruleset = await readRuleset(this.parts.nft);
      const facts: LogLine[] = [];
      const chains = chooseChains(ruleset, this.wanted, (level, text) => void facts.push({ level, text }));
      if (first && attempt === 0) sayWhatExists(ruleset, this.log);
      const targets = planTargets(chains, this.wanted.slots);
      const broken = targets.filter((target) => (first && !changed) || !isIntact(ruleset, target));
      if (broken.length > 0) {
        const refusal = await this.#build(ruleset, broken);
        if (refusal === null) {
          changed = true;
          sayJumps(broken, this.log);
        } else {
          failure = refusal;
          // Something of ours is there in another form, from another version: away with it.
          if (attempt > 0) await this.#run(teardownScript(ruleset, targets.filter((one) => !broken.includes(one))));
        }
        continue;
      }
      this.targets = targets;
      this.#facts("hooks", [...facts, ...this.#openHooks(chains)], this.log);
      const inherited = await this.look(targets);
      this.#generation = this.parts.store.generation() === generation ? generation : null;
      const last = attempt === ATTEMPTS - 1;
      if (this.#generation !== generation && !last) continue;
      const restored = await this.#restore([...first ? inherited : [], ...liveOpenings(live, now)], now, last);
      if (restored !== null) return { changed: changed || restored, chains };
    }
    throw failure;
  }

  /** Reads all sets and makes them the picture. Returns each door with the longest time that any table has for it. */
  async look(targets: readonly Target[]): Promise<readonly Opening[]> {
    const found = new Map<string, { readonly element: Element; readonly ends: number[] }>();
    const places = placesOf(targets);
    for (const place of places) {
      const now = this.clock();
      for (const { element, remainingMs } of await this.parts.store.read(place) ?? []) {
        const end = remainingMs === null ? Infinity : Math.floor(now + remainingMs / 1000 + LATENESS);
        const known = found.get(element.id);
        if (known === undefined) found.set(element.id, { element, ends: [end] });
        else known.ends.push(end);
      }
    }
    const before = this.#known;
    this.#known = new Map();
    return [...found].map(([id, { element, ends }]) => {
      const everywhere = ends.length === places.filter(({ shape }) => shape === element.shape).length;
      const listed = everywhere ? Math.min(...ends) : 0;
      const granted = before.get(id)?.expiresAt ?? listed;
      // A listing may count in whole seconds; what was granted is exact.
      this.#known.set(id, { element, expiresAt: Math.abs(granted - listed) <= 1 ? granted : listed });
      return { element, expiresAt: Math.max(...ends) };
    });
  }

  /** The sets of ours wherever they are, for when nothing was prepared. */
  async standing(ruleset?: Ruleset): Promise<readonly Target[]> {
    const sets = ourSets(ruleset ?? await readRuleset(this.parts.nft));
    return sets.map(({ family, table, name }) => {
      const shapes = SHAPES.filter((shape) => shape.name === name);
      return { family, table, own: false, slots: [], shapes, jumps: [] };
    });
  }

  /** Takes away what is ours, or what is not needed for `keep`. Returns whether there was any. */
  async teardown(keep: readonly Target[]): Promise<boolean> {
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
    this.targets = null;
    this.#known.clear();
    this.#generation = null;
  }

  #build(ruleset: Ruleset, targets: readonly Target[]): Promise<FirewallError | null> {
    return this.#run(targets.map((target) => buildScript(ruleset, target)).join(""));
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
  async #restore(wanted: readonly Opening[], now: number, anyway: boolean): Promise<boolean | null> {
    const places = placesOf(this.targets ?? []);
    // A listing may count in whole seconds: what differs by less than one is the same.
    const lost = [...longest(wanted).values()].filter(({ element, expiresAt }) =>
      places.some(({ shape }) => shape === element.shape) && !this.isOpen({ element, expiresAt: expiresAt - 1 })
    );
    for (let start = 0; start < lost.length; start += MAX_OPENINGS) {
      const outcome = await this.open(lost.slice(start, start + MAX_OPENINGS), now, anyway);
      if (outcome.ok) continue;
      if (outcome.stale) return null;
      throw new FirewallError(outcome.reason, "see `nft list ruleset`");
    }
    return lost.length > 0;
  }

  #forgetOver(now: number): void {
    if (this.#known.size < 1024) return;
    for (const [id, { expiresAt }] of this.#known) if (expiresAt <= now) this.#known.delete(id);
  }

  #openHooks(chains: readonly BaseChain[]): readonly LogLine[] {
    const shut = new Set(chains.map(({ hook }) => hook));
    return FILTER_SLOTS.filter((slot) => this.wanted.slots.includes(slot) && !shut.has(slot)).map((hook) => ({
      level: "warning",
      text: `nftables: nothing drops packets on the ${hook} hook, so there is nothing to open`,
    }));
  }
}

/** What should be open. Of two doors that a map cannot hold together the one that ends last comes last, and stays. */
function liveOpenings(live: readonly Grant[], now: number): readonly Opening[] {
  return live.filter(({ expiresAt }) => expiresAt > now).map(openingOf).filter((opening) => opening !== null)
    .toSorted((a, b) => a.expiresAt - b.expiresAt);
}

/** The kernel skips 0. */
function nextGeneration(generation: number): number {
  return generation === 0xffffffff ? 1 : generation + 1;
}
