/**
 * Numbers of what stands in a row, such as rules in a chain, while others come at either end and go from anywhere: a tree of
 * counts (Fenwick's), so that nothing of it costs more than the logarithm of how many there are. Pure.
 */

/** Places of a row that is new. */
const FEW = 64;

/** A row of keys, each of which may stand in it more than once. */
export class Ranking<Key> {
  /** By key its places, the lowest first. */
  readonly #places = new Map<Key, number[]>();
  /** For place p, counted from 1, how many of the `p & -p` places up to it are taken. */
  #counts = new Int32Array(FEW + 1);
  /** Places from `#first` to before `#next` were given away. */
  #first = FEW / 2;
  #next = FEW / 2;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Puts the key behind all others. */
  append(key: Key): void {
    if (this.#next >= this.#counts.length) this.#renumber();
    const places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, [this.#next]);
    else places.push(this.#next);
    this.#count(this.#next++, 1);
  }

  /** Puts the key before all others. */
  prepend(key: Key): void {
    if (this.#first <= 1) this.#renumber();
    const places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, [--this.#first]);
    else places.unshift(--this.#first);
    this.#count(this.#first, 1);
  }

  /** Takes the first of this key away, if there is one. */
  delete(key: Key): void {
    const places = this.#places.get(key);
    const place = places?.shift();
    if (place === undefined) return;
    if (places?.length === 0) this.#places.delete(key);
    this.#count(place, -1);
  }

  /** The number of the first of this key, from 1; null where there is none. */
  numberOf(key: Key): number | null {
    let place = this.#places.get(key)?.[0];
    if (place === undefined) return null;
    let number = 0;
    for (; place > 0; place -= place & -place) number += this.#counts[place] ?? 0;
    return number;
  }

  #count(place: number, by: number): void {
    this.#size += by;
    for (let at = place; at < this.#counts.length; at += at & -at) this.#counts[at]! += by;
  }

  /** Gives places anew, with as much room at both ends as there are keys: so that is rare. */
  #renumber(): void {
    const inOrder = [...this.#places].flatMap(([key, places]) => places.map((place) => ({ key, place })))
      .sort((a, b) => a.place - b.place);
    this.#places.clear();
    this.#counts = new Int32Array(Math.max(FEW, 3 * inOrder.length) + 1);
    this.#first = this.#next = Math.floor((this.#counts.length - inOrder.length) / 2);
    this.#size = 0;
    for (const { key } of inOrder) this.append(key);
  }
}
