/**
 * The two kinds of row that the run loop works off: a watch notes that something came, a duty says when it is due and does
 * it.
 */

/** In the place of a descriptor: asked at every wake-up, whatever its reason. */
export const EVERY_WAKE_UP = "every wake-up";

/** A descriptor to wait for. Nothing is done at once: what came becomes a duty. */
export interface Watch {
  /** Null: there is none at the moment. Of several, any counts. */
  fd(): number | readonly number[] | null | typeof EVERY_WAKE_UP;
  /** Notes that it is readable, in error or hung up. `fds`: all descriptors that are. */
  ready(fds: ReadonlySet<number>): void;
}

/** Something to do at its time. */
export interface Duty {
  /** When, in milliseconds of the steady clock, at which it is `now`; null: nothing is to be done. */
  dueAt(now: number): number | null;
  /** Does it. Afterwards it is due at another time. */
  perform(): Promise<void> | void;
  /** Whether it may be done while a batch waits for the disk (`flight.ts`). All others come behind it. */
  readonly isBesideFlight?: boolean;
}

/** Everything that the loop waits for and does; the duties of one turn are done in this order. */
export interface Rows {
  readonly watches: readonly Watch[];
  readonly duties: readonly Duty[];
  /** The last thing, whatever the loop ends for: says what had to wait for its time. */
  leave(): Promise<void>;
}

/** The descriptors among what a watch waits for. */
export function descriptorsOf(fd: ReturnType<Watch["fd"]>): readonly number[] {
  if (fd === null || fd === EVERY_WAKE_UP) return [];
  return typeof fd === "number" ? [fd] : fd;
}

/** Milliseconds until the first duty; -1 when only descriptors matter. */
export function untilFirst(duties: readonly Duty[], now: number): number {
  let first = Infinity;
  for (const duty of duties) first = Math.min(first, duty.dueAt(now) ?? Infinity);
  return first === Infinity ? -1 : Math.max(0, Math.ceil(first - now));
}
