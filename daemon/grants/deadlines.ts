/**
 * What comes next of many things that each have a time: a binary heap that knows where in it each of them stands. Reading
 * the first costs nothing, everything else the logarithm of how many there are. Pure.
 */

/** One of them and when. */
export interface Deadline<Key> {
  readonly key: Key;
  readonly at: number;
}

/** A place of the heap; `order` is that in which they came, which counts between equal times. */
interface Place<Key> {
  readonly key: Key;
  readonly order: number;
  at: number;
  index: number;
}

/** Keys by their times. */
export class Deadlines<Key> {
  readonly #heap: Place<Key>[] = [];
  readonly #places = new Map<Key, Place<Key>>();
  #orders = 0;

  /** How many there are. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest; null when there is none. */
  get first(): Deadline<Key> | null {
    return this.#heap[0] ?? null;
  }

  /** Gives the key this time, in the place of another. */
  set(key: Key, at: number): void {
    const known = this.#places.get(key);
    if (known !== undefined) {
      known.at = at;
      this.#settle(known);
      return;
    }
    const place: Place<Key> = { key, at, order: this.#orders++, index: this.#heap.length };
    this.#places.set(key, place);
    this.#heap.push(place);
    this.#settle(place);
  }

  /** Forgets the key, if it is there. */
  delete(key: Key): void {
    const place = this.#places.get(key);
    const last = this.#heap.at(-1);
    if (place === undefined || last === undefined) return;
    this.#places.delete(key);
    this.#heap.pop();
    if (last === place) return;
    this.#put(last, place.index);
    this.#settle(last);
  }

  /** Those whose time has come at `now`, the earliest first. The others are not looked at. */
  upTo(now: number): readonly Key[] {
    const found: Place<Key>[] = [];
    const open = [0];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const place = this.#heap[index];
      if (place === undefined || place.at > now) continue;
      found.push(place);
      open.push(2 * index + 1, 2 * index + 2);
    }
    return found.sort(compare).map(({ key }) => key);
  }

  /** The same, and forgets them. */
  takeUpTo(now: number): readonly Key[] {
    const taken: Key[] = [];
    for (let first = this.first; first !== null && first.at <= now; first = this.first) {
      taken.push(first.key);
      this.delete(first.key);
    }
    return taken;
  }

  /** Forgets all. */
  clear(): void {
    this.#heap.length = 0;
    this.#places.clear();
  }

  #put(place: Place<Key>, index: number): void {
    this.#heap[index] = place;
    place.index = index;
  }

  /** Moves it to where its time belongs. */
  #settle(place: Place<Key>): void {
    for (let above = this.#above(place); above !== null && compare(place, above) < 0; above = this.#above(place)) {
      this.#exchange(place, above);
    }
    for (let below = this.#below(place); below !== null && compare(below, place) < 0; below = this.#below(place)) {
      this.#exchange(place, below);
    }
  }

  #above({ index }: Place<Key>): Place<Key> | null {
    return index === 0 ? null : this.#heap[(index - 1) >> 1] ?? null;
  }

  /** The earlier of the two. */
  #below({ index }: Place<Key>): Place<Key> | null {
    const left = this.#heap[2 * index + 1], right = this.#heap[2 * index + 2];
    return left !== undefined && right !== undefined && compare(right, left) < 0 ? right : left ?? null;
  }

  #exchange(one: Place<Key>, other: Place<Key>): void {
    const { index } = one;
    this.#put(one, other.index);
    this.#put(other, index);
  }
}

function compare<Key>(one: Place<Key>, other: Place<Key>): number {
  return one.at < other.at ? -1 : one.at > other.at ? 1 : one.order - other.order;
}
