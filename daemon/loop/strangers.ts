/**
 * Packets whose salt names no key of ours wait here until the keys of all stanzas may be tried for them. Nobody who names a key
 * waits behind them.
 */
import type { Ip } from "../../lib/net/address.ts";
import type { Datagram } from "../packet/datagram.ts";
import { datagramShelf } from "../packet/shelf.ts";
import type { TrialTime } from "../verify/decision.ts";
import { strangerBudget } from "../verify/stranger_budget.ts";
import { WAITING_PLACES, waitingLine } from "../verify/waiting_line.ts";

/** Those that wait, and the time that there is for them. */
export interface Strangers {
  readonly size: number;
  /** For packets as they come: they are tried at once where there is time and nobody waits. */
  readonly onArrival: TrialTime;
  /** For packets whose turn has come. */
  readonly inTurn: TrialTime;
  /** MAX_STRANGER_CPU from now on, as a share of one processor; null: no packet has to wait. */
  use(share: number | null): void;
  /** Everything else had its turn. */
  beginTurn(): void;
  /** Takes a packet in. Gives the source of the one that has to be dropped for that, if there are too many. */
  add(packet: Datagram): Ip | null;
  /** The next one whose turn has come; null where there is none, or no time for it in this turn of the loop. */
  next(): Datagram | null;
  /** The source of a packet has opened something: it is preferred for a time. */
  noteOpened(source: Ip): void;
  /** When there is something to do, by the clock at which it is `now`; null: nobody waits. */
  dueAt(now: number): number | null;
}

/**
 * Nobody waits.
 *
 * @param clock milliseconds of a clock that nobody sets
 * @param random fresh random bytes
 */
export function createStrangers(clock: () => number, random: (length: number) => Uint8Array): Strangers {
  const line = waitingLine(new Uint32Array(random(4).slice().buffer)[0]!, datagramShelf(WAITING_PLACES));
  const budget = strangerBudget();
  return {
    get size() {
      return line.size;
    },
    onArrival: {
      clock,
      // Many people who knock at once are no flood: nobody has to go for them.
      mayTry: () => line.size === 0 ? budget.mayTry(clock()) : line.isFull && budget.isUntouched(clock()),
      spend: budget.spend,
    },
    inTurn: {
      clock,
      mayTry: () => true,
      spend(ms, stranger) {
        budget.spend(ms, stranger);
        line.spend(ms);
      },
    },
    use: budget.use,
    beginTurn: budget.beginTurn,
    add: (packet) => line.add(packet, clock()),
    next() {
      const now = clock();
      return line.size > 0 && budget.mayTry(now) ? line.next(now) : null;
    },
    noteOpened: (source) => line.noteOpened(source, clock()),
    dueAt: (now) => line.size === 0 ? null : budget.freeAt(now),
  };
}
