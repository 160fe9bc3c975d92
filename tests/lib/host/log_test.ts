import assert from "node:assert/strict";
import { makeLog } from "../../../lib/host/log.ts";

Deno.test("makeLog() gives every sink whole lines in which everything can be seen", () => {
  const one: string[] = [];
  const two: string[] = [];
  const log = makeLog(0, [(_level, line) => one.push(line), (_level, line) => two.push(line)]);
  log("info", "user \x1b[2J\u202eroot\u2028 \x9b, Größe 日本\r\nnext");
  assert.deepEqual(one, ["user \\x1b[2J\\u202eroot\\u2028 \\x9b, Größe 日本\\x0d", "next"]);
  assert.deepEqual(two, one);
});

Deno.test("makeLog() drops what is less grave than asked for", () => {
  const lines: string[] = [];
  const log = makeLog(0, [(level) => lines.push(level)]);
  for (const level of ["error", "warning", "notice", "info", "debug"] as const) log(level, "x");
  assert.deepEqual(lines, ["error", "warning", "notice", "info"]);
});
