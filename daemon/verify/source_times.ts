/**
 * When something happened to a source last, and how often of late: a table whose size is fixed, whatever comes, in which newer
 * sources take the place of the oldest. Sources are counted by what one sender is sure to have: an IPv4 address, or a /64 of
 * IPv6. Pure.
 */
import type { Ip } from "../../lib/net/address.ts";

/** A source as a number below 2^32. */
export type SourceNumber = number;

/** The times of sources, in milliseconds of the caller's clock, rounded down to hundredths of a second. */
export interface SourceTimes {
  /** When it was noted last; null: not known. */
  at(source: SourceNumber): number | null;
  /** How many times it was noted by then; 0: not known, or not for so long that it counts anew. */
  count(source: SourceNumber, now: number): number;
  /** Notes a source. */
  note(source: SourceNumber, now: number): void;
}

/** Which times count, in milliseconds. */
export interface Counting {
  /** What comes so soon after the last one is the same. */
  readonly apart: number;
  /** What comes so much later is the first again. */
  readonly forgotten: number;
}

/** Sources that share a place in the table: the oldest of so many goes. */
const WAYS = 4;
/** The clock of the table, in milliseconds: 32 bits of it are 497 days. */
const TICK_MS = 10;
const MOST_TIMES = 255;

/** An empty table for `size` sources, a power of two. It takes its memory, 9 bytes a source, when the first is noted. */
export function sourceTimes(size: number, { apart, forgotten }: Counting): SourceTimes {
  let sources = new Uint32Array(0), ticks = new Uint32Array(0), counts = new Uint8Array(0);
  const firstOf = (source: SourceNumber) => (source & (size / WAYS - 1)) * WAYS;
  /** Its place, or -1. An empty place has the tick 0. */
  const find = (source: SourceNumber) => {
    if (sources.length === 0) return -1;
    const first = firstOf(source);
    for (let i = first; i < first + WAYS; i++) if (sources[i] === source && ticks[i] !== 0) return i;
    return -1;
  };
  const timeAt = (place: number) => (ticks[place]! - 1) * TICK_MS;
  return {
    at(source) {
      const place = find(source);
      return place < 0 ? null : timeAt(place);
    },
    count(source, now) {
      const place = find(source);
      return place < 0 || now - timeAt(place) > forgotten ? 0 : counts[place]!;
    },
    note(source, now) {
      if (sources.length === 0) {
        [sources, ticks, counts] = [new Uint32Array(size), new Uint32Array(size), new Uint8Array(size)];
      }
      let place = find(source), before = 0;
      if (place >= 0) {
        const passed = now - timeAt(place);
        if (passed < apart) return;
        if (passed <= forgotten) before = counts[place]!;
      } else {
        place = firstOf(source);
        for (let i = place + 1; i < firstOf(source) + WAYS; i++) if (ticks[i]! < ticks[place]!) place = i;
      }
      sources[place] = source;
      ticks[place] = Math.floor(now / TICK_MS) + 1;
      counts[place] = Math.min(before + 1, MOST_TIMES);
    },
  };
}

/**
 * How sources become numbers. Two that have the same number count as one source.
 *
 * @param seed a random number below 2^32, so that nobody can choose sources that have the same
 */
export function sourceNumbers(seed: number): (source: Ip) => SourceNumber {
  return ({ bytes }) => {
    let number = seed | 0;
    const length = bytes.length === 4 ? 4 : 8;
    for (let i = 0; i < length; i += 4) {
      const word = (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!;
      number = mix(number ^ word);
    }
    return mix(number ^ length) >>> 0;
  };
}

/** Two rounds that leave no bit of 32 where it was, and make no two numbers the same. */
function mix(number: number): number {
  let mixed = number;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
