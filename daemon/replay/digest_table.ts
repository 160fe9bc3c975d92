/**
 * Many digests in little memory: 24 bytes for each, in the order in which they came, and an index of at most 7.5 bytes each.
 * Nothing is an object, nothing is copied to make room, and the index grows a little with each digest, so that no packet
 * waits while there get to be a million. Pure: the key comes from outside.
 */

/** What is kept of a digest: its short digest, and two words about it. */
export interface TableEntry {
  /** The four words of a short digest. */
  readonly words: Uint32Array;
  /** Unix seconds; what is later than the year 2106 is kept as that. */
  readonly seenAt: number;
  readonly isContent: boolean;
  /** Where its line begins in the file, in bytes; null: in none. */
  readonly place: number | null;
}

/** The last second that fits: in the year 2106. */
const LAST_SECOND = 0xffff_ffff;

/** Words of an entry: four of the short digest, the place, the second. */
const WORDS = 6, PLACE = 4, SEEN = 5;
/** Entries of a chunk. */
const CHUNK_BITS = 12, CHUNK = 2 ** CHUNK_BITS;
/** A place is counted in so many bytes; its highest bit says what kind of digest it is. */
const PLACE_UNIT = 16, CONTENT = 0x8000_0000, NOWHERE = 0x7fff_ffff, FREE = 0x7fff_fffe;
/** The index has at most four entries in five slots; then it becomes half as large again. */
const FULL = 0.8, GROWTH = 1.5;
const SMALLEST = 1024;
/** For more entries no room is made before they are there. */
const MOST_AHEAD = 2 ** 21;
/** Slots of an earlier index that are carried over with each entry that comes or goes. */
const STEP = 64;

/** Addresses are numbers; those of entries that are gone are given to others. */
export class DigestTable {
  readonly #chunks: (Uint32Array | undefined)[] = [];
  /** Chunks in the order of their entries, and those that are nobody's. */
  readonly #order: number[] = [];
  readonly #unused: number[] = [];
  /** The place of the first entry in the first chunk, and the one behind the last in the last chunk. */
  #first = 0;
  #next = CHUNK;
  #size = 0;
  #index: Index;
  /** The index before: what of it was not carried over yet is found here. It is never changed, and may name what is gone. */
  #earlier: Index | null = null;
  #carried = 0;

