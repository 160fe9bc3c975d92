import assert from "node:assert/strict";
import { type Story, wholeStory } from "../../../daemon/verify/findings.ts";
import { type Refusal, refusal } from "../../../daemon/verify/refusals.ts";
import { remark } from "../../../daemon/verify/remarks.ts";
import type { LogLevel } from "../../../lib/log.ts";
import { ip } from "../../fakes/knock.ts";
import { KEY_HOLDERS, refusalLog, refusalLogs } from "../../../daemon/report/refusal_budget.ts";

function collector() {
  const lines: string[] = [];
  return { lines, log: (level: LogLevel, text: string) => void lines.push(`${level}: ${text}`) };
}

const at = (stanza: number) => ({ source: ip("192.0.2.1"), stanza });
const came = (n: number) => remark("source-match", at(n));
const DETAIL = "debug: SPA Packet: 'detail'";
const story = (n: number) => [remark("packet-text", { wire: "detail" }), refusal("stanza-expired", at(n))];
const told = (n: number) => `info: [192.0.2.1] (stanza #${n}) Access stanza has expired`;

Deno.test("a refusal costs the line that it came and its summary, whatever lies between", () => {
  const { lines, log } = collector();
  refusalLog(log, false).report(wholeStory(story(1)), 0);
  assert.deepEqual(lines, [told(1)]);
  const long = [came(1), refusal("hmac-mismatch", at(1)), refusal("hmac-mismatch", at(2)), ...story(3)];
  refusalLog(log, false).report(wholeStory(long), 0);
  assert.deepEqual(lines.slice(1), [
    "info: (stanza #1) SPA Packet from IP: 192.0.2.1 received with access source match",
    told(3),
  ]);
});

Deno.test("a flood costs one line a second, and every packet is accounted for", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false);
  for (let ms = 0; ms < 10_000; ms++) {
    refusals.flush(ms);
    refusals.report(wholeStory(story(ms)), ms);
  }
  refusals.flush(20_000);
  assert.equal(lines.length, 11);
  const counted = lines.reduce((sum, line) => sum + 1 + Number(/and (\d+) more/.exec(line)?.[1] ?? 0), 0);
  assert.equal(counted, 10_000);
});

Deno.test("what is held back asks for its time and is written then, not before", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false);
  refusals.report(wholeStory(story(1)), 100);
  assert.equal(refusals.dueAt, null);
  refusals.report(wholeStory(story(2)), 200);
  assert.equal(refusals.dueAt, 1100);
  refusals.flush(1099);
  assert.equal(lines.length, 1);
  refusals.flush(1100);
  assert.deepEqual(lines, [told(1), told(2)]);
  assert.equal(refusals.dueAt, null);
});

Deno.test("with -v every line of every refusal is written", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, true);
  refusals.report(wholeStory(story(1)), 0);
  refusals.report(wholeStory(story(2)), 0);
  assert.deepEqual(lines, [DETAIL, told(1), DETAIL, told(2)]);
});

Deno.test("what is no SPA packet is not worth a line", () => {
  const { lines, log } = collector();
  refusalLog(log, false).report(wholeStory([refusal("not-spa-data", at(0))]), 0);
  assert.deepEqual(lines, []);
});

Deno.test("a flood of a key holder costs a burst and then a packet a second, each with all its lines and a count", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false, KEY_HOLDERS);
  const whole = (n: number) => [came(n), ...story(n)];
  for (let ms = 0; ms < 10_000; ms++) {
    refusals.flush(ms);
    refusals.report(wholeStory(whole(ms)), ms);
  }
  refusals.flush(60_000);
  const summaries = lines.filter((line) => /expired/.test(line));
  assert.deepEqual(lines.slice(0, 2), [
    "info: (stanza #0) SPA Packet from IP: 192.0.2.1 received with access source match",
    told(0),
  ]);
  assert.equal(lines.length, 2 * summaries.length);
  // Ten at once, one for each second that passed, and what was still held back.
  assert.equal(summaries.length, 10 + 9 + 1);
  const counted = summaries.reduce((sum, line) => sum + 1 + Number(/and (\d+) more/.exec(line)?.[1] ?? 0), 0);
  assert.equal(counted, 10_000);
  assert.ok(!lines.some((line) => /received.*more refused/.test(line)));
  refusals.report(wholeStory(whole(1)), 120_000);
  assert.equal(lines.at(-1), told(1), "after a quiet time at once again");
});

Deno.test("what strangers send takes no line from key holders, and the other way round", () => {
  const { lines, log } = collector();
  const { keyHolders, strangers } = refusalLogs(log, false);
  for (let i = 0; i < 50; i++) strangers.report(wholeStory(story(i)), 0);
  keyHolders.report(wholeStory([refusal("service-denied", at(7))]), 0);
  assert.deepEqual(lines, [
    told(0),
    "warning: [192.0.2.1] (stanza #7) One or more requested protocol/ports was denied per access.conf.",
  ]);
  for (let i = 0; i < 50; i++) keyHolders.report(wholeStory(story(100 + i)), 2000);
  lines.length = 0;
  strangers.flush(2000);
  assert.deepEqual(lines, [`${told(49)} (and 48 more refused packets)`]);
});

Deno.test("a refusal that is not written costs no text, and one that is held back only when its time has come", () => {
  const { lines, log } = collector();
  let read = 0;
  const watched: Refusal = {
    code: "stanza-expired",
    facts: {
      stanza: 1,
      get source() {
        read++;
        return ip("192.0.2.1");
      },
    },
  };
  const refusals = refusalLog(log, false);
  refusals.report(wholeStory([watched]), 0);
  assert.deepEqual([lines.length, read], [1, 1]);
  for (let i = 0; i < 100; i++) refusals.report(wholeStory([watched]), 500);
  assert.deepEqual([lines.length, read], [1, 1]);
  refusals.flush(1000);
  assert.deepEqual([lines.length, read], [2, 2]);
});

Deno.test("of a story that is held back and overtaken by another, nothing is ever made", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false);
  const read: number[] = [];
  const lazy = (n: number): Story => ({
    notable: [came(n)],
    findings: [],
    get brief() {
      read.push(n);
      return [came(n), ...story(n)];
    },
  });
  for (let n = 1; n <= 100; n++) refusals.report(lazy(n), n);
  assert.deepEqual(read, [1]);
  refusals.flush(2000);
  assert.deepEqual(read, [1, 100]);
  assert.equal(lines.at(-1), `${told(100)} (and 98 more refused packets)`);
});

Deno.test("the summary of a flood says how many packets were dropped before a key was tried", () => {
  const { lines, log } = collector();
  const refusals = refusalLog(log, false);
  const dropped = wholeStory([refusal("not-tried", { source: ip("192.0.2.1") })]);
  for (let ms = 0; ms < 900; ms++) refusals.report(ms % 3 === 2 ? wholeStory(story(1)) : dropped, ms);
  refusals.flush(1000);
  for (let ms = 1001; ms < 1005; ms++) refusals.report(dropped, ms);
  refusals.flush(Infinity);
  assert.deepEqual(lines.map((line) => /(?: \(and .*)?$/.exec(line)?.[0]), [
    "",
    " (and 898 more refused packets, 599 of them dropped)",
    " (and 3 more refused packets, 3 of them dropped)",
  ]);
});
