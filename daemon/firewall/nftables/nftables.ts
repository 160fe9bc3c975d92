/**
 * Native nftables as a packet filter. Doors are elements of sets with a timeout, so the kernel closes them on time, daemon
 * or no daemon; the sets are looked up by chains of ours that the administrator's own base chains jump to.
 *
 * A picture of the sets is kept, true for one generation of the ruleset. Every transaction names that generation, and the
 * kernel refuses it when anybody has changed anything since: then the chains, jumps and sets are looked at again, so that
 * no door is reported open behind a lost jump.
 */
import { FfiError } from "../../../ffi/errors.ts";
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/messages.ts";
import { openRulesetListener, type RulesetListener } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Log } from "../../../lib/log.ts";
import { type Door, type Firewall, FirewallError, type Grant, type GrantOutcome } from "../firewall.ts";
import { describeTargets } from "./describe.ts";
import { doorOfElement, type Element, elementOf } from "./elements.ts";
import type { Ruleset } from "./ruleset.ts";
import { mustRun, nftFailure, type NftRunner, openRunner, readRuleset } from "./runner.ts";
import { FILTER_SLOTS, PREFIX, shapeOf, SHAPES } from "./shapes.ts";
import { type ElementStore, isUnavailable, netlinkStore, nftStore, type Place, type Step } from "./store.ts";
import { type BaseChain, formatChain, type HookSurvey, surveyRuleset, warnAboutChains } from "./survey.ts";
import {
  buildScript,
  chooseChains,
  isIntact,
  ourSets,
  planTargets,
  type Target,
  teardownScript,
  type Wanted,
} from "./targets.ts";

export type { ChainName, HookSurvey } from "./survey.ts";
export { type NftRunner, openRunner } from "./runner.ts";

/** How to open it. */
export interface NftablesOptions extends Wanted {
  /** Close the doors of an earlier run instead of taking them over. */
  readonly flushAtInit: boolean;
  readonly log: Log;
  /** `nft`: the program and nothing else. Default: netlink and libnftables, each replaced by nft where it is missing. */
  readonly prefer?: "netlink" | "nft";
  /** Unix seconds with their fraction. Default: the system's clock. */
  readonly clock?: () => number;
}

/** The backend, and the sockets it holds. */
export type NftablesFirewall = Firewall & Disposable;

/** What is in the way on a hook, and whose it is: for choosing a backend. Throws `FirewallError`. */
export async function surveyHooks(
  nft: NftRunner,
  hooks: readonly (typeof FILTER_SLOTS)[number][] = ["input"],
): Promise<HookSurvey> {
  return surveyRuleset(await readRuleset(nft), hooks);
}

/** Opens sockets and libraries; the ruleset is not touched before `prepare`. Throws `FirewallError`. */
export async function openNftables(options: NftablesOptions): Promise<NftablesFirewall> {
  const nft = await openRunner(options.prefer === "nft" ? "nft" : "libnftables");
  if (options.prefer === "nft") return new NftablesBackend(nft, nftStore(nft), null, options);
  try {
    return new NftablesBackend(nft, netlinkStore(), openRulesetListener(), options);
  } catch (error) {
    if (!isUnavailable(error)) throw asFirewallError(error);
    options.log(
      "warning",
      `nftables: without a netlink socket every grant takes several runs of nft: ${String(error)}`,
    );
    return new NftablesBackend(nft, nftStore(nft), null, options);
  }
}

/** How often work is begun again because the ruleset changed meanwhile. */
const ATTEMPTS = 5;

/** An open door as it is known. */
interface Known {
  readonly element: Element;
  /** Unix seconds at which it is closed in the first of the tables; Infinity for an element without a timeout. */
  readonly expiresAt: number;
}

/** A door to open. */
type Opening = Known;

class NftablesBackend implements Firewall, Disposable {
  readonly name = "nftables";
  readonly kernelTimed = true;
  readonly events: Firewall["events"];
  readonly #inTurn = createQueue();
  readonly #clock: () => number;
  /** Null until the ruleset was looked at. */
  #targets: readonly Target[] | null = null;
  #known = new Map<string, Known>();
  /** The generation for which `#targets` stand and `#known` is true. */
  #generation: number | null = null;
  /** Hooks of which it was said that nothing drops there. */
  #saidOpen = new Set<string>();

