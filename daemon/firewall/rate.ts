/** How often something may be done that costs more the more there is to look at. Pure. */

/** Nothing of that kind more often. */
const LEAST_MS = 1000;
/** How many times as long as it took nothing of it is done afterwards: it has a tenth of the time at most. */
const REST = 10;

/** When to do it. Milliseconds of one clock that nobody sets. */
export interface Rate {
  /** When it is to be done; null: nobody asked for it, or it is being done. */
  readonly dueAt: number | null;
  /** Asks for it, at `at` or as soon afterwards as may be. Of several the earliest counts. */
  ask(at: number): void;
  /** It begins: what was asked for so far is answered by it. */
  begin(now: number): void;
  /** It has ended. What was asked for meanwhile comes after a rest. */
  end(now: number): void;
}

/** Nobody has asked yet. */
export function createRate(): Rate {
  let asked: number | null = null;
  let began: number | null = null;
  let earliest = -Infinity;
  return {
    get dueAt() {
      return asked === null || began !== null ? null : Math.max(asked, earliest);
    },
    ask(at) {
      asked = Math.min(asked ?? at, at);
    },
    begin(now) {
      asked = null;
      began = now;
    },
    end(now) {
      const start = began ?? now;
      began = null;
      earliest = Math.max(start + LEAST_MS, now + REST * (now - start));
    },
  };
}
