/**
 * The end of a grant, as a priority of a rich rule. firewalld keeps the time but tells nobody what is left of it, and a rule has
 * no room for a remark; so our rules carry their end where only the order of rules is meant otherwise, and among rules that let
 * somebody in the order means nothing. Two rules for one grant with different ends are two rules, so that renewing leaves no gap.
 * Pure.
 */

/** How many ends each of the two scales tells apart. */
const PERIOD = 15_000;
/** Priorities of grants that end soon, counted in seconds; those of the others follow, counted in steps. */
const FIRST = 1000, FIRST_COARSE = FIRST + PERIOD;
/** Seconds of a step of the second scale. */
const STEP = 256;
/** How long a rule may be seen after its end: firewalld counts by itself. */
const LATE = 600;
/** What is left of a grant on the first scale, at most; on the second one. */
const SOON = PERIOD - 2 * LATE, FAR = (PERIOD - 8) * STEP;

/** The priorities that our rules have: behind what is refused, before a rule for all the rest at 32767. */
const MARKS = { from: FIRST, to: FIRST_COARSE + PERIOD - 1 } as const;

/** The mark of a grant. What ends in more than a month gets one that says a month. */
export function markOf(expiresAt: number, now: number): number {
  if (expiresAt - now <= SOON) return FIRST + Math.ceil(expiresAt) % PERIOD;
  return FIRST_COARSE + Math.floor(Math.min(expiresAt, now + FAR) / STEP) % PERIOD;
}

/** The end that a mark says, never later than the true one; null where the number is no mark. */
export function endOf(mark: number, now: number): number | null {
  if (mark < MARKS.from || mark > MARKS.to) return null;
  if (mark < FIRST_COARSE) return nextWith(mark - FIRST, Math.floor(now) - LATE);
  return nextWith(mark - FIRST_COARSE, Math.floor((now - LATE) / STEP)) * STEP;
}

/** The first number from `least` on that leaves `rest` when it is divided by the period. */
function nextWith(rest: number, least: number): number {
  return least + (((rest - least) % PERIOD) + PERIOD) % PERIOD;
}
