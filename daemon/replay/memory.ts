/**
 * The set of digests that could still be repeated. A packet may be dated ahead as far as back, so that is for twice the age
 * which is allowed; what is older leaves the memory when something new comes in. Of most of them no more is kept than
 * `digest_table.ts` has room for; how they came stands in the file.
 */
import { DigestTable, type TableEntry } from "./digest_table.ts";
import { ShortDigest } from "./short_digest.ts";
import { isContent, NOBODY_WAS_FIRST, type ReplayStore, type SeenPacket } from "./store.ts";

/** The two clocks by which entries grow old. */
export interface Clocks {
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** What is known of a digest. */
export interface Known extends Pick<TableEntry, "seenAt" | "place"> {
  /** How it came; null of all but the last ones. */
  readonly packet: SeenPacket | null;
}

/** An entry of a file. */
export interface FileEntry {
  readonly shortDigest: ShortDigest;
  /** Unix seconds. */
  readonly seenAt: number;
}

export interface ReplayMemory {
  /** Digests. */
  readonly size: number;
  /** Packets known by their text. */
  readonly packets: number;
  /** Bytes that it takes for all digests. */
  readonly bytes: number;
  /** See `ReplayStore`. */
  readonly forgottenUntil: number;
  find(digest: string): Known | undefined;
  claim(digests: readonly string[], packet: SeenPacket): boolean;
  /** Does so with up to so many entries as quickly as can be, while nobody waits. */
  loadMany(count: number, load: () => void): void;
  /** Takes in an entry of a file. `place`: where in the file of the store; null: in another. False when the digest is known. */
  load(entry: FileEntry, place: number | null): boolean;
  /** What was seen before (Unix seconds) cannot be repeated any more. */
  readonly oldest: number;
  /** Notes that an entry seen then is left out. */
  leaveOut(seenAt: number): void;
  /** Notes that packets dated up to then may be known no more. */
  forget(until: number): void;
  keepFor(maxAge: number | null): void;
  /** Those whose line is not known to be in the file: what to write, and how to say where it was written. */
  readonly lines: Lines;
  /** All is in the file: how packets came is not kept beside it any longer than a moment. */
  settle(): void;
}

/** Which lines are where in the file. */
export interface Lines {
  /** None is known to be there any more: it is another file, or was changed. */
  lose(): void;
  /** Whether the memory has the digest, and its line is not known to be in the file. */
  isMissing(shortDigest: ShortDigest): boolean;
  note(digest: string | ShortDigest, place: number): void;
  /** Missing ones of which everything is known. */
  whole(): Iterable<readonly [digest: string, packet: SeenPacket]>;
  /** Missing ones of which this is left, and their addresses in the memory. */
  rest(): Iterable<readonly [address: number, left: Pick<TableEntry, "words" | "seenAt" | "isContent">]>;
  noteAt(address: number, place: number): void;
}

/** The clocks of the machine. */
const MACHINE: Clocks = { clock: Date.now, steady: () => performance.now() };

/** Entries that are looked at when one is added: more than are added, and few enough to cost nothing. */
const AT_ONCE = 256;
/** Digests of which it is kept how their packet came. */
const RECENT = 4096;
/** Entries that came within this part of the age count as one when it is asked for how long they are there: as the last one. */
const PART_OF_AGE = 1 / 1000;

/** An empty memory. `maxAge`: see `keepFor`. */
export function createMemory(maxAge: number | null = null, { clock, steady }: Clocks = MACHINE): ReplayMemory {
  const table = new DigestTable(crypto.getRandomValues(new Uint32Array(4)));
  const recent = new Map<string, SeenPacket>();
  const arrivals = createArrivals();
  const shortDigest = new ShortDigest();
  let age = maxAge ?? Infinity;
  let forgottenUntil = 0;
  let packets = 0;
  /** On the steady clock, when something came in last. */
  let moment = steady();

  const find = (digest: string) => table.find(shortDigest.read(digest).words);
  function add(entry: TableEntry): void {
    table.add(entry);
    arrivals.add(moment, 1000 * age * PART_OF_AGE);
    if (!entry.isContent) packets++;
  }

  /** Both clocks must say that an entry is old: the one of the day may be set ahead, and back again. Oldest come first. */
  function forgetOld(): void {
    const before = moment - 2000 * age;
    for (let left = AT_ONCE; left > 0; left--) {
      const { oldest } = table;
      if (oldest === null || arrivals.first >= before) return;
      const entry = table.entryAt(oldest);
      const kept = { ...entry, words: entry.words.slice() };
      table.removeOldest();
      arrivals.removeFirst();
      if (!kept.isContent) packets--;
      if (kept.seenAt < memory.oldest) memory.leaveOut(kept.seenAt);
      else add(kept);
    }
  }

  const memory: ReplayMemory = {
    get size() {
      return table.size;
    },
    get packets() {
      return packets;
    },
    get bytes() {
      return table.bytes;
    },
    get forgottenUntil() {
      return forgottenUntil;
    },
    get oldest() {
      return clock() / 1000 - 2 * age;
    },
    find(digest) {
      const address = find(digest);
      if (address === null) return undefined;
      const { seenAt, place } = table.entryAt(address);
      return { seenAt, place, packet: recent.get(digest) ?? null };
    },
    claim(digests, packet) {
      if (digests.some((digest) => find(digest) !== null)) return false;
      moment = steady();
      for (const digest of digests) {
        if (find(digest) !== null) continue;
        add({ words: shortDigest.words, isContent: isContent(digest), seenAt: packet.seenAt, place: null });
        recent.set(digest, packet);
      }
      forgetOld();
      return true;
    },
    loadMany(count, load) {
      table.reserve(count);
      load();
      table.fit();
    },
    load({ shortDigest: { words, isContent }, seenAt }, place) {
      const address = table.find(words);
      if (address === null) add({ words, isContent, seenAt, place });
      else if (place !== null) table.setPlace(address, place);
      return address === null;
    },
    // A packet may be dated as much later than it was seen.
    leaveOut: (seenAt) => memory.forget(seenAt + age),
    forget(until) {
      forgottenUntil = Math.max(forgottenUntil, until);
    },
    keepFor(seconds) {
      age = seconds ?? Infinity;
    },
    lines: linesOf(table, recent),
    settle() {
      for (const digest of recent.keys()) {
        if (recent.size <= RECENT) return;
        recent.delete(digest);
      }
    },
  };
  return memory;
}

function linesOf(table: DigestTable, recent: ReadonlyMap<string, SeenPacket>): Lines {
  const shortDigest = new ShortDigest();
  const isMissing = (words: Uint32Array) => {
    const address = table.find(words);
    return address !== null && table.entryAt(address).place === null;
  };
  return {
    lose() {
      for (const address of table.addresses()) table.setPlace(address, null);
    },
    isMissing: ({ words }) => isMissing(words),
    note(digest, place) {
      const address = table.find((typeof digest === "string" ? shortDigest.read(digest) : digest).words);
      if (address !== null) table.setPlace(address, place);
    },
    *whole() {
      for (const [digest, packet] of recent) if (isMissing(shortDigest.read(digest).words)) yield [digest, packet];
    },
    *rest() {
      for (const address of table.addresses()) {
        const entry = table.entryAt(address);
        if (entry.place === null) yield [address, entry];
      }
    },
    noteAt: (address, place) => table.setPlace(address, place),
  };
}

/** Since when entries are there that leave in the order in which they came, in runs that came at about the same time. */
function createArrivals() {
  const runs: { count: number; readonly began: number; ended: number }[] = [];
  return {
    /** When the first came, or a little later. */
    get first(): number {
      return runs[0]?.ended ?? Infinity;
    },
    add(now: number, within: number): void {
      const last = runs.at(-1);
      if (last === undefined || now - last.began >= within) runs.push({ count: 1, began: now, ended: now });
      else {
        last.count++;
        last.ended = now;
      }
    },
    removeFirst(): void {
      const [first] = runs;
      if (first !== undefined && --first.count === 0) runs.shift();
    },
  };
}

/** Remembers for the life of the process only: `ENABLE_DIGEST_PERSISTENCE N`. How a packet came is known of the last ones. */
export function memoryStore(clocks?: Clocks): ReplayStore {
  const memory = createMemory(null, clocks);
  return {
    get size() {
      return memory.packets;
    },
    get forgottenUntil() {
      return memory.forgottenUntil;
    },
    find(digest) {
      const known = memory.find(digest);
      if (known === undefined) return undefined;
      const { seenAt, packet } = known;
      return { seenAt, capturedAt: packet?.capturedAt ?? null, facts: () => packet };
    },
    claim(digests, packet) {
      const isFirst = memory.claim(digests, packet);
      memory.settle();
      return isFirst;
    },
    keepFor: memory.keepFor,
    flush: () => Promise.resolve(NOBODY_WAS_FIRST),
    mend() {},
    [Symbol.dispose]() {},
  };
}
