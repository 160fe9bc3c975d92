/**
 * A QR code as text: two modules stand above each other in one character. The library is a CommonJS module, so it is
 * imported here by name: bundles in several files have no names for an `import()` of it. Nothing on the road of a knock
 * imports this file.
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

/**
 * Draws the code of a text, at the lowest level of error correction: a screen has no scratches. Null when no code is large
 * enough.
 */
export function drawQrCode(text: string): DrawnCode | null {
  if (new TextEncoder().encode(text).length > CAPACITY) return null;
  const { modules } = create([{ data: new TextEncoder().encode(text), mode: "byte" }], { errorCorrectionLevel: "L" });
  return drawModules(modules.size, (row, column) => Boolean(modules.get(row, column)));
}

/** Draws a square of modules. Pure. */
export function drawModules(size: number, isDark: (row: number, column: number) => boolean): DrawnCode {
  const dark = (row: number, column: number) =>
    row >= 0 && row < size && column >= 0 && column < size && isDark(row, column);
  const lines: string[] = [];
  for (let row = -QUIET; row < size + QUIET; row += 2) {
    let line = "";
    for (let column = -QUIET; column < size + QUIET; column++) line += block(dark(row, column), dark(row + 1, column));
    lines.push(`${COLOURS}${line}${RESET}`);
  }
  return { lines, columns: size + 2 * QUIET };
}

function block(above: boolean, below: boolean): string {
  if (above) return below ? "\u2588" : "\u2580";
  return below ? "\u2584" : " ";
}
