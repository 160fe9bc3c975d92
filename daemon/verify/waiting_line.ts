/**
 * Packets that wait until the keys of all stanzas may be tried for them, and who is first. There are always few of them:
 * where more come than can be tried, somebody has to go, and it is not whoever came last, but whoever sends or has had the
 * most. Pure.
 *
 * Half of what is tried is for sources that opened something lately, the newest first; where these leave something of theirs
 * it is for the others, and the other way round. Among the others come first those that had to go and came again, as a
 * person does who tries a second time; then sources of which nothing was tried lately; then the one whose turn is longest ago.
 */
import type { Ip } from "../../lib/net/address.ts";
import { type SourceNumber, sourceNumbers, sourceTimes } from "./source_times.ts";

/** Something to be tried, and who sent it. */
interface Sent {
  readonly source: Ip;
}

/** The line. Times are milliseconds of a clock that nobody sets. */
export interface WaitingLine<Packet extends Sent> {
  readonly size: number;
  /** Takes one in. Gives the one that has to go: this one, or another in its place; null where there is room. */
  add(packet: Packet, now: number): Packet | null;
  /** The next one, which is in the line no more; null where there is none. */
  next(now: number): Packet | null;
  /** The one that was taken last took so long. */
  spend(ms: number): void;
  /** The source has opened something. */
  noteOpened(source: Ip, now: number): void;
}

/** Packets that wait at the same time, of either kind of source. */
export const MOST_WAITING = 64;
/** A packet of a source that had to go counts as a second try when it comes so much later; sooner it is a flood. */
const AGAIN_MS = { least: 500, most: 10_000 } as const;
/** How long a source has had its turn. */
const TRIED_MS = 10_000;
/** How long a source has opened something. */
const OPENED_MS = 24 * 3600 * 1000;
/** How many sources are remembered that opened, were tried, and had to go: two MB, once many have. */
const OPENED_SOURCES = 4096, TRIED_SOURCES = 16_384, GONE_SOURCES = 262_144;
/** How far the two kinds of source may get ahead of each other, so that what was long ago does not count. */
const MOST_AHEAD_MS = 50;

/** One in the line. */
interface Waiting<Packet> {
  readonly packet: Packet;
  readonly source: SourceNumber;
  /** Whether it seems to be a second try. */
  readonly again: boolean;
  /** The greater the sooner among its equals: when its source opened something, or else in the order of arrival. */
  readonly newness: number;
  /** All of its source in the line. */
  readonly fellows: { count: number };
}

/** An empty line. `seed`: a random number below 2^32. */
export function waitingLine<Packet extends Sent>(seed: number): WaitingLine<Packet> {
  const numberOf = sourceNumbers(seed);
  const opened = sourceTimes(OPENED_SOURCES), tried = sourceTimes(TRIED_SOURCES), gone = sourceTimes(GONE_SOURCES);
  const openers: Waiting<Packet>[] = [], others: Waiting<Packet>[] = [];
  /** By how much more has been spent on openers than on others. */
  let ahead = 0, taken = others, arrivals = 0;

  /** When it had its turn; 0 where that is long ago. */
  function triedLately(source: SourceNumber, now: number): number {
    const at = tried.at(source);
    return at === null || now - at > TRIED_MS ? 0 : at + 1;
  }
  /** The place of the one that goes before all others. */
  function placeOfFirst(line: readonly Waiting<Packet>[], now: number): number {
    let found = 0, foundTried = triedLately(line[0]!.source, now);
    for (let i = 1; i < line.length; i++) {
      const oneTried = triedLately(line[i]!.source, now);
      if (oneTried !== foundTried ? oneTried > foundTried : !isSooner(line[i]!, line[found]!)) continue;
      [found, foundTried] = [i, oneTried];
    }
    return found;
  }
  /** The place of the one that has to go: of the source that has the most in the line, or of those the one that is last. */
  function placeOfLast(line: readonly Waiting<Packet>[], now: number): number {
    let found = 0, foundTried = triedLately(line[0]!.source, now);
    for (let i = 1; i < line.length; i++) {
      const [more, most] = [line[i]!.fellows.count, line[found]!.fellows.count];
      if (more < most) continue;
      const oneTried = triedLately(line[i]!.source, now);
      const isLater = oneTried !== foundTried ? oneTried > foundTried : isSooner(line[found]!, line[i]!);
      if (more > most || isLater) [found, foundTried] = [i, oneTried];
    }
    return found;
  }
  function isAgain(source: SourceNumber, now: number): boolean {
    const at = gone.at(source);
    return at !== null && now - at >= AGAIN_MS.least && now - at <= AGAIN_MS.most;
  }

  return {
    get size() {
      return openers.length + others.length;
    },
    add(packet, now) {
      const source = numberOf(packet.source);
      const openedAt = opened.at(source);
      const isOpener = openedAt !== null && now - openedAt <= OPENED_MS;
      const line = isOpener ? openers : others;
      const fellows = line.find((one) => one.source === source)?.fellows ?? { count: 0 };
      fellows.count++;
      line.push({ packet, source, fellows, again: isAgain(source, now), newness: isOpener ? openedAt : arrivals++ });
      if (line.length <= MOST_WAITING) return null;
      const out = cut(line, placeOfLast(line, now));
      gone.note(out.source, now);
      return out.packet;
    },
    next(now) {
      if (openers.length + others.length === 0) return null;
      taken = others.length === 0 || (openers.length > 0 && ahead <= 0) ? openers : others;
      const { packet, source } = cut(taken, placeOfFirst(taken, now));
      tried.note(source, now);
      return packet;
    },
    spend(ms) {
      const moved = ahead + (taken === openers ? ms : -ms);
      ahead = Math.max(-MOST_AHEAD_MS, Math.min(MOST_AHEAD_MS, moved));
    },
    noteOpened: (source, now) => opened.note(numberOf(source), now),
  };
}

/** Which is first of two that had their turn at the same time, or not at all. */
function isSooner(one: Waiting<unknown>, other: Waiting<unknown>): boolean {
  return one.again !== other.again ? one.again : one.newness > other.newness;
}

/** Takes one out; the order of a line says nothing. */
function cut<Packet>(line: Waiting<Packet>[], place: number): Waiting<Packet> {
  const one = line[place]!;
  one.fellows.count--;
  const last = line.pop()!;
  if (place < line.length) line[place] = last;
  return one;
}
