/**
 * The last SYNs by their source, for a while. Whoever can send packets can send SYNs from any address, so what is kept is
 * limited three times: altogether, for each network, and for each source. Pure: the clock is a parameter.
 */
import { formatSyn, type Syn } from "./syn.ts";

/** Seconds for which a SYN counts. */
export const SYN_SECONDS = 300;

/** Sources in all: about 5 MB of them. */
export const MOST_SOURCES = 16_384;

/** Sources of one network: a /24 of IPv4, a /48 of IPv6. Who floods from one network pushes out only its own. */
export const MOST_OF_NETWORK = 128;

/** Different SYNs of one source: several systems may stand behind one address. */
const MOST_OF_SOURCE = 4;

/** A SYN that was seen. */
export interface SeenSyn {
  readonly syn: Syn;
  /** Milliseconds ago. */
  readonly age: number;
}

/** Knows who sent which SYN. */
export interface SynMemory {
  /** Notes a SYN. `source`: 4 or 16 bytes, which are not kept. */
  note(source: Uint8Array, syn: Syn): void;
  /** What came from there and still counts, the newest first. */
  of(source: Uint8Array): readonly SeenSyn[];
  /** How many sources are known. */
  readonly size: number;
}

/** The different SYNs of one source, by their text, the newest last. */
type Known = Map<string, { readonly syn: Syn; readonly at: number }>;

/** Knows nothing yet. `now`: milliseconds of a clock that nobody sets. */
export function createSynMemory(now: () => number): SynMemory {
  /** By source; the one that was heard of last stands last. */
  const sources = new Map<string, Known>();
  /** The sources of each network, in the same order. */
  const networks = new Map<string, Set<string>>();

  function forget(key: string): void {
    sources.delete(key);
    const network = networkOf(key);
    const members = networks.get(network);
    members?.delete(key);
    if (members?.size === 0) networks.delete(network);
  }

  function makeRoom(key: string): void {
    const [neighbour] = networks.get(networkOf(key)) ?? [];
    const [oldest] = sources.keys();
    const crowded = (networks.get(networkOf(key))?.size ?? 0) >= MOST_OF_NETWORK;
    if (crowded && neighbour !== undefined) forget(neighbour);
    else if (sources.size >= MOST_SOURCES && oldest !== undefined) forget(oldest);
  }

  return {
    note(source, syn) {
      const key = keyOf(source);
      const known: Known = sources.get(key) ?? new Map();
      if (sources.has(key)) forget(key);
      else makeRoom(key);
      putLast(known, formatSyn(syn), { syn, at: now() });
      sources.set(key, known);
      const members = networks.get(networkOf(key)) ?? new Set();
      networks.set(networkOf(key), members.add(key));
    },
    of(source) {
      const key = keyOf(source);
      const seen = [...sources.get(key)?.values() ?? []].map(({ syn, at }) => ({ syn, age: now() - at }));
      const counts = seen.filter(({ age }) => age <= SYN_SECONDS * 1000).reverse();
      if (counts.length === 0 && seen.length > 0) forget(key);
      return counts;
    },
    get size() {
      return sources.size;
    },
  };
}

function putLast<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > MOST_OF_SOURCE && first !== undefined) map.delete(first);
}

/** The bytes as characters: cheaper than an address in words. */
function keyOf(source: Uint8Array): string {
  return String.fromCharCode(...source);
}

function networkOf(key: string): string {
  return key.length === 4 ? key.slice(0, 3) : key.slice(0, 6);
}
