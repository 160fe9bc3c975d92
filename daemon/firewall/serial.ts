/** One piece of work at a time, in the order of asking, unless one hangs: then the next begins beside it. */

/** How long a program such as iptables-restore may keep the others waiting. It needs about 10 ms. */
const TURN_MS = 500;

/** Runs a piece of work when it is its turn, and resolves or rejects as that does. */
export type Serial = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * Makes a row to stand in. Work that has not ended after `turnMs` keeps running, but its turn is over: whoever relies on
 * a state across an `await` has to look at it again.
 */
export function createSerial(turnMs: number = TURN_MS): Serial {
  let turn: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const before = turn;
    const own = Promise.withResolvers<void>();
    turn = own.promise;
    await before;
    const timer = setTimeout(own.resolve, turnMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      own.resolve();
    }
  };
}
