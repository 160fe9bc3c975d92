/** Doors to open as transactions on elements. Pure. */
import type { Grant } from "../firewall.ts";
import { type Element, elementOf } from "./elements.ts";
import type { Place, Step } from "./store.ts";
import type { Target } from "./placement.ts";

/** An element and the end of its time in Unix seconds; Infinity for one without a timeout. */
export interface Opening {
  readonly element: Element;
  readonly expiresAt: number;
}

/** The opening for a grant; null when nftables cannot hold such a door. */
export function openingOf({ door, expiresAt }: Grant): Opening | null {
  const element = elementOf(door);
  return element === null ? null : { element, expiresAt };
}

/** One opening per element: the longest for the same door, the last one where the doors differ in what they lead to. */
export function longest(openings: readonly Opening[]): Map<string, Opening> {
  const chosen = new Map<string, Opening>();
  for (const opening of openings) {
    const known = chosen.get(opening.element.id);
    if (
      known === undefined || !sameData(known.element, opening.element) || known.expiresAt < opening.expiresAt
    ) chosen.set(opening.element.id, opening);
  }
  return chosen;
}

/** Whether a map would hold the same for both; always so in sets. */
export function sameData(a: Pick<Element, "data">, b: Pick<Element, "data">): boolean {
  return a.data === b.data || (a.data?.length === b.data?.length && a.data?.every((byte, i) => byte === b.data?.[i])) ||
    false;
}

/** All sets and maps of the targets. */
export function placesOf(targets: readonly Target[]): readonly Place[] {
  return targets.flatMap(({ family, table, shapes }) => shapes.map((shape) => ({ family, table, shape })));
}

/**
 * The steps that open a door in every place. Where the element may be there already (`before`) it is added, deleted and
 * added again in one transaction: a plain add leaves the old time on older kernels, a plain delete needs the old element.
 */
export function openingSteps(
  { element, expiresAt }: Opening,
  places: readonly Place[],
  { before, now }: { readonly before: Element | null; readonly now: number },
): readonly Step[] {
  const timeoutMs = Math.max(1, Math.round((expiresAt - now) * 1000));
  return places.filter(({ shape }) => shape === element.shape).flatMap((place): Step[] => {
    const add: Step = { verb: "add", place, element, timeoutMs };
    if (before === null) return [add];
    return [
      { verb: "add", place, element: before, timeoutMs: null },
      { verb: "delete", place, element: before, timeoutMs: null },
      add,
    ];
  });
}