  constructor(
    readonly nft: NftRunner,
    readonly store: ElementStore,
    readonly listener: RulesetListener | null,
    readonly options: NftablesOptions,
  ) {
    this.#clock = options.clock ?? (() => Date.now() / 1000);
    this.events = listener === null ? null : { fd: listener.fd, drain: () => this.#drain(listener) };
  }

  prepare(): Promise<readonly Grant[]> {
    return this.#inTurn(async () => {
      if (this.options.flushAtInit) await this.#teardown([]);
      const now = this.#clock();
      const { chains } = await this.#rebuild([], now, { force: true, takeOver: true });
      await this.#teardown(this.#targets ?? []);
      warnAboutChains(chains, this.options.log);
      const places = chains.map(formatChain).join(", ") || "no chain";
      this.options.log("info", `nftables: doors are opened in ${places} by ${this.store.name}`);
      return this.#openGrants();
    });
  }

  grant(batch: readonly Grant[], live: readonly Grant[], now: number): Promise<readonly GrantOutcome[]> {
    return this.#inTurn(() => this.#grant(batch, live, this.#exact(now)));
  }

  revoke(batch: readonly Grant[]): Promise<void> {
    return this.#inTurn(async () => {
      let reason = "";
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const steps = await this.#closingSteps(batch);
        if (steps.length === 0) return;
        const outcome = await this.#write(steps, null);
        if (!outcome.ok) reason = outcome.reason;
      }
      throw new FirewallError(`Cannot close ${batch.length} doors: ${reason}`, "see `nft list ruleset`");
    });
  }

  list(): Promise<readonly Grant[]> {
    return this.#inTurn(async () => {
      await this.#look(this.#targets ?? await this.#standing());
      return this.#openGrants();
    });
  }

  repair(live: readonly Grant[], now: number): Promise<boolean> {
    return this.#inTurn(async () => (await this.#rebuild(live, this.#exact(now), {})).changed);
  }

  placeOf(door: Door): string {
    const shape = shapeOf(door);
    if (shape === null) return door.slot;
    const tables = (this.#targets ?? []).filter(({ shapes }) => shapes.includes(shape));
    return tables.length === 0
      ? shape.name
      : tables.map(({ family, table }) => `${family} ${table} ${shape.name}`).join(", ");
  }

  describe(all: boolean): Promise<string> {
    return this.#inTurn(async () => {
      if (all) return `Listing the whole nftables ruleset...\n\n${await mustRun(this.nft, "list ruleset")}`;
      const ruleset = await readRuleset(this.nft);
      await this.#look(await this.#standing(ruleset));
      return describeTargets(ruleset, [...this.#known.values()], this.#clock());
    });
  }

  cleanup(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#teardown([]);
      this.#targets = null;
      this.#known.clear();
      this.#generation = null;
    });
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    this.listener?.[Symbol.dispose]();
  }

  /** Reads the events; true when somebody else did something that may concern us. */
  #drain(listener: RulesetListener): boolean {
    const { changes, lost } = listener.drain();
    return lost || changes.some((change) => change.portId !== this.store.portId && concernsUs(change));
  }

  /** The events of what nft did for us say nothing new; whoever calls this looks at the ruleset afterwards. */
  #forgetEvents(): void {
    this.listener?.drain();
  }

  async #grant(batch: readonly Grant[], live: readonly Grant[], now: number): Promise<readonly GrantOutcome[]> {
    const outcomes: (GrantOutcome | undefined)[] = batch.map((grant) => refusalOf(grant, now));
    const asked = batch.map(({ door, expiresAt }, index) => {
      const element = outcomes[index] === undefined ? elementOf(door) : null;
      return element === null ? null : { element, expiresAt };
    });
    const wanted = longest(asked.filter((opening) => opening !== null));
    const already = new Set<string>();
    const failed = new Map<string, string>();
    try {
      await this.#settle(live, now);
      for (const id of wanted.keys()) if (this.#isOpen(wanted.get(id))) already.add(id);
      if (!await this.#openAll(wanted, live, now)) {
        // One bad element must not keep the others shut.
        for (const opening of wanted.values()) {
          const reason = await this.#openOne(opening, live, now);
          if (reason !== null) failed.set(opening.element.id, reason);
        }
      }
    } catch (error) {
      if (!(error instanceof FirewallError) && !(error instanceof FfiError)) throw error;
      for (const id of wanted.keys()) if (!already.has(id)) failed.set(id, error.message);
    }
    for (const [index, opening] of asked.entries()) {
      if (opening === null) continue;
      const { id } = opening.element;
      const reason = failed.get(id);
      outcomes[index] = reason === undefined
        ? { ok: true, alreadyOpen: already.has(id) || wanted.get(id) !== opening }
        : { ok: false, reason };
    }
    return outcomes.map((outcome) => outcome ?? { ok: false, reason: "nftables cannot hold such a door" });
  }

  /** All in one transaction; false when the kernel refused it. */
  async #openAll(wanted: ReadonlyMap<string, Opening>, live: readonly Grant[], now: number): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcome = await this.#open([...wanted.values()], now);
      if (outcome.ok) return true;
      if (!outcome.stale) return false;
      await this.#settle(live, now);
    }
    return false;
  }

  /** One door by itself; null when it is open, else why not. */
  async #openOne(opening: Opening, live: readonly Grant[], now: number): Promise<string | null> {
    let reason = "";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcome = await this.#open([opening], now);
      if (outcome.ok) return null;
      reason = outcome.reason;
      if (!outcome.stale && attempt > 0) return reason;
      if (outcome.stale) await this.#settle(live, now);
      else await this.#rebuild(live, now, {});
    }
    return reason;
  }

  /** Opens those that are not open long enough, in one transaction. */
  async #open(openings: readonly Opening[], now: number) {
    const missing = openings.filter((opening) => !this.#isOpen(opening));
    const outcome = await this.#write(missing.flatMap((opening) => this.#openingSteps(opening, now)), this.#generation);
    if (outcome.ok) { for (const opening of missing) this.#known.set(opening.element.id, opening); }
    return outcome;
  }

  /** Runs a transaction and keeps count of the generation. */
  async #write(steps: readonly Step[], generation: number | null) {
    if (steps.length === 0) return { ok: true } as const;
    const outcome = await this.store.write(steps, generation);
    // Without a generation in the transaction somebody may have come before it.
    if (outcome.ok) this.#generation = generation === null ? null : nextGeneration(generation);
    return outcome;
  }

  #isOpen(opening: Opening | undefined): boolean {
    if (opening === undefined) return false;
    const known = this.#known.get(opening.element.id);
    return known !== undefined && known.expiresAt >= opening.expiresAt && sameData(known.element, opening.element);
  }

  /** A renewal is add, delete, add: a plain add leaves the old time on older kernels, a plain delete needs the old one. */
  #openingSteps(opening: Opening, now: number): readonly Step[] {
    const { element, expiresAt } = opening;
    const timeoutMs = Math.max(1, Math.round((expiresAt - now) * 1000));
    const before = this.#known.get(element.id);
    const renews = before !== undefined || this.#generation === null;
    return this.#placesOf(element).flatMap((place): Step[] => {
      const add: Step = { verb: "add", place, element, timeoutMs };
      if (!renews) return [add];
      const old = before?.element ?? element;
      return [
        { verb: "add", place, element: old, timeoutMs: null },
        { verb: "delete", place, element: old, timeoutMs: null },
        add,
      ];
    });
  }

  /** Deletions of what is open of these doors, as a fresh look tells. */
  async #closingSteps(batch: readonly Grant[]): Promise<readonly Step[]> {
    const targets = this.#targets ?? await this.#standing();
    const doomed = batch.map(({ door }) => elementOf(door)).filter((element) => element !== null);
    const steps: Step[] = [];
    for (const place of placesOf(targets)) {
      const mine = doomed.filter(({ shape }) => shape === place.shape);
      if (mine.length === 0) continue;
      const present = await this.store.read(place) ?? [];
      for (const { element } of present) {
        if (!mine.some(({ id, data }) => id === element.id && sameData({ data }, element))) continue;
        steps.push({ verb: "delete", place, element, timeoutMs: null });
        this.#known.delete(element.id);
      }
    }
    return steps;
  }

  #placesOf(element: Element): readonly Place[] {
    return placesOf(this.#targets ?? []).filter(({ shape }) => shape === element.shape);
  }

  /** Makes sure that the targets stand and the picture is true, as cheaply as the store allows. */
  async #settle(live: readonly Grant[], now: number): Promise<void> {
    const targets = this.#targets;
    const generation = this.store.generation();
    if (targets !== null && generation !== null) {
      if (generation === this.#generation) return;
      if (targets.length > 0 && targets.every((target) => this.store.isIntact(target))) {
        await this.#look(targets);
        if (this.store.generation() === generation) {
          this.#generation = generation;
          return;
        }
      }
    }
    await this.#rebuild(live, now, {});
  }

  /**
   * Reads the ruleset and puts in place what is missing: chains, sets, jumps, and the doors in `live`. With `force` even
   * what seems to be there, with `takeOver` the doors that any of the tables holds.
   */
  async #rebuild(
    live: readonly Grant[],
    now: number,
    { force = false, takeOver = false }: { readonly force?: boolean; readonly takeOver?: boolean },
  ): Promise<{ readonly changed: boolean; readonly chains: readonly BaseChain[] }> {
    let changed = false;
    let failure = new FirewallError("The ruleset changes too fast to be worked on", "see `nft monitor`");
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const generation = this.store.generation();
      const ruleset = await readRuleset(this.nft);
      const chains = chooseChains(ruleset, this.options, this.options.log);
      const targets = planTargets(chains, this.options.slots);
      const broken = targets.filter((target) => (force && !changed) || !isIntact(ruleset, target));
      if (broken.length > 0) {
        const reply = await this.nft.run(broken.map((target) => buildScript(ruleset, target)).join(""));
        this.#forgetEvents();
        changed ||= reply.ok;
        if (!reply.ok) {
          failure = nftFailure(reply);
          // Something of ours is there in another form, from another version: away with it.
          if (attempt > 0) await this.nft.run(teardownScript(ruleset, targets.filter((one) => !broken.includes(one))));
        }
        continue;
      }
      this.#targets = targets;
      this.#sayWhatIsOpen(chains);
      const inherited = await this.#look(targets);
      if (this.store.generation() !== generation) continue;
      this.#generation = generation;
      const restored = await this.#restore(takeOver ? inherited : [], live, now);
      return { changed: changed || restored, chains };
    }
    throw failure;
  }

  /** Opens again what should be open. */
  async #restore(inherited: readonly Known[], live: readonly Grant[], now: number): Promise<boolean> {
    const openings = live.filter(({ expiresAt }) => expiresAt > now).flatMap(({ door, expiresAt }): Opening[] => {
      const element = elementOf(door);
      return element === null ? [] : [{ element, expiresAt }];
    });
    // A listing tells seconds: what differs by less than one is the same.
    const lost = [...longest([...inherited, ...openings]).values()].filter(({ element, expiresAt }) =>
      this.#placesOf(element).length > 0 && (this.#known.get(element.id)?.expiresAt ?? 0) < expiresAt - 1
    );
    for (let start = 0; start < lost.length; start += MAX_OPENINGS) {
      const outcome = await this.#open(lost.slice(start, start + MAX_OPENINGS), now);
      if (!outcome.ok && !outcome.stale) throw new FirewallError(outcome.reason, "see `nft list ruleset`");
    }
    return lost.length > 0;
  }

  /** Reads all sets and makes them the picture. Returns each door with the longest time that any table has for it. */
  async #look(targets: readonly Target[]): Promise<readonly Known[]> {
    const now = this.#clock();
    const tables = new Map<string, number[]>();
    const elements = new Map<string, Element>();
    for (const place of placesOf(targets)) {
      for (const { element, remainingMs } of await this.store.read(place) ?? []) {
        const ends = remainingMs === null ? Infinity : Math.floor(now + remainingMs / 1000 + LATENESS);
        tables.set(element.id, [...tables.get(element.id) ?? [], ends]);
        elements.set(element.id, element);
      }
    }
    const before = this.#known;
    this.#known = new Map();
    return [...elements].map(([id, element]) => {
      const ends = tables.get(id) ?? [];
      const needed = placesOf(targets).filter(({ shape }) => shape === element.shape).length;
      const listed = ends.length < needed ? 0 : Math.min(...ends);
      const known = before.get(id)?.expiresAt ?? listed;
      this.#known.set(id, { element, expiresAt: Math.abs(known - listed) <= 1 ? known : listed });
      return { element, expiresAt: Math.max(...ends) };
    });
  }

  /** The tables in which something of ours is, for when `prepare` was not called. */
  async #standing(ruleset?: Ruleset): Promise<readonly Target[]> {
    const sets = ourSets(ruleset ?? await readRuleset(this.nft));
    return sets.map(({ family, table, name }) => ({
      family,
      table,
      own: false,
      slots: [],
      shapes: SHAPES.filter((shape) => shape.name === name),
      jumps: [],
    }));
  }

  #openGrants(): readonly Grant[] {
    return [...this.#known.values()].flatMap(({ element, expiresAt }) => {
      const door = doorOfElement(element);
      return door === null || expiresAt === 0 || expiresAt === Infinity ? [] : [{ door, expiresAt }];
    });
  }

  async #teardown(keep: readonly Target[]): Promise<void> {
    let failure: FirewallError | null = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const script = teardownScript(await readRuleset(this.nft), keep);
      if (script === "") return;
      const reply = await this.nft.run(script);
      this.#forgetEvents();
      this.#generation = null;
      if (!reply.ok) failure = nftFailure(reply);
    }
    throw failure ?? new FirewallError("The ruleset changes too fast to be worked on", "see `nft monitor`");
  }

  #sayWhatIsOpen(chains: readonly BaseChain[]): void {
    for (const hook of FILTER_SLOTS.filter((slot) => this.options.slots.includes(slot))) {
      if (chains.some((chain) => chain.hook === hook)) this.#saidOpen.delete(hook);
      else if (!this.#saidOpen.has(hook)) {
        this.#saidOpen.add(hook);
        this.options.log("warning", `nftables: nothing drops packets on the ${hook} hook, so there is nothing to open`);
      }
    }
  }

  /** The run loop counts whole seconds; a timeout should not be longer for that. */
  #exact(now: number): number {
    const exact = this.#clock();
    return Math.floor(exact) === now ? exact : now;
  }
}

