/** Randomness that is the same in every run. */

/** Xorshift: the same numbers for the same seed, which is not 0. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A number from 0 on, below another. */
export type Random = ReturnType<typeof randomNumbers>;
