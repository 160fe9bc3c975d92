/** The elements that are believed to be in our sets, and reading them anew. */
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { Deadlines } from "../../grants/deadlines.ts";
import type { Grant } from "../firewall.ts";
import { accessOfElement, type Element, makeElement } from "./elements.ts";
import { type ElementSet, sameData, setNameOf, type TimedElement } from "./timed_elements.ts";

/** Seconds by which a grant may seem to close early, from rounding and from the time that reading takes. */
const LATENESS = 0.05;

/** So many are kept before those whose time is over are forgotten. */
const KEPT = 1024;

/** An element as the sets of all tables hold it. */
export interface ReadElement {
  readonly element: Element;
  /** When it ends in each set that has it: Unix seconds, Infinity for one without a timeout. */
  readonly ends: readonly number[];
  /** Whether every set of its layout has it. */
  readonly everywhere: boolean;
}

/** Reads all sets. `clock`: Unix seconds with their fraction. */
export function readElements(
  netlink: Pick<Nfnetlink, "elements">,
  sets: readonly ElementSet[],
  clock: () => number,
): readonly ReadElement[] {
  const found = new Map<string, { readonly element: Element; readonly ends: number[] }>();
  for (const set of sets) {
    const now = clock();
    for (const { kind, key, data, remainingMs } of netlink.elements(setNameOf(set)) ?? []) {
      if (kind !== "element") continue;
      const element = makeElement(set.layout, key.slice(), data?.slice() ?? null);
      const end = remainingMs === null ? Infinity : Math.floor(now + remainingMs / 1000 + LATENESS);
      const known = found.get(element.id);
      if (known === undefined) found.set(element.id, { element, ends: [end] });
      else known.ends.push(end);
    }
  }
  return [...found.values()].map(({ element, ends }) => ({
    element,
    ends,
    everywhere: ends.length === sets.filter(({ layout }) => layout === element.layout).length,
  }));
}

/** Elements by what they stand for, each with the end that it has in every set. */
export class KnownElements {
  readonly #elements = new Map<string, TimedElement>();
  /** When each of them is over. */
  readonly #ends = new Deadlines<string>();

  /** All of them. */
  get all(): readonly TimedElement[] {
    return [...this.#elements.values()];
  }

  /** The grants that are open by them: not those that no set of some table has, nor those that do not end. */
  get grants(): readonly Grant[] {
    return this.all.flatMap(({ element, expiresAt }) => {
      const access = accessOfElement(element);
      return access === null || expiresAt === 0 || expiresAt === Infinity ? [] : [{ access, expiresAt }];
    });
  }

  /** Whether that grant is open at least so long. */
  isOpen({ element, expiresAt }: TimedElement): boolean {
    const known = this.#elements.get(element.id);
    return known !== undefined && known.expiresAt >= expiresAt && sameData(known.element, element);
  }

  /** What a set holds under that id; null when nothing is known to be there. */
  get(id: string): Element | null {
    return this.#elements.get(id)?.element ?? null;
  }

  /** Notes elements that were added, and forgets those that are over at `now`, where there are many. */
  add(elements: readonly TimedElement[], now: number): void {
    for (const timed of elements) this.#set(timed);
    if (this.#elements.size < KEPT) return;
    for (const id of this.#ends.takeUpTo(now)) this.#elements.delete(id);
  }

  /** Forgets an element that was deleted. */
  delete(id: string): void {
    this.#elements.delete(id);
    this.#ends.delete(id);
  }

  #set(timed: TimedElement): void {
    const { element: { id }, expiresAt } = timed;
    this.#elements.set(id, timed);
    // What has no end stays until it is deleted; so does what not every set has, until it is put there.
    if (expiresAt > 0 && expiresAt !== Infinity) this.#ends.set(id, expiresAt);
    else this.#ends.delete(id);
  }

  /** Believes what was read, and nothing else. */
  replace(found: readonly ReadElement[]): void {
    const read = found.map(({ element, ends, everywhere }): TimedElement => {
      const listed = everywhere ? Math.min(...ends) : 0;
      const granted = this.#elements.get(element.id)?.expiresAt ?? listed;
      // A listing may count in whole seconds; what was granted is exact.
      return { element, expiresAt: Math.abs(granted - listed) <= 1 ? granted : listed };
    });
    this.clear();
    for (const timed of read) this.#set(timed);
  }

  /** Knows nothing any more. */
  clear(): void {
    this.#elements.clear();
    this.#ends.clear();
  }
}
