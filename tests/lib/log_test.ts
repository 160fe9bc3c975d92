import assert from "node:assert/strict";
import { lineText, type Log, takes, throughLog, together } from "../../lib/log.ts";

Deno.test("a log that says nothing of its levels takes all of them, and work is done at once", () => {
  const lines: string[] = [];
  const log: Log = (_level, text) => void lines.push(text);
  assert.equal(takes(log, "debug"), true);
  together(log, () => log("info", "one"));
  assert.deepEqual(lines, ["one"]);
});

Deno.test("throughLog() has the levels of the log behind it, and its lines go out with those of that", () => {
  const lines: string[] = [];
  let works = 0;
  const behind: Log = Object.assign((_level: string, text: string) => void lines.push(text), {
    takes: (level: string) => level !== "debug",
    together: (work: () => void) => {
      works++;
      work();
    },
  });
  const log = throughLog(behind, (level, text) => behind(level, `[${text}]`));
  assert.equal(takes(log, "debug"), false);
  assert.equal(takes(log, "info"), true);
  together(log, () => log("info", "one"));
  assert.deepEqual([lines, works], [["[one]"], 1]);
});

Deno.test("lineText() makes a text that was not made yet", () => {
  assert.equal(lineText({ level: "info", text: "known" }), "known");
  assert.equal(lineText({ level: "info", text: () => "made" }), "made");
});
