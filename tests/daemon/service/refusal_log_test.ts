import assert from "node:assert/strict";
import type { LogLevel } from "../../../lib/log.ts";
import { refusalLog } from "../../../daemon/service/refusal_log.ts";

function collector() {
  const lines: string[] = [];
  return { lines, log: (level: LogLevel, text: string) => void lines.push(`${level}: ${text}`) };
}

const story = (n: number) => [
  { level: "debug" as const, text: "detail" },
  { level: "info" as const, text: `refused ${n}` },
];

Deno.test("a refusal costs one line, its summary", () => {
  const { lines, log } = collector();
  refusalLog(log, false).report(story(1), 0);
  assert.deepEqual(lines, ["info: refused 1"]);
});

Deno.test("a flood costs one line a second, and every packet is accounted for", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false);
  for (let ms = 0; ms < 10_000; ms++) {
    refusals.flush(ms);
    refusals.report(story(ms), ms);
  }
  refusals.flush(20_000);
  assert.equal(lines.length, 11);
  const counted = lines.reduce((sum, line) => sum + 1 + Number(/and (\d+) more/.exec(line)?.[1] ?? 0), 0);
  assert.equal(counted, 10_000);
});

Deno.test("what is held back asks for its time and is written then, not before", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false);
  refusals.report(story(1), 100);
  assert.equal(refusals.dueAt, null);
  refusals.report(story(2), 200);
  assert.equal(refusals.dueAt, 1100);
  refusals.flush(1099);
  assert.equal(lines.length, 1);
  refusals.flush(1100);
  assert.deepEqual(lines, ["info: refused 1", "info: refused 2"]);
  assert.equal(refusals.dueAt, null);
});

Deno.test("with -v every line of every refusal is written", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, true);
  refusals.report(story(1), 0);
  refusals.report(story(2), 0);
  assert.deepEqual(lines, ["debug: detail", "info: refused 1", "debug: detail", "info: refused 2"]);
});

Deno.test("what is no SPA packet is not worth a line", () => {
  const { lines, log } = collector();
  refusalLog(log, false).report([{ level: "debug", text: "not SPA" }], 0);
  assert.deepEqual(lines, []);
});
