/**
 * A QR code as text: several modules stand in one character. The library is a CommonJS module, so it is
 * imported here by name: bundles in several files have no names for an `import()` of it. Nothing that a knock
 * needs imports this file.
 */
import { create } from "qrcode/lib/core/qrcode.js";

/** Light modules around the code. The standard asks for four; readers do with two on a terminal. */
const QUIET = 2;

/** Black on white, whatever the colours of the terminal are: many readers do not take the reverse. */
const COLOURS = "\x1b[30;107m";
const RESET = "\x1b[0m";

/** A code that is drawn. */
export interface DrawnCode {
  readonly lines: readonly string[];
  readonly columns: number;
}

/** Bytes that the largest code holds at that level. */
const CAPACITY = 2953;

/** How modules become characters: so many beside and above each other in one, and the character for a set of them. */
export interface Blocks {
  readonly across: number;
  readonly down: number;
  /** `bits`: the first for the module at the top left, the next for the one beside it. */
  character(bits: number): string;
}

/** Two modules above each other: squares on every terminal. */
export const HALF_BLOCKS: Blocks = { across: 1, down: 2, character: (bits) => " \u2580\u2584\u2588".charAt(bits) };

/** Two beside and three above each other, from Unicode 13: modules are a little higher than wide, which readers do not mind. */
export const SEXTANTS: Blocks = { across: 2, down: 3, character: sextant };

/** The code points leave out the sets that are half and full blocks. */
function sextant(bits: number): string {
  const elsewhere = { 0: " ", 0b010101: "\u258c", 0b101010: "\u2590", 0b111111: "\u2588" }[bits];
  return elsewhere ?? String.fromCodePoint(0x1fb00 + bits - 1 - (bits > 0b010101 ? 1 : 0) - (bits > 0b101010 ? 1 : 0));
}

/**
 * Draws the code of a text, at the lowest level of error correction: a screen has no scratches. Null when no code is large
 * enough.
 */
export function drawQrCode(text: string, blocks: Blocks = HALF_BLOCKS): DrawnCode | null {
  if (new TextEncoder().encode(text).length > CAPACITY) return null;
  const { modules } = create([{ data: new TextEncoder().encode(text), mode: "byte" }], { errorCorrectionLevel: "L" });
  return drawModules(modules.size, (row, column) => Boolean(modules.get(row, column)), blocks);
}

/** Draws a square of modules. Pure. */
export function drawModules(
  size: number,
  isDark: (row: number, column: number) => boolean,
  { across, down, character }: Blocks = HALF_BLOCKS,
): DrawnCode {
  const dark = (row: number, column: number) =>
    row >= 0 && row < size && column >= 0 && column < size && isDark(row, column);
  const cell = (row: number, column: number) => {
    let bits = 0;
    for (let bit = 0; bit < across * down; bit++) {
      if (dark(row + Math.floor(bit / across), column + bit % across)) bits |= 1 << bit;
    }
    return character(bits);
  };
  const lines: string[] = [];
  for (let row = -QUIET; row < size + QUIET; row += down) {
    let line = "";
    for (let column = -QUIET; column < size + QUIET; column += across) line += cell(row, column);
    lines.push(`${COLOURS}${line}${RESET}`);
  }
  return { lines, columns: Math.ceil((size + 2 * QUIET) / across) };
}
