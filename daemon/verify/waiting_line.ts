/**
 * Packets that wait until the keys of all stanzas may be tried for them, and who is first. There are always few of them:
 * where more come than can be tried, somebody has to go, and it is not whoever came last, but one of those who are many. Pure.
 *
 * Half of what is tried is for sources that opened something lately, the newest first; where these leave something of theirs
 * it is for the others, and the other way round. The others are divided by how often a packet of their source had to go in the
 * last half minute: never, once, twice, or more often. Each of these classes has the same share. So a second try is first where a
 * flood comes from sources that never come again, and a first one where it comes from a crowd that does: it is in a class
 * with nobody else. Within a class the one is first whose turn is longest ago.
 */
import type { Ip } from "../../lib/net/address.ts";
import type { Shelf } from "../packet/shelf.ts";
import { type Counting, type SourceNumber, sourceNumbers, sourceTimes } from "./source_times.ts";

/** Something to be tried, and who sent it. */
interface Sent {
  readonly source: Ip;
}

/** The line. Times are milliseconds of a clock that nobody sets. */
export interface WaitingLine<Packet extends Sent, Label> {
  readonly size: number;
  /** Whether somebody may have to go for the next one. */
  readonly isFull: boolean;
  /** Takes one in. Gives the label of the one that has to go: this one, or another in its place; null where there is room. */
  add(packet: Packet, now: number): Label | null;
  /** The next one, which is in the line no more; null where there is none. */
  next(now: number): Packet | null;
  /** The one that was taken last took so long. */
  spend(ms: number): void;
  /** The source has opened something. */
  noteOpened(source: Ip, now: number): void;
}

/** Packets that wait at the same time, of sources that opened something and of others. */
export const MOST_WAITING = 64;
/** Places for them, and for one that comes when all are taken. */
export const WAITING_PLACES = 2 * MOST_WAITING + 1;
/** How often a packet had to go: the last class is of that and more. */
const MOST_TRIES = 3;
/**
 * Tries of a source in vain: what comes sooner than a person tries again is the same one. They are remembered for longer than a
 * crowd takes for its round: 50,000 sources that send 20,000 packets a second are back after 2.5 seconds, but not all of them.
 */
const GONE: Counting = { apart: 500, forgotten: 30_000 };
/** How long a source has had its turn. */
const TRIED_MS = 10_000;
/** How long a source has opened something. */
const OPENED_MS = 24 * 3600 * 1000;
const EACH: Counting = { apart: 0, forgotten: Infinity };
/** How many sources are remembered that opened, were tried, and had to go: 2.5 MB, once many have. */
const OPENED_SOURCES = 4096, TRIED_SOURCES = 16_384, GONE_SOURCES = 262_144;
/** How far the two kinds of source may get ahead of each other, so that what was long ago does not count. */
const MOST_AHEAD_MS = 50;

/** One in the line. Used again for another when it has left: what a flood brings shall not be garbage. */
interface Waiting {
  /** On the shelf. */
  readonly place: number;
  source: SourceNumber;
  /** The greater the sooner among its equals: when its source opened something, or else in the order of arrival. */
  newness: number;
  /** All of its source in its class. */
  fellows: Fellows;
}

interface Fellows {
  count: number;
}

/** Those that are equals. */
interface Class {
  readonly waiting: Waiting[];
  /** Milliseconds that were spent on it, or would have been if somebody had always waited. */
  spent: number;
}

