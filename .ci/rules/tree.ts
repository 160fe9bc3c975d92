/** The syntax tree as the plugin walks it. */

/** A node of the tree, as loosely as the several kinds of it are looked at here. */
export interface Node {
  readonly type: string;
  readonly range: readonly [number, number];
  readonly parent: Node | null;
  // deno-lint-ignore no-explicit-any -- properties differ from kind to kind
  readonly [property: string]: any;
}

/** Says on which line, counted from 1, an offset lies. */
export type LineOf = (offset: number) => number;

/** Tells lines in this text. */
export function lineIndex(text: string): LineOf {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) ends.push(at);
  return (offset) => {
    let low = 0, high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}
