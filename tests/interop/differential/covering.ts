/**
 * Combinations of many choices in which every two values of two choices stand together at least once: far fewer than all
 * combinations. Pure.
 */

/** A value of a choice, both by their index. */
export type Pick = readonly [choice: number, value: number];

/** What to combine. */
export interface CoveringOptions {
  /** How many values each choice has. Whatever was chosen, each other choice has a value that goes with it. */
  readonly sizes: readonly number[];
  /** Below `limit`, as random as the test's seed makes it. */
  readonly random: (limit: number) => number;
  /** Whether two values cannot stand together. */
  readonly excludes?: (one: Pick, other: Pick) => boolean;
}

/** Rows of one value per choice; each pair of values that may stand together stands in one of them. */
export function coveringRows(options: CoveringOptions): number[][] {
  const open = openPairs(options);
  const rows: number[][] = [];
  for (const pair of open.values()) {
    const row = fillRow(pair, open, options);
    rows.push(row);
    for (const key of pairKeys(row)) open.delete(key);
  }
  return rows;
}

type Pair = readonly [Pick, Pick];

function openPairs({ sizes, excludes = () => false }: CoveringOptions): Map<string, Pair> {
  const open = new Map<string, Pair>();
  for (const one of picks(sizes)) {
    for (const other of picks(sizes)) {
      if (one[0] < other[0] && !excludes(one, other)) open.set(keyOf(one, other), [one, other]);
    }
  }
  return open;
}

function* picks(sizes: readonly number[]): Iterable<Pick> {
  for (const [choice, size] of sizes.entries()) {
    for (let value = 0; value < size; value++) yield [choice, value];
  }
}

/** Begins with one open pair; every other choice takes the value that closes most pairs with what stands already. */
function fillRow(pair: Pair, open: ReadonlyMap<string, Pair>, options: CoveringOptions): number[] {
  const { sizes, random } = options;
  const row = new Map<number, number>(pair);
  const rest = shuffled(sizes.keys().toArray().filter((choice) => !row.has(choice)), random);
  for (const choice of rest) row.set(choice, bestValue(choice, { row, open, options }));
  return sizes.map((_, choice) => row.get(choice)!);
}

function bestValue(choice: number, { row, open, options }: {
  readonly row: ReadonlyMap<number, number>;
  readonly open: ReadonlyMap<string, Pair>;
  readonly options: CoveringOptions;
}): number {
  const { sizes, random, excludes = () => false } = options;
  const goes = (value: number) =>
    row.entries().every((pick) => !excludes(inOrder(pick, [choice, value])[0], inOrder(pick, [choice, value])[1]));
  const values = shuffled(Array.from({ length: sizes[choice]! }, (_, value) => value), random).filter(goes);
  const gain = (value: number) =>
    row.entries().filter((pick) => open.has(keyOf(pick, [choice, value]))).toArray().length;
  return values.reduce((best, value) => gain(value) > gain(best) ? value : best);
}

function pairKeys(row: readonly number[]): string[] {
  return row.flatMap((value, choice) =>
    row.slice(0, choice).map((other, before) => keyOf([before, other], [choice, value]))
  );
}

function inOrder(one: Pick, other: Pick): Pair {
  return one[0] < other[0] ? [one, other] : [other, one];
}

function keyOf(one: Pick, other: Pick): string {
  return inOrder(one, other).flat().join(" ");
}

function shuffled<Item>(items: readonly Item[], random: (limit: number) => number): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random(left.length), 1)[0]!);
}