/** An empty line. `seed`: a random number below 2^32; `shelf`: {@link WAITING_PLACES} places. */
export function waitingLine<Packet extends Sent, Label>(
  seed: number,
  shelf: Shelf<Packet, Label>,
): WaitingLine<Packet, Label> {
  const numberOf = sourceNumbers(seed);
  const opened = sourceTimes(OPENED_SOURCES, EACH);
  const tried = sourceTimes(TRIED_SOURCES, EACH);
  const gone = sourceTimes(GONE_SOURCES, GONE);
  const openers: Class = { waiting: [], spent: 0 };
  const others = Array.from({ length: MOST_TRIES + 1 }, (): Class => ({ waiting: [], spent: 0 }));
  const { alone, free } = emptyPlaces();
  /** By how much more has been spent on openers than on others. */
  let ahead = 0;
  let taken = openers, otherCount = 0, arrivals = 0;
  /** What had been spent on the class of others that was last taken from: nobody saves up from before for later. */
  let level = 0;

  /** When it had its turn; 0 where that is long ago. */
  function triedLately(source: SourceNumber, now: number): number {
    const at = tried.at(source);
    return at === null || now - at > TRIED_MS ? 0 : at + 1;
  }
  /** Where the one is that goes before all others. */
  function indexOfFirst(waiting: readonly Waiting[], now: number): number {
    let found = 0, foundTried = triedLately(waiting[0]!.source, now);
    for (let i = 1; i < waiting.length; i++) {
      const oneTried = triedLately(waiting[i]!.source, now);
      const isSooner = oneTried !== foundTried ? oneTried < foundTried : waiting[i]!.newness > waiting[found]!.newness;
      if (isSooner) [found, foundTried] = [i, oneTried];
    }
    return found;
  }
  /** Where the one is that has to go: of the source that has the most, or of those the one that would be last. */
  function indexOfLast(waiting: readonly Waiting[], now: number): number {
    let found = 0, foundTried = triedLately(waiting[0]!.source, now);
    for (let i = 1; i < waiting.length; i++) {
      const [more, most] = [waiting[i]!.fellows.count, waiting[found]!.fellows.count];
      if (more < most) continue;
      const oneTried = triedLately(waiting[i]!.source, now);
      const isLater = oneTried !== foundTried ? oneTried > foundTried : waiting[i]!.newness < waiting[found]!.newness;
      if (more > most || isLater) [found, foundTried] = [i, oneTried];
    }
    return found;
  }
  /** Of the classes of others where somebody waits, that on which the least was spent. */
  function poorest(): Class {
    return others.reduce((least, one) => {
      if (one.waiting.length === 0) return least;
      return least.waiting.length === 0 || one.spent < least.spent ? one : least;
    });
  }
  function join(to: Class, packet: Packet, { source, newness }: Pick<Waiting, "source" | "newness">): void {
    const one = free.pop()!;
    shelf.put(one.place, packet);
    one.source = source;
    one.newness = newness;
    one.fellows = to.waiting.find((other) => other.source === source)?.fellows ?? alone.pop()!;
    one.fellows.count++;
    to.waiting.push(one);
  }
  /** Takes one out; the order of a class says nothing. It is on the shelf until another comes. */
  function leave({ waiting }: Class, index: number): Waiting {
    const one = waiting[index]!;
    if (--one.fellows.count === 0) alone.push(one.fellows);
    const last = waiting.pop()!;
    if (index < waiting.length) waiting[index] = last;
    free.push(one);
    return one;
  }
  /** Makes room in a class; gives the label of whoever has to go. */
  function shorten(of: Class, now: number): Label {
    const { place, source } = leave(of, indexOfLast(of.waiting, now));
    gone.note(source, now);
    return shelf.labelOf(place);
  }

  return {
    get size() {
      return openers.waiting.length + otherCount;
    },
    get isFull() {
      return openers.waiting.length >= MOST_WAITING || otherCount >= MOST_WAITING;
    },
    add(packet, now) {
      const source = numberOf(packet.source);
      const openedAt = opened.at(source);
      if (openedAt !== null && now - openedAt <= OPENED_MS) {
        join(openers, packet, { source, newness: openedAt });
        return openers.waiting.length <= MOST_WAITING ? null : shorten(openers, now);
      }
      const to = others[Math.min(gone.count(source, now), MOST_TRIES)]!;
      if (to.waiting.length === 0) to.spent = Math.max(to.spent, level);
      join(to, packet, { source, newness: arrivals++ });
      if (++otherCount <= MOST_WAITING) return null;
      otherCount--;
      return shorten(others.reduce((most, one) => one.waiting.length > most.waiting.length ? one : most), now);
    },
    next(now) {
      if (openers.waiting.length + otherCount === 0) return null;
      taken = otherCount === 0 || (openers.waiting.length > 0 && ahead <= 0) ? openers : poorest();
      if (taken !== openers) {
        level = taken.spent;
        otherCount--;
      }
      const { place, source } = leave(taken, indexOfFirst(taken.waiting, now));
      tried.note(source, now);
      return shelf.take(place);
    },
    spend(ms) {
      taken.spent += ms;
      const moved = ahead + (taken === openers ? ms : -ms);
      ahead = Math.max(-MOST_AHEAD_MS, Math.min(MOST_AHEAD_MS, moved));
    },
    noteOpened: (source, now) => opened.note(numberOf(source), now),
  };
}

/** What nobody has, of all that the line is made of. */
function emptyPlaces(): { readonly alone: Fellows[]; readonly free: Waiting[] } {
  const alone = Array.from({ length: WAITING_PLACES }, (): Fellows => ({ count: 0 }));
  return { alone, free: alone.map((fellows, place) => ({ place, source: 0, newness: 0, fellows })) };
}
