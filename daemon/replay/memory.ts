/**
 * The set of digests that could still be repeated. A packet may be dated ahead as far as back, so that is for twice the age
 * which is allowed; what is older leaves the memory when something new comes in.
 */
import { parseEntry } from "./cache_line.ts";
import { isContent, NOBODY_WAS_FIRST, type ReplayStore, type SeenPacket } from "./store.ts";

/** The two clocks by which entries grow old. */
export interface Clocks {
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
}

/** What is known of a digest: a packet of this process, or the line of a file, which is looked into when it is needed. */
export type Known = { readonly packet: SeenPacket; /** On the steady clock. */ readonly since: number } | string;

export interface ReplayMemory {
  /** Digests. */
  readonly size: number;
  /** Packets known by their text. */
  readonly packets: number;
  /** See `ReplayStore`. */
  readonly forgottenUntil: number;
  find(digest: string): SeenPacket | undefined;
  claim(digests: readonly string[], packet: SeenPacket): boolean;
  /** Takes in an entry of a file, without its line end. False when the digest is known. */
  load(digest: string, line: string): boolean;
  /** What was seen before (Unix seconds) cannot be repeated any more. */
  readonly oldest: number;
  /** Notes that an entry seen then is left out. */
  leaveOut(seenAt: number): void;
  /** Notes that packets dated up to then may be known no more. */
  forget(until: number): void;
  keepFor(maxAge: number | null): void;
  entries(): Iterable<readonly [digest: string, known: Known]>;
}

/** The clocks of the machine. */
const MACHINE: Clocks = { clock: Date.now, steady: () => performance.now() };

/** Entries that are looked at when one is added: more than are added, and few enough to cost nothing. */
const AT_ONCE = 256;

/** An empty memory. `maxAge`: see `keepFor`. */
export function createMemory(maxAge: number | null = null, { clock, steady }: Clocks = MACHINE): ReplayMemory {
  const seen = new Map<string, Known>();
  const loadedAt = steady();
  let age = maxAge ?? Infinity;
  let forgottenUntil = 0;
  let packets = 0;

  function put(digest: string, known: Known): void {
    seen.set(digest, known);
    if (!isContent(digest)) packets++;
  }

  /** Both clocks must say that an entry is old: the one of the day may be set ahead, and back again. Oldest come first. */
  function forgetOld(): void {
    const before = steady() - 2000 * age;
    let left = AT_ONCE;
    for (const [digest, known] of seen) {
      if (left-- === 0 || (typeof known === "string" ? loadedAt : known.since) >= before) return;
      const packet = packetOf(known);
      seen.delete(digest);
      if (!isContent(digest)) packets--;
      if (packet.seenAt < memory.oldest) memory.leaveOut(packet.seenAt);
      else put(digest, { packet, since: steady() });
    }
  }

  const memory: ReplayMemory = {
    get size() {
      return seen.size;
    },
    get packets() {
      return packets;
    },
    get forgottenUntil() {
      return forgottenUntil;
    },
    get oldest() {
      return clock() / 1000 - 2 * age;
    },
    find(digest) {
      const known = seen.get(digest);
      return known === undefined ? undefined : packetOf(known);
    },
    claim(digests, packet) {
      if (digests.some((digest) => seen.has(digest))) return false;
      const since = steady();
      for (const digest of digests) put(digest, { packet, since });
      forgetOld();
      return true;
    },
    load(digest, line) {
      if (seen.has(digest)) return false;
      put(digest, line);
      return true;
    },
    // A packet may be dated as much later than it was seen.
    leaveOut: (seenAt) => memory.forget(seenAt + age),
    forget(until) {
      forgottenUntil = Math.max(forgottenUntil, until);
    },
    keepFor(seconds) {
      age = seconds ?? Infinity;
    },
    entries: () => seen,
  };
  return memory;
}

/** A line that was taken in can be read; one that cannot would still be an entry without an origin. */
function packetOf(known: Known): SeenPacket {
  if (typeof known !== "string") return known.packet;
  const entry = parseEntry(known);
  return entry === null || entry === "invalid" ? NOWHERE : entry.packet;
}

const NOWHERE: SeenPacket = {
  protocol: 0,
  source: "0.0.0.0",
  sourcePort: 0,
  destination: "0.0.0.0",
  destinationPort: 0,
  seenAt: 0,
};

/** Remembers for the life of the process only: `ENABLE_DIGEST_PERSISTENCE N`. */
export function memoryStore(clocks?: Clocks): ReplayStore {
  const memory = createMemory(null, clocks);
  return {
    get size() {
      return memory.packets;
    },
    get forgottenUntil() {
      return memory.forgottenUntil;
    },
    find: memory.find,
    claim: memory.claim,
    keepFor: memory.keepFor,
    flush: () => Promise.resolve(NOBODY_WAS_FIRST),
    mend() {},
    [Symbol.dispose]() {},
  };
}
