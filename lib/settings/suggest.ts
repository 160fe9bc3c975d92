/** "Did you mean": the names of a list that are near enough to be meant: a slip of the finger, or words in another order. */

/**
 * The candidate nearest to `word`, or null when none is close. Letter case does not count as a difference. `-` and `_`
 * are the same letter, because options write one and directives the other.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = fold(word);
  if (wanted === "") return null;
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, fold(candidate), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `did you mean X?`, or undefined: ready to be a hint. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates];
  const slip = nearest(word, names);
  const guesses = [
    sameWords(word, names),
    slip !== null && editDistance(fold(word), fold(slip), 2) < 2 ? [slip] : [],
    holdingWords(word, names),
    slip === null ? [] : [slip],
  ];
  const meant = guesses.find((guess) => guess.length > 0);
  return meant === undefined ? undefined : `did you mean ${meant.join(" or ")}?`;
}

/** More is a list, not a guess. */
const MOST = 3;

/** Those of the same words in another order: `--hmac-key-base64` for `--key-base64-hmac`. */
function sameWords(word: string, candidates: readonly string[]): readonly string[] {
  const wanted = wordsOf(word).toSorted().join(" ");
  const found = candidates.filter((candidate) => wordsOf(candidate).toSorted().join(" ") === wanted);
  return wanted.includes(" ") ? found : [];
}

/** Those that hold every word, or nearly: `--list-stanzas` for `--stanza-list`. None where it could be many. */
function holdingWords(word: string, candidates: readonly string[]): readonly string[] {
  const wanted = wordsOf(word);
  const found = candidates.filter((candidate) => {
    const words = wordsOf(candidate);
    return wanted.every((part) => words.some((other) => editDistance(part, other, 2) < (part.length > 4 ? 2 : 1)));
  });
  return wanted.length === 0 || found.length > MOST ? [] : found;
}

function wordsOf(name: string): readonly string[] {
  return fold(name).split("_").filter((word) => word !== "");
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** Optimal string alignment: insert, delete, replace and swap of neighbours cost one each. Gives up at `cap`. */
function editDistance(a: string, b: string, cap: number): number {
  if (Math.abs(a.length - b.length) >= cap) return cap;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? cap;
}
