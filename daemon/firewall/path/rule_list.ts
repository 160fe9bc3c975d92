/**
 * The rules of a chain in order, kept true by what is told of changes, each at the same cost however many there are; and an
 * index, so that a packet does not visit thousands of rules that are for other addresses or ports. Pure.
 */
import { DESTINATION_PORT, FAMILY, SOURCE4, SOURCE6 } from "./operand.ts";
import { equals, type Packet } from "./packet.ts";
import type { Rule } from "./rule.ts";

/** A rule at its place. */
interface Placed {
  readonly rule: Rule;
  /** Grows along the chain. */
  readonly order: number;
  next: Placed | null;
  previous: Placed | null;
}

/** Chains with fewer rules are looked through as they are. */
const INDEXED_FROM = 64;

/** The rules of one chain. */
export class RuleList {
  readonly #places = new Map<number, Placed>();
  #first: Placed | null = null;
  #last: Placed | null = null;
  #index: Index | null = null;
  /** Where the rule stood that was taken out last, unless others came since. */
  #gap: { readonly handle: number; readonly previous: Placed | null; readonly next: Placed | null } | null = null;

  get size(): number {
    return this.#places.size;
  }

  get(handle: number): Rule | null {
    return this.#places.get(handle)?.rule ?? null;
  }

  /** Puts it at the end. */
  append(rule: Rule): boolean {
    return this.#place(rule, this.#last, null);
  }

  /** Puts it at the head. */
  prepend(rule: Rule): boolean {
    return this.#place(rule, null, this.#first);
  }

  /** Puts it behind the rule with that handle; false where that is not here or there is no more room between the two. */
  insertAfter(handle: number, rule: Rule): boolean {
    const before = this.#places.get(handle);
    return before !== undefined && this.#place(rule, before, before.next);
  }

  /** Puts it where the one with its handle was taken out just now, as a rule that is replaced is told; false where none was. */
  putBack(rule: Rule): boolean {
    return this.#gap?.handle === rule.handle && this.#place(rule, this.#gap.previous, this.#gap.next);
  }

  /** Takes a rule out; null where it is not here. */
  remove(handle: number): Rule | null {
    const place = this.#places.get(handle);
    if (place === undefined) return null;
    this.#places.delete(handle);
    if (place.previous === null) this.#first = place.next;
    else place.previous.next = place.next;
    if (place.next === null) this.#last = place.previous;
    else place.next.previous = place.previous;
    this.#index?.remove(place);
    this.#gap = { handle, previous: place.previous, next: place.next };
    return place.rule;
  }

  /** All of them in order. */
  *all(): Generator<Rule> {
    for (let place = this.#first; place !== null; place = place.next) yield place.rule;
  }

  /** In order, those that can be for the packet, and perhaps others. */
  for(packet: Packet): Iterable<Rule> {
    if (this.size < INDEXED_FROM) return this.all();
    this.#index ??= this.#makeIndex();
    return this.#index.find(packet) ?? this.all();
  }

  #makeIndex(): Index {
    const index = new Index();
    for (let place = this.#first; place !== null; place = place.next) index.add(place);
    return index;
  }

  #place(rule: Rule, previous: Placed | null, next: Placed | null): boolean {
    const order = orderBetween(previous?.order, next?.order);
    // Halving came to its end: the caller reads the chain anew, which numbers it anew.
    if (order === previous?.order || order === next?.order) return false;
    const place: Placed = { rule, order, next, previous };
    this.#gap = null;
    if (previous === null) this.#first = place;
    else previous.next = place;
    if (next === null) this.#last = place;
    else next.previous = place;
    this.#places.set(rule.handle, place);
    this.#index?.add(place);
    return true;
  }
}

function orderBetween(before: number | undefined, after: number | undefined): number {
  if (before === undefined) return after === undefined ? 0 : after - 1;
  return after === undefined ? before + 1 : (before + after) / 2;
}

/** Rules by the one source, else the one port, that they are for. */
class Index {
  readonly #bySource = new Map<string, Placed[]>();
  readonly #byPort = new Map<string, Placed[]>();
  readonly #others = new Set<Placed>();
  /** The others in order; null when it has to be made anew. */
  #inOrder: readonly Placed[] | null = null;

  add(place: Placed): void {
    const key = keyOf(place.rule);
    if (key === null) {
      this.#others.add(place);
      this.#inOrder = null;
      return;
    }
    const map = key.source ? this.#bySource : this.#byPort;
    const known = map.get(key.value);
    if (known === undefined) map.set(key.value, [place]);
    else known.push(place);
  }

  remove(place: Placed): void {
    const key = keyOf(place.rule);
    if (key === null) {
      this.#others.delete(place);
      this.#inOrder = null;
      return;
    }
    const map = key.source ? this.#bySource : this.#byPort;
    const left = map.get(key.value)?.filter((one) => one !== place) ?? [];
    if (left.length === 0) map.delete(key.value);
    else map.set(key.value, left);
  }

  /** Null where the source of the packet is not known. */
  find(packet: Packet): Iterable<Rule> | null {
    const hits: Placed[] = [];
    for (const operand of [SOURCE4, SOURCE6]) {
      const value = packet.see(operand);
      if (value.elsewhere || value.opaque) continue;
      if (value.low === value.high) hits.push(...this.#bySource.get(value.low) ?? []);
      // The bytes of the other family are those of other fields.
      else if (!(operand === SOURCE4 ? isFamily(packet, 6) : isFamily(packet, 4))) return null;
    }
    const port = packet.see(DESTINATION_PORT);
    if (port.low === port.high) hits.push(...this.#byPort.get(port.low) ?? []);
    else if (!port.elsewhere && !port.opaque) hits.push(...[...this.#byPort.values()].flat());
    this.#inOrder ??= [...this.#others].sort(byOrder);
    return merged(this.#inOrder, hits.sort(byOrder));
  }
}

function isFamily(packet: Packet, family: 4 | 6): boolean {
  return equals(packet.see(FAMILY), family === 4 ? "\x02" : "\x0a") === true;
}

function keyOf({ conditions }: Rule): { readonly source: boolean; readonly value: string } | null {
  let port: string | null = null;
  for (const condition of conditions) {
    if (condition.kind !== "compare" || condition.how !== "eq") continue;
    const { operand, value } = condition;
    if (operand === SOURCE4 || operand === SOURCE6) return { source: true, value };
    if (operand === DESTINATION_PORT) port = value;
  }
  return port === null ? null : { source: false, value: port };
}

function byOrder(a: Placed, b: Placed): number {
  return a.order - b.order;
}

function* merged(first: readonly Placed[], second: readonly Placed[]): Generator<Rule> {
  let at = 0;
  for (const place of first) {
    for (let other = second[at]; other !== undefined && other.order < place.order; other = second[++at]) {
      yield other.rule;
    }
    yield place.rule;
  }
  for (const { rule } of second.slice(at)) yield rule;
}
