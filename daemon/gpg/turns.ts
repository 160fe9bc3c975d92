/** Whose turn it is: so many at once and no more, those with a key of ours first. Pure. */

/** Work that waits for its turn. */
interface Waiting {
  readonly first: boolean;
  begin(): void;
}

/** The turns of one kind of work. */
export interface Turns {
  /** Does it when there is room; null where too many wait already. `first`: before those of whom that is not said. */
  take<Value>(work: () => Promise<Value>, first: boolean): Promise<Value> | null;
}

/** Nobody works yet. */
export function createTurns({ atOnce, waiting: most }: { readonly atOnce: number; readonly waiting: number }): Turns {
  let running = 0;
  let waiting: readonly Waiting[] = [];

  function next(): void {
    const one = waiting.find(({ first }) => first) ?? waiting[0];
    if (one === undefined || running >= atOnce) return;
    waiting = waiting.filter((other) => other !== one);
    one.begin();
  }

  return {
    take<Value>(work: () => Promise<Value>, first: boolean) {
      if (waiting.length >= most) return null;
      return new Promise<Value>((resolve, reject) => {
        const begin = () => {
          running++;
          Promise.try(work).then(resolve, reject).finally(() => {
            running--;
            next();
          });
        };
        waiting = [...waiting, { first, begin }];
        next();
      });
    },
  };
}
