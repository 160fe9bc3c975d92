import assert from "node:assert/strict";
import type { LogLevel } from "../../../lib/log.ts";
import { KEY_HOLDERS, refusalLog, refusalLogs } from "../../../daemon/report/refusal_log.ts";

function collector() {
  const lines: string[] = [];
  return { lines, log: (level: LogLevel, text: string) => void lines.push(`${level}: ${text}`) };
}

const story = (n: number) => [
  { level: "debug" as const, text: "detail" },
  { level: "info" as const, text: `refused ${n}` },
];

Deno.test("a refusal costs the line that it came and its summary, whatever lies between", () => {
  const { lines, log } = collector();
  refusalLog(log, false).report(story(1), 0);
  assert.deepEqual(lines, ["info: refused 1"]);
  const long = ["came", "not by this key", "not by that key", "refused"].map((text) =>
    ({ level: "info", text }) as const
  );
  refusalLog(log, false).report(long, 0);
  assert.deepEqual(lines.slice(1), ["info: came", "info: refused"]);
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

Deno.test("a flood of a key holder costs a burst and then a packet a second, each with all its lines and a count", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false, KEY_HOLDERS);
  const whole = (n: number) => [{ level: "info" as const, text: `received ${n}` }, ...story(n)];
  for (let ms = 0; ms < 10_000; ms++) {
    refusals.flush(ms);
    refusals.report(whole(ms), ms);
  }
  refusals.flush(60_000);
  const summaries = lines.filter((line) => line.startsWith("info: refused"));
  assert.deepEqual(lines.slice(0, 2), ["info: received 0", "info: refused 0"]);
  assert.equal(lines.length, 2 * summaries.length);
  // Ten at once, one for each second that passed, and what was still held back.
  assert.equal(summaries.length, 10 + 9 + 1);
  const counted = summaries.reduce((sum, line) => sum + 1 + Number(/and (\d+) more/.exec(line)?.[1] ?? 0), 0);
  assert.equal(counted, 10_000);
  assert.ok(!lines.some((line) => /received.*more refused/.test(line)));
  refusals.report(whole(1), 120_000);
  assert.equal(lines.at(-1), "info: refused 1", "after a quiet time at once again");
});

Deno.test("what strangers send takes no line from key holders, and the other way round", () => {
  const { lines, log } = collector();
  const { keyHolders, strangers } = refusalLogs(log, false);
  for (let i = 0; i < 50; i++) strangers.report(story(i), 0);
  keyHolders.report([{ level: "warning", text: "a key holder" }], 0);
  assert.deepEqual(lines, ["info: refused 0", "warning: a key holder"]);
  for (let i = 0; i < 50; i++) keyHolders.report(story(100 + i), 2000);
  lines.length = 0;
  strangers.flush(2000);
  assert.deepEqual(lines, ["info: refused 49 (and 48 more refused packets)"]);
});
