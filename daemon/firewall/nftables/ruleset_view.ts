/**
 * The view that the daemon has of what is its own in the ruleset: in which tables its chains and sets stand, by which handles
 * its jumps are known, and which grants are open. Nobody else's rules are read for it, and no transaction asks that nothing
 * else has changed: what others take away is told by events, and found again by looking at our own objects.
 */
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Refusal } from "../../../ffi/nfnetlink/transact.ts";
import type { ElementChange, TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import type { Log, LogLine } from "../../../lib/log.ts";
import { createFacts } from "../../report/facts.ts";
import { FirewallError, type Grant, type LiveGrants } from "../firewall.ts";
import { formatTable } from "../names.ts";
import type { PathChain } from "../path/model.ts";
import { chooseChains, OWNED, type Wanted } from "./choose_chains.ts";
import type { Element } from "./elements.ts";
import { KnownElements, readElements } from "./known_elements.ts";
import { bringsOurs, type Change, concernsUs } from "./events.ts";
import { adopted, type FoundTable, type OurTable, planTables, sameTable } from "./placement.ts";
import { Placements } from "./placements.ts";
import { foundIn, isDormant, ourSets, searchTable, setsIn, tablesWithOurChains, tablesWithOurs } from "./reading.ts";
import { isOwned, LOOK, OWNER_HINT, reasonOf } from "./refusals.ts";
import {
  type ElementSet,
  liveElements,
  longest,
  sameData,
  setNameOf,
  setsOf,
  stepsToOpen,
  stepToClose,
  type TimedElement,
} from "./timed_elements.ts";

/** How often work is begun again because others changed meanwhile what it is about. */
export const ATTEMPTS = 5;

/** Elements of one transaction: a netlink message has a largest size. */
export const MAX_ELEMENTS = 256;

/** What the view works with. */
export interface ViewOptions {
  readonly wanted: Wanted;
  readonly log: Log;
  /** Unix seconds with their fraction. */
  readonly clock: () => number;
}

/** A transaction on elements that was refused. */
export interface ElementRefusal {
  readonly refusal: Refusal | undefined;
  /** The table of the element that was refused. */
  readonly at: TableName | null;
}

export class RulesetView {
  readonly placements: Placements;
  readonly #known = new KnownElements();
  readonly #facts = createFacts();
  #isPrepared = false;
  /** What was heard since the last look at our own objects: nothing (then a look has another reason), or what it was. */
  #heard: "nothing" | "changes" | "brought" = "nothing";

  constructor(readonly netlink: Nfnetlink, readonly options: ViewOptions) {
    this.placements = new Placements(netlink, options.log);
  }

  /** What is open, grants of ours only. */
  get grants(): readonly Grant[] {
    return this.#known.grants;
  }

  /** Whether that grant is open at least so long, as far as it is known. */
  isOpen(timed: TimedElement): boolean {
    return this.#known.isOpen(timed);
  }

  /**
   * Goes into the chains, takes over what an earlier run left there (`flush`: takes it away), and takes away what it left
   * elsewhere. Throws `FirewallError` where a named chain cannot be used.
   */
  async prepare(path: readonly PathChain[], flush: boolean): Promise<void> {
    const { log, clock } = this.options;
    const plan = this.#plan(path, true);
    const found = await this.#search(tablesWithOurs(this.netlink));
    for (const table of found) {
      for (const { chain } of table.chains) log("info", `'${formatTable(table)}' table '${chain}' chain exists`);
    }
    const now = clock();
    const inherited = flush ? [] : readElements(this.netlink, setsIn(found), clock)
      .map(({ element, ends }) => ({ element, expiresAt: Math.max(0, ...ends.filter(Number.isFinite)) }));
    const left = found.filter((table) => flush || !plan.some((ours) => sameTable(ours, table)));
    await this.placements.leave(left);
    const stays = found.filter((table) => !left.includes(table));
    const { failure } = this.placements.place(plan, (ours) => stays.find((table) => sameTable(table, ours)));
    this.#isPrepared = true;
    this.#restore(inherited.filter(({ expiresAt }) => expiresAt > now), now);
    if (failure !== null) throw failure;
  }

  /** After a survey: the same for live grants, where it is known already what is ours. True: something was changed. */
  async adapt(path: readonly PathChain[], live: LiveGrants, now: number): Promise<boolean> {
    const plan = this.#plan(path, false);
    // A ruleset that was saved with our chains in it and loaded again brings jumps that nobody knows.
    const known = this.placements.tables.filter(({ jumps, ours }) => jumps.length > 0 || ours.own);
    const searched = await this.#search(
      tablesWithOurChains(this.netlink).filter((table) => !known.some(({ ours }) => sameTable(ours, table))),
    );
    const left = [...known.flatMap(({ ours }) => this.placements.find(ours) ?? []), ...searched]
      .filter((table) => table.chains.length + table.sets.length > 0 && !plan.some((ours) => sameTable(ours, table)));
    const hasLeft = await this.placements.leave(left);
    const { changed, failure } = this.placements.place(
      plan,
      (ours) => searched.find((table) => sameTable(table, ours)) ?? this.placements.find(ours),
    );
    // Elements that others took away were told of, and `repair` has put them back: reading all of them delays knocks.
    const restored = (hasLeft || changed || failure !== null) && this.#restore(liveElements(live, now), now);
    if (failure !== null) throw failure;
    return hasLeft || changed || restored;
  }

  /** Whether a change that somebody else made can have taken something of ours away. */
  hear(change: Change): boolean {
    const { tables } = this.placements;
    const isBrought = this.#isPrepared && bringsOurs(change, tables);
    if (isBrought) this.#heard = "brought";
    else if (!concernsUs(change, tables)) return false;
    else if (this.#heard === "nothing") this.#heard = "changes";
    return true;
  }

  /** Looks at our own objects and puts back what is missing. Throws `FirewallError` where that fails. */
  repair(live: LiveGrants, now: number): "intact" | "restored" | "gone" {
    const { placements } = this;
    const brought = this.#heard === "changes" ? [] : this.#brought();
    this.#heard = "nothing";
    const { changed, failure } = placements.place(
      [...placements.tables.map(({ ours }) => ours), ...brought],
      (ours) => placements.find(ours) ?? foundIn(this.netlink, ours),
    );
    const restored = this.#restore(liveElements(live, now), now);
    if (failure !== null) throw failure;
    if (placements.isGone) return "gone";
    return changed || restored ? "restored" : "intact";
  }

  /**
   * Opens those that are not open long enough, in one transaction. Null: they are open. `isNew`: what is not known is not
   * there, which costs the kernel a third, and is refused (EEXIST) where it is wrong.
   */
  open(elements: readonly TimedElement[], now: number, isNew = false): ElementRefusal | null {
    const missing = elements.filter((timed) => !this.isOpen(timed));
    const sets = this.#sets();
    const refused = this.#write(missing.flatMap((timed) => {
      const before = this.#known.get(timed.element.id) ?? (isNew ? "new" : null);
      return stepsToOpen(timed, sets, { before, now });
    }));
    if (refused === null) this.#known.add(missing, now);
    return refused;
  }

  /** Does what it takes to open them, but has it refused: nothing comes of it here or in the kernel. */
  openInVain(elements: readonly TimedElement[], now: number): null {
    const sets = this.#sets();
    const steps = elements.flatMap((timed) => stepsToOpen(timed, sets, { before: "new", now }));
    this.netlink.transactInVain(steps);
    return null;
  }

  /** Closes these grants, whatever is believed of them, in one transaction. Null: none of them is open any more. */
  close(doomed: readonly Element[]): ElementRefusal | null {
    const refused = this.#write(
      this.#sets().flatMap((set) =>
        doomed.filter((element) => element.layout === set.layout && this.#holds(set, element))
          .map((element) => stepToClose(element, set))
      ),
    );
    for (const { id } of refused === null ? doomed : []) this.#known.delete(id);
    return refused;
  }

  /** Reads all sets of ours, and believes them. */
  read(): void {
    this.#known.replace(readElements(this.netlink, this.#sets(), this.options.clock));
  }

  /** Takes away all that is ours. Throws `FirewallError` where something stays. */
  async takeAwayAll(): Promise<void> {
    await this.placements.leave(this.placements.tables.flatMap(({ ours }) => this.placements.find(ours) ?? []));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const left = tablesWithOurs(this.netlink);
      if (left.length === 0) break;
      await this.placements.leave(await this.#search(left));
    }
    this.placements.forget();
    this.#isPrepared = false;
    this.#known.clear();
    this.#refuseLeftovers();
  }

  /** Throws where something of ours is still there. */
  #refuseLeftovers(): void {
    const left = tablesWithOurs(this.netlink);
    if (left.length === 0) return;
    const isLocked = this.netlink.tables().some((one) => one.owner !== null && left.some((at) => sameTable(at, one)));
    throw new FirewallError(
      `Cannot take away what belongs to fwknopd in ${left.map(formatTable).join(", ")}: ` +
        (isLocked ? OWNED : "somebody puts it back"),
      isLocked ? OWNER_HINT : LOOK,
    );
  }

  /** All that is ours in the tables, whoever put it there. */
  async #search(tables: readonly TableName[]): Promise<readonly FoundTable[]> {
    const found: FoundTable[] = [];
    for (const table of tables) found.push(await searchTable(this.netlink, table));
    return found;
  }

  /**
   * Tables in which somebody put chains of our names: jumps to them count as ours, so their sets get what is open. Whether
   * they are wanted there is for the next survey to say.
   */
  #brought(): readonly OurTable[] {
    const { slots } = this.options.wanted;
    return tablesWithOurChains(this.netlink)
      .filter((table) => !this.placements.tables.some(({ ours }) => sameTable(ours, table)))
      .map((table) => adopted(foundIn(this.netlink, table), slots));
  }

  /** The tables to go into. */
  #plan(path: readonly PathChain[], strict: boolean): readonly OurTable[] {
    const { wanted, log } = this.options;
    const { chains, facts, mistake } = chooseChains(path, wanted, (table) => isDormant(this.netlink, table));
    if (mistake !== null && strict) throw mistake;
    const mistakes: LogLine[] = mistake === null
      ? []
      : [{ level: "error", text: `${mistake.message}; ${mistake.hint}` }];
    this.#facts("hooks", [...facts, ...mistakes], log);
    this.placements.beginAnew();
    return planTables(chains, wanted.slots);
  }

  /** Opens again what should be open. */
  #restore(wanted: readonly TimedElement[], now: number): boolean {
    this.read();
    const sets = this.#sets();
    // A listing may count in whole seconds: what differs by less than one is the same.
    const lost = [...longest(wanted).values()].filter(({ element, expiresAt }) =>
      sets.some(({ layout }) => layout === element.layout) && !this.isOpen({ element, expiresAt: expiresAt - 1 })
    );
    for (let start = 0; start < lost.length;) {
      const refused = this.open(lost.slice(start, start + MAX_ELEMENTS), now);
      if (refused === null) start += MAX_ELEMENTS;
      else if (isOwned(refused.refusal) && refused.at !== null) this.placements.leaveOut(refused.at);
      else throw new FirewallError(`Cannot put grants back: ${reasonOf(refused.refusal)}`, LOOK);
    }
    return lost.length > 0;
  }

  #sets(): readonly ElementSet[] {
    return this.#isPrepared ? setsOf(this.placements.tables.map(({ ours }) => ours)) : ourSets(this.netlink);
  }

  #holds(set: ElementSet, element: Element): boolean {
    const held = this.netlink.element({ ...setNameOf(set), key: element.key });
    return held?.kind === "element" && sameData(held, element);
  }

  #write(steps: readonly ElementChange[]): ElementRefusal | null {
    if (steps.length === 0) return null;
    const outcome = this.netlink.transact(steps, null);
    if (outcome.ok) return null;
    const refusal = outcome.stale ? undefined : outcome.refusals[0];
    return { refusal, at: refusal === undefined || refusal.index === null ? null : steps[refusal.index] ?? null };
  }
}