  /** `key`: four random words, so that nobody can choose packets that meet in the index. */
  constructor(readonly key: Uint32Array) {
    this.#index = makeIndex(SMALLEST, 0);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory. */
  get bytes(): number {
    const chunks = this.#chunks.reduce((sum, chunk) => sum + (chunk?.byteLength ?? 0), 0);
    return chunks + this.#index.slots.byteLength + (this.#earlier?.slots.byteLength ?? 0);
  }

  /** The address of the entry; null when there is none. */
  find(words: Uint32Array): number | null {
    const found = this.#look(this.#index, words);
    return found !== null || this.#earlier === null ? found : this.#look(this.#earlier, words);
  }

  /** Adds an entry that is not there, behind all others. */
  add({ words, seenAt, isContent, place }: TableEntry): void {
    this.#carry();
    const { length } = this.#index.slots;
    if (this.#size + 1 > length * FULL) this.#resize(Math.ceil(length * GROWTH));
    if (this.#next === CHUNK) this.#addChunk();
    const id = this.#order.at(-1)!;
    const chunk = this.#chunks[id]!;
    const at = this.#next * WORDS;
    for (let i = 0; i < PLACE; i++) chunk[at + i] = words[i]!;
    chunk[at + PLACE] = wordOfPlace(place) | (isContent ? CONTENT : 0);
    chunk[at + SEEN] = Math.min(seenAt, LAST_SECOND);
    this.#insert(id * CHUNK + this.#next++);
    this.#size++;
  }

  /** So many are about to come, one after the other: the index has room for them at once. */
  reserve(count: number): void {
    const length = Math.ceil(Math.min(count, MOST_AHEAD) / FULL);
    if (length > this.#index.slots.length) this.#resize(length);
  }

  /** They have come: no more room is kept than for a quarter as many again. */
  fit(): void {
    const length = Math.max(SMALLEST, Math.ceil(this.#size / FULL * 1.25));
    if (this.#index.slots.length > length) this.#resize(length);
    while (this.#earlier !== null) this.#carry();
  }

  /** The address of the entry that came first; null when there is none. */
  get oldest(): number | null {
    return this.#size === 0 ? null : this.#order[0]! * CHUNK + this.#first;
  }

  /** Forgets the entry that came first. */
  removeOldest(): void {
    const { oldest } = this;
    if (oldest === null) return;
    this.#carry();
    this.#takeOut(oldest);
    this.#chunks[this.#order[0]!]![this.#first * WORDS + PLACE] = FREE;
    this.#size--;
    if (++this.#first === CHUNK) {
      const id = this.#order.shift()!;
      this.#chunks[id] = undefined;
      this.#unused.push(id);
      this.#first = 0;
    }
    const half = Math.ceil(this.#index.slots.length / 2);
    if (this.#earlier === null && half >= SMALLEST && this.#size < half / 4) this.#resize(half);
  }

  /** What is kept under an address. The words are not to be changed. */
  entryAt(address: number): TableEntry {
    const at = (address & (CHUNK - 1)) * WORDS;
    const chunk = this.#chunks[address >>> CHUNK_BITS]!;
    const place = chunk[at + PLACE]! & NOWHERE;
    return {
      words: chunk.subarray(at, at + PLACE),
      seenAt: chunk[at + SEEN]!,
      isContent: chunk[at + PLACE]! >= CONTENT,
      place: place === NOWHERE ? null : place * PLACE_UNIT,
    };
  }

  /** Notes where its line begins; what is read from there on begins at most 15 bytes before. */
  setPlace(address: number, place: number | null): void {
    const chunk = this.#chunks[address >>> CHUNK_BITS]!;
    const at = (address & (CHUNK - 1)) * WORDS + PLACE;
    chunk[at] = chunk[at]! & CONTENT | wordOfPlace(place);
  }

  /** The addresses, in the order in which they came. */
  *addresses(): Iterable<number> {
    for (const [index, id] of this.#order.entries()) {
      const end = index === this.#order.length - 1 ? this.#next : CHUNK;
      for (let at = index === 0 ? this.#first : 0; at < end; at++) yield id * CHUNK + at;
    }
  }

  #addChunk(): void {
    const id = this.#unused.pop() ?? this.#chunks.length;
    // An earlier index may name an entry that is none yet.
    this.#chunks[id] = new Uint32Array(CHUNK * WORDS).fill(FREE);
    this.#order.push(id);
    this.#next = 0;
  }

  #hash(words: Uint32Array, at: number): number {
    const { key } = this;
    let hash = Math.imul(words[at]! ^ key[0]!, 0x85eb_ca6b);
    hash = Math.imul(hash ^ hash >>> 15 ^ words[at + 1]! ^ key[1]!, 0xc2b2_ae35);
    hash = Math.imul(hash ^ hash >>> 13 ^ words[at + 2]! ^ key[2]!, 0x85eb_ca6b);
    hash = Math.imul(hash ^ hash >>> 15 ^ words[at + 3]! ^ key[3]!, 0xc2b2_ae35);
    return (hash ^ hash >>> 16) >>> 0;
  }

  #hashOf(address: number): number {
    return this.#hash(this.#chunks[address >>> CHUNK_BITS]!, (address & (CHUNK - 1)) * WORDS);
  }

  #look({ slots, bits }: Index, words: Uint32Array): number | null {
    const hash = this.#hash(words, 0);
    const mask = 2 ** bits - 1;
    for (let slot = homeOf(hash, slots); slots[slot] !== 0; slot = after(slot, slots)) {
      const entry = slots[slot]!;
      // Most of those that it is not are told by these bits, without a look at the entry itself.
      if ((entry ^ hash << bits) > mask || (entry ^ hash << bits) < 0) continue;
      const address = (entry & mask) - 1;
      const chunk = this.#chunks[address >>> CHUNK_BITS];
      const at = (address & (CHUNK - 1)) * WORDS;
      if (
        chunk !== undefined && chunk[at] === words[0] && chunk[at + 1] === words[1] && chunk[at + 2] === words[2] &&
        chunk[at + 3] === words[3] && chunk[at + PLACE] !== FREE
      ) return address;
    }
    return null;
  }

  #insert(address: number): void {
    const { slots, bits } = this.#index;
    const hash = this.#hashOf(address);
    const entry = (hash << bits | address + 1) >>> 0;
    let slot = homeOf(hash, slots);
    while (slots[slot] !== 0 && slots[slot] !== entry) slot = after(slot, slots);
    slots[slot] = entry;
  }

  /** Empties its slot, and moves up those behind it that would not be found any more. */
  #takeOut(address: number): void {
    const { slots, bits } = this.#index;
    const mask = 2 ** bits - 1;
    let empty = homeOf(this.#hashOf(address), slots);
    while (slots[empty] !== 0 && (slots[empty]! & mask) - 1 !== address) empty = after(empty, slots);
    // It was not carried over yet.
    if (slots[empty] === 0) return;
    for (let slot = after(empty, slots); slots[slot] !== 0; slot = after(slot, slots)) {
      const home = homeOf(this.#hashOf((slots[slot]! & mask) - 1), slots);
      const isBetween = empty < slot ? home > empty && home <= slot : home > empty || home <= slot;
      if (isBetween) continue;
      slots[empty] = slots[slot]!;
      empty = slot;
    }
    slots[empty] = 0;
  }

  #resize(length: number): void {
    while (this.#earlier !== null) this.#carry();
    this.#earlier = this.#index;
    this.#carried = 0;
    this.#index = makeIndex(length, this.#chunks.length);
  }

  /** Carries over a little of the index before. */
  #carry(): void {
    if (this.#earlier === null) return;
    const { slots, bits } = this.#earlier;
    const mask = 2 ** bits - 1;
    const end = Math.min(this.#carried + STEP, slots.length);
    for (; this.#carried < end; this.#carried++) {
      const address = (slots[this.#carried]! & mask) - 1;
      if (address >= 0 && this.#isTaken(address)) this.#insert(address);
    }
    if (end === slots.length) this.#earlier = null;
  }

  #isTaken(address: number): boolean {
    const chunk = this.#chunks[address >>> CHUNK_BITS];
    return chunk !== undefined && chunk[(address & (CHUNK - 1)) * WORDS + PLACE] !== FREE;
  }
}

/** Where an entry may be: addresses, from 1, in the lower `bits` of each slot, bits of its hash in the others; 0: nothing. */
interface Index {
  readonly slots: Uint32Array;
  readonly bits: number;
}

/** An empty one; `chunks`: how many there are already, which may be more than it has room for. */
function makeIndex(length: number, chunks: number): Index {
  // One is half empty at the beginning of the row, another at its end.
  const most = Math.max(chunks, Math.ceil(length / CHUNK) + 2) * CHUNK;
  return { slots: new Uint32Array(length), bits: Math.ceil(Math.log2(most + 1)) };
}

/** The slot at which a search begins. */
function homeOf(hash: number, slots: Uint32Array): number {
  return Math.floor(hash / 2 ** 32 * slots.length);
}

function after(slot: number, slots: Uint32Array): number {
  return slot + 1 === slots.length ? 0 : slot + 1;
}

function wordOfPlace(place: number | null): number {
  const word = place === null ? NOWHERE : Math.floor(place / PLACE_UNIT);
  return word < FREE ? word : NOWHERE;
}
