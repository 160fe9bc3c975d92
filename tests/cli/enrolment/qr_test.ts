import assert from "node:assert/strict";
import { drawModules, drawQrCode } from "../../../cli/enrolment/qr.ts";

/** The modules that a drawing shows, quiet zone included: the reverse of drawing. */
function read(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    // deno-lint-ignore no-control-regex -- colours are written with escape sequences
    const match = /^\x1b\[30;107m(.*)\x1b\[0m$/.exec(line);
    assert.ok(match, line);
    const blocks = [...match[1] ?? ""];
    return [blocks.map((one) => "█▀".includes(one) ? "#" : "."), blocks.map((one) => "█▄".includes(one) ? "#" : ".")]
      .map((row) => row.join(""));
  });
}

Deno.test("drawModules() puts two rows into one line, with a light frame", () => {
  const pattern = ["#.#", ".#.", "##."];
  const { lines, columns } = drawModules(3, (row, column) => pattern[row]?.[column] === "#");
  assert.equal(columns, 7);
  assert.deepEqual(read(lines), [
    ".......",
    ".......",
    "..#.#..",
    "...#...",
    "..##...",
    ".......",
    ".......",
    ".......",
  ]);
});

Deno.test("drawQrCode() draws the three finder patterns of a code that grows with its text", async () => {
  const finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];
  const small = await drawQrCode("fwknop:gw?v=1");
  const rows = read(small.lines);
  const size = small.columns - 4;
  for (const [row, column] of [[2, 2], [2, size - 5], [size - 5, 2]] as const) {
    assert.deepEqual(rows.slice(row, row + 7).map((line) => line.slice(column, column + 7)), finder);
  }
  assert.ok((await drawQrCode("x".repeat(300))).columns > small.columns);
});
