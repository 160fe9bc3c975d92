/** How often something may be done: a number at once after a rest, and from then on so many in a second. Pure. */

/** What is allowed. */
export interface Allowed {
  readonly burst: number;
  readonly perSecond: number;
}

/** Whether it may be done now, which then counts. `steady`: milliseconds of a clock that nobody sets. */
export function createAllowance({ burst, perSecond }: Allowed, steady: () => number): () => boolean {
  const interval = 1000 / perSecond;
  /** When all of the burst is there again. */
  let fullAt = -Infinity;
  return () => {
    const now = steady();
    const next = Math.max(fullAt, now) + interval;
    if (next > now + burst * interval) return false;
    fullAt = next;
    return true;
  };
}
