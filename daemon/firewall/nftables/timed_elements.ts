/** Grants to open as transactions on elements. Pure. */
import type { Grant, LiveGrants } from "../firewall.ts";
import type { ElementChange, SetName, TableName } from "../../../ffi/nfnetlink/ruleset.ts";
import { type Element, elementOf } from "./elements.ts";
import type { OurTable } from "./placement.ts";
import type { SetLayout } from "./set_layout.ts";

/** A set or map in a table. */
export interface ElementSet extends TableName {
  readonly layout: SetLayout;
}

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
 * The steps that open a grant in every set. It is added, deleted and added again in one transaction: a plain add leaves the
 * old time of an element that is there already, a plain delete needs one. `before`: what a set is known to hold for the key.
 * One that is believed to be new is only added, which is refused where it is not.
 */
export function stepsToOpen(
  { element, expiresAt }: TimedElement,
  sets: readonly ElementSet[],
  { before, now }: { readonly before: Element | "new" | null; readonly now: number },
): readonly ElementChange[] {
  const timeoutMs = Math.max(1, Math.round((expiresAt - now) * 1000));
  const itsSets = sets.filter(({ layout }) => layout === element.layout);
  if (before === "new") return itsSets.map((set) => ({ ...changeOf("add", set, element), timeoutMs, onlyNew: true }));
  return itsSets.flatMap((set): ElementChange[] => [
    changeOf("add", set, before ?? element),
    changeOf("delete", set, before ?? element),
    { ...changeOf("add", set, element), timeoutMs },
  ]);
}

/** The step that closes what an element holds open in a set. */
export function stepToClose(element: Element, set: ElementSet): ElementChange {
  return changeOf("delete", set, element);
}

function changeOf(verb: ElementChange["verb"], set: ElementSet, { key, data }: Element): ElementChange {
  return { ...setNameOf(set), verb, key, ...(data === null ? {} : { data }) };
}

/** The set by its names. */
export function setNameOf({ family, table, layout }: ElementSet): SetName {
  return { family, table, set: layout.name };
}

/** What should be open. Of two grants that a map cannot hold together the one that ends last comes last, and stays. */
export function liveElements(live: LiveGrants, now: number): readonly TimedElement[] {
  return [...live].filter(({ expiresAt }) => expiresAt > now).map(timedElementOf).filter((timed) => timed !== null)
    .toSorted((a, b) => a.expiresAt - b.expiresAt);
}
