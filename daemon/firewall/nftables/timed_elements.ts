/** Grants to open as transactions on elements. Pure. */
import type { Grant } from "../firewall.ts";
import { type Element, elementOf } from "./elements.ts";
import type { ElementSet, Step } from "./store.ts";
import type { OurTable } from "./placement.ts";

/** An element and the end of its time in Unix seconds; Infinity for one without a timeout. */
export interface TimedElement {
  readonly element: Element;
  readonly expiresAt: number;
}

/** The element for a grant; null when nftables cannot hold such a grant. */
export function timedElementOf({ access, expiresAt }: Grant): TimedElement | null {
  const element = elementOf(access);
  return element === null ? null : { element, expiresAt };
}

/** One of each element: the longest for the same grant, the last one where the grants differ in what they lead to. */
export function longest(elements: readonly TimedElement[]): Map<string, TimedElement> {
  const chosen = new Map<string, TimedElement>();
  for (const timed of elements) {
    const known = chosen.get(timed.element.id);
    if (
      known === undefined || !sameData(known.element, timed.element) || known.expiresAt < timed.expiresAt
    ) chosen.set(timed.element.id, timed);
  }
  return chosen;
}

/** Whether a map would hold the same for both; always so in sets. */
export function sameData(a: Pick<Element, "data">, b: Pick<Element, "data">): boolean {
  return a.data === b.data || (a.data?.length === b.data?.length && a.data?.every((byte, i) => byte === b.data?.[i])) ||
    false;
}

/** All sets and maps of the tables. */
export function setsOf(tables: readonly OurTable[]): readonly ElementSet[] {
  return tables.flatMap(({ family, table, layouts }) => layouts.map((layout) => ({ family, table, layout })));
}

/**
 * The steps that open a grant in every set. Where the element may be there already (`before`) it is added, deleted and
 * added again in one transaction: a plain add leaves the old time on older kernels, a plain delete needs the old element.
 */
export function stepsToOpen(
  { element, expiresAt }: TimedElement,
  sets: readonly ElementSet[],
  { before, now }: { readonly before: Element | null; readonly now: number },
): readonly Step[] {
  const timeoutMs = Math.max(1, Math.round((expiresAt - now) * 1000));
  return sets.filter(({ layout }) => layout === element.layout).flatMap((set): Step[] => {
    const add: Step = { verb: "add", set, element, timeoutMs };
    if (before === null) return [add];
    return [
      { verb: "add", set, element: before, timeoutMs: null },
      { verb: "delete", set, element: before, timeoutMs: null },
      add,
    ];
  });
}