/** Openings of one transaction when everything is put back: a netlink message has a largest size. */
const MAX_OPENINGS = 256;
/** Seconds by which a timer may seem early, from rounding and from the time that a look takes. */
const LATENESS = 0.05;

function placesOf(targets: readonly Target[]): readonly Place[] {
  return targets.flatMap(({ family, table, shapes }) => shapes.map((shape) => ({ family, table, shape })));
}

/** One opening per element: the longest for the same door, the last one where the doors differ. */
function longest(openings: readonly Opening[]): Map<string, Opening> {
  const chosen = new Map<string, Opening>();
  for (const opening of openings) {
    const known = chosen.get(opening.element.id);
    const longer = known === undefined || !sameData(known.element, opening.element) ||
      known.expiresAt < opening.expiresAt;
    if (longer) chosen.set(opening.element.id, opening);
  }
  return chosen;
}

function refusalOf({ door, expiresAt }: Grant, now: number): GrantOutcome | undefined {
  if (expiresAt <= now) return { ok: false, reason: "its time is over" };
  return shapeOf(door) === null ? { ok: false, reason: "nftables cannot hold such a door" } : undefined;
}

function sameData(a: Pick<Element, "data">, b: Pick<Element, "data">): boolean {
  return a.data?.toHex() === b.data?.toHex();
}

/** The kernel skips 0. */
function nextGeneration(generation: number): number {
  return generation === 0xffffffff ? 1 : generation + 1;
}

/** Whether somebody else's change can have taken away, or put in our way, anything. Other people's elements cannot. */
function concernsUs({ message, set }: RulesetChange): boolean {
  switch (message) {
    case NFT_MSG.newTable:
    case NFT_MSG.delTable:
    case NFT_MSG.newChain:
    case NFT_MSG.delChain:
    case NFT_MSG.newRule:
    case NFT_MSG.delRule:
      return true;
    case NFT_MSG.delSet:
    case NFT_MSG.delSetElem:
      return set.startsWith(PREFIX);
    default:
      return false;
  }
}

function asFirewallError(error: unknown): unknown {
  if (!(error instanceof FfiError)) return error;
  return new FirewallError(`nftables: ${error.message}`, error.details.hint ?? "set FIREWALL to iptables", {
    cause: error,
  });
}

/** Runs one piece of work at a time, in the order of asking; what goes wrong below leaves as a `FirewallError`. */
function createQueue(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work).catch((error) => {
      throw asFirewallError(error);
    });
    last = mine.catch(() => {});
    return mine;
  };
}
