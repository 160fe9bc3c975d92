/**
 * When something happened to a source last: a table whose size is fixed, whatever comes, in which newer sources take the place of
 * the oldest. Sources are counted by what one sender is sure to have: an IPv4 address, or a /64 of IPv6. Pure.
 */
import type { Ip } from "../../lib/net/address.ts";

/** A source as a number below 2^32. */
export type SourceNumber = number;

/** The times of sources. */
export interface SourceTimes {
  /** When it was noted last, in milliseconds of the caller's clock, rounded down to hundredths of a second; null: not known. */
  at(source: SourceNumber): number | null;
  /** Notes a source. */
  note(source: SourceNumber, now: number): void;
}

/** Sources that share a place in the table: the oldest of so many goes. */
const WAYS = 4;
/** The clock of the table, in milliseconds: 32 bits of it are 497 days. */
const TICK_MS = 10;

/**
 * An empty table for `size` sources, a power of two. It takes its memory, 8 bytes a source, when the first is noted.
 */
export function sourceTimes(size: number): SourceTimes {
  let sources = new Uint32Array(0), ticks = new Uint32Array(0);
  const firstOf = (source: SourceNumber) => (source & (size / WAYS - 1)) * WAYS;
  /** Its place, or -1. An empty place has the tick 0. */
  const find = (source: SourceNumber) => {
    if (sources.length === 0) return -1;
    const first = firstOf(source);
    for (let i = first; i < first + WAYS; i++) if (sources[i] === source && ticks[i] !== 0) return i;
    return -1;
  };
  return {
    at(source) {
      const place = find(source);
      return place < 0 ? null : (ticks[place]! - 1) * TICK_MS;
    },
    note(source, now) {
      if (sources.length === 0) [sources, ticks] = [new Uint32Array(size), new Uint32Array(size)];
      let place = find(source);
      if (place < 0) {
        place = firstOf(source);
        for (let i = place + 1; i < firstOf(source) + WAYS; i++) if (ticks[i]! < ticks[place]!) place = i;
      }
      sources[place] = source;
      ticks[place] = Math.floor(now / TICK_MS) + 1;
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
