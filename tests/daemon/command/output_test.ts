import assert from "node:assert/strict";
import { logOutput, MAX_LINE, MAX_LINES } from "../../../daemon/command/output.ts";
import { makeLog, singleSink } from "../../../lib/host/log.ts";

/** The lines of the log after a command printed these pieces. */
function logged(...pieces: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const log = makeLog(0, [singleSink(({ text }) => lines.push(text) > 0)]);
  const output = logOutput("[tag]");
  for (const piece of pieces) output.take(new TextEncoder().encode(piece), log);
  output.end(log);
  return lines.map((line) => line.replace("[tag] CMD_EXEC: ", ""));
}

Deno.test("logOutput() writes line by line, however the pieces are cut, and a last line without an end", () => {
  assert.deepEqual(logged("on", "e\ntwo\n", "thr", "ee"), ["output: one", "output: two", "output: three"]);
  assert.deepEqual(logged("\n\n"), ["output: ", "output: "]);
  assert.deepEqual(logged(), []);
});

Deno.test("logOutput() shows what would act on a terminal or forge a line", () => {
  assert.deepEqual(logged("\x1b[2J\r\nx\u202ey\n"), ["output: \\x1b[2J\\x0d", "output: x\\u202ey"]);
  const bytes = new Uint8Array([0x61, 0xff, 0x62, 0x0a]);
  const lines: string[] = [];
  logOutput("[tag]").take(bytes, (_level, line) => void lines.push(line));
  assert.deepEqual(lines, ["[tag] CMD_EXEC: output: a\ufffdb"]);
});

Deno.test("logOutput() cuts a long line, and keeps a character that two pieces share", () => {
  assert.deepEqual(logged("x".repeat(MAX_LINE)), [`output: ${"x".repeat(MAX_LINE)}`]);
  assert.deepEqual(logged("x".repeat(300), "x".repeat(300), "x\ny"), [`output: ${"x".repeat(MAX_LINE)}…`, "output: y"]);
  const lines: string[] = [];
  const output = logOutput("");
  for (const byte of new TextEncoder().encode("ä\n")) {
    output.take(Uint8Array.of(byte), (_level, line) => void lines.push(line));
  }
  assert.deepEqual(lines, [" CMD_EXEC: output: ä"]);
});

Deno.test("logOutput() stops after so many lines, and says so once", () => {
  const lines = logged("line\n".repeat(MAX_LINES), "more\n".repeat(1000), "x".repeat(100_000));
  assert.equal(lines.length, MAX_LINES + 1);
  assert.equal(lines.at(-1), "what else it prints is not logged");
  assert.equal(logged("line\n".repeat(MAX_LINES)).length, MAX_LINES);
});
