/**
 * The last SYNs by their source, for a while. Whoever can send packets can send SYNs from any address, so what is kept is
 * limited three times: altogether, for each network, and for each source. Pure: the clock is a parameter.
 */
import { sameSyn, type Syn } from "./syn.ts";

/** Seconds for which a SYN counts. */
export const SYN_SECONDS = 300;

/** Sources in all: 11 MB where each is of another network. */
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

/** A source, the network that it is of, and its different SYNs, the newest first. */
interface Known {
  readonly network: string;
  readonly seen: readonly { readonly syn: Syn; readonly at: number }[];
}

/** Knows nothing yet. `now`: milliseconds of a clock that nobody sets. */
export function createSynMemory(now: () => number): SynMemory {
  /** By source; the one that was heard of last stands last. */
  const sources = new Map<string, Known>();
  /** The sources of each network, in the same order. */
  const networks = new Map<string, Set<string>>();

  function forget(key: string): void {
    const network = sources.get(key)?.network ?? "";
    const members = networks.get(network);
    sources.delete(key);
    members?.delete(key);
    if (members?.size === 0) networks.delete(network);
  }

  function makeRoom(network: string): void {
    const members = networks.get(network);
    const crowded = members !== undefined && members.size >= MOST_OF_NETWORK;
    if (!crowded && sources.size < MOST_SOURCES) return;
    const [oldest] = crowded ? members : sources.keys();
    if (oldest !== undefined) forget(oldest);
  }

  return {
    note(source, syn) {
      const key = textOf(source, source.length);
      const known = sources.get(key);
      const network = known?.network ?? textOf(source, source.length === 4 ? 3 : 6);
      if (known === undefined) makeRoom(network);
      else forget(key);
      const others = known?.seen.filter((one) => !sameSyn(one.syn, syn)).slice(0, MOST_OF_SOURCE - 1) ?? [];
      sources.set(key, { network, seen: [{ syn, at: now() }, ...others] });
      const members = networks.get(network);
      if (members === undefined) networks.set(network, new Set([key]));
      else members.add(key);
    },
    of(source) {
      const key = textOf(source, source.length);
      const seen = sources.get(key)?.seen ?? [];
      const counts = seen.map(({ syn, at }) => ({ syn, age: now() - at })).filter(({ age }) =>
        age <= SYN_SECONDS * 1000
      );
      if (counts.length === 0) forget(key);
      return counts;
    },
    get size() {
      return sources.size;
    },
  };
}

/** The first bytes as characters: cheaper than an address in words. */
function textOf(bytes: Uint8Array, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}
