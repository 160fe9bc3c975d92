/** Digest, HMAC and mode of a packet: every pair of two of them at least once. */

/** Digests and HMACs by the names that options and directives take. */
export const DIGESTS = ["md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"] as const;
/** Modes that work beside an HMAC. */
export const MODES = ["cbc", "ecb", "cfb", "ofb", "ctr"] as const;

/** One combination. */
export interface Combination {
  readonly digest: typeof DIGESTS[number];
  /** Null: no HMAC. */
  readonly hmac: typeof DIGESTS[number] | null;
  /** `legacy` has no HMAC: the clients refuse the two together. */
  readonly mode: typeof MODES[number] | "legacy";
}

/**
 * A Latin square: along every row and every column of digest × HMAC all modes occur, because there are fewer of them.
 * The legacy mode, which pairs with digests only, comes on top.
 */
export function pairwise(): Combination[] {
  const hmacs = [...DIGESTS, null];
  const square = DIGESTS.flatMap((digest, row) =>
    hmacs.map((hmac, column) => ({ digest, hmac, mode: MODES[(row + column) % MODES.length]! }))
  );
  return [...square, ...DIGESTS.map((digest) => ({ digest, hmac: null, mode: "legacy" as const }))];
}
