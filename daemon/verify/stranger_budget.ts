/**
 * How much time the keys of all stanzas may be tried for packets by none of them (MAX_STRANGER_CPU): a share of one processor,
 * and never much at one go, so that whoever names their key waits a few milliseconds at most. What turns out to be by a key of
 * ours costs nothing of it. Pure.
 */

/** The budget. All times in milliseconds of a clock that nobody sets. */
export interface StrangerBudget {
  /** A share of a processor between 0 and 1; null: as much as there is. */
  use(share: number | null): void;
  /** Other things were looked at: some packets may be tried again. */
  beginTurn(): void;
  /** Whether one more packet may be tried in this turn. */
  mayTry(now: number): boolean;
  /** Whether strangers have hardly taken anything of late. */
  isUntouched(now: number): boolean;
  /** It took so long. `stranger`: and was by no key of ours. */
  spend(ms: number, stranger: boolean): void;
  /** When a packet may be tried, if a turn begins then. */
  freeAt(now: number): number;
}

/** What may be spent without a pause: four packets with 5,000 stanzas, twenty with 1,000. */
const MOST_AT_ONCE_MS = 4;
/** More than a flood ever leaves between two turns. */
const HARDLY_LESS_MS = 3.6;

/**
 * A packet is charged at most so many times what the quickest of late took: the longest text takes five times as long as the
 * shortest. More than that is time in which somebody else had the processor, or garbage was collected: it would keep hundreds of
 * packets waiting.
 */
const MOST_TIMES_USUAL = 8;
/** What the quickest took grows by so much with each packet that takes longer. */
const GROWTH = 1.05;
/** Clocks may be coarse. */
const LEAST_MS = 0.001;

/** A budget that is full. */
export function strangerBudget(): StrangerBudget {
  let share: number | null = null;
  let left = MOST_AT_ONCE_MS, countedAt = 0, spentInTurn = 0;
  let usual = Infinity;

  function count(now: number): void {
    left = share === null ? MOST_AT_ONCE_MS : Math.min(MOST_AT_ONCE_MS, left + Math.max(0, now - countedAt) * share);
    countedAt = now;
  }
  return {
    use(wanted) {
      share = wanted;
      usual = Infinity;
    },
    beginTurn: () => void (spentInTurn = 0),
    mayTry(now) {
      if (share === null) return true;
      count(now);
      return left > 0 && spentInTurn < MOST_AT_ONCE_MS;
    },
    isUntouched(now) {
      count(now);
      return left >= HARDLY_LESS_MS;
    },
    spend(ms, stranger) {
      usual = Math.max(LEAST_MS, Math.min(ms, usual * GROWTH));
      const charged = Math.min(ms, usual * MOST_TIMES_USUAL);
      spentInTurn += charged;
      if (stranger) left -= charged;
    },
    freeAt(now) {
      count(now);
      return left > 0 || share === null ? now : now + Math.max(1, Math.ceil(-left / share));
    },
  };
}
