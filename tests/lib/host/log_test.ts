import assert from "node:assert/strict";
import { lineSink, makeLog } from "../../../lib/host/log.ts";

Deno.test("makeLog() gives every sink whole lines in which everything can be seen", () => {
  const one: string[] = [];
  const two: string[] = [];
  const log = makeLog(0, [(_level, line) => one.push(line) > 0, (_level, line) => two.push(line) > 0]);
  log("info", "user \x1b[2J\u202eroot\u2028 \x9b, Größe 日本\r\nnext");
  assert.deepEqual(one, ["user \\x1b[2J\\u202eroot\\u2028 \\x9b, Größe 日本\\x0d", "next"]);
  assert.deepEqual(two, one);
});

Deno.test("makeLog() drops what is less grave than asked for", () => {
  const lines: string[] = [];
  const log = makeLog(0, [(level) => lines.push(level) > 0]);
  for (const level of ["error", "warning", "notice", "info", "debug"] as const) log(level, "x");
  assert.deepEqual(lines, ["error", "warning", "notice", "info"]);
});

/** A reader with room for so many bytes. */
function reader(room: number) {
  let text = "";
  const decoder = new TextDecoder();
  return {
    write(bytes: Uint8Array<ArrayBuffer>) {
      const taken = bytes.subarray(0, Math.max(0, room - text.length));
      text += decoder.decode(taken);
      return taken.length;
    },
    makeRoom: (more: number) => void (room += more),
    get text() {
      return text;
    },
  };
}

Deno.test("makeLog() says how many lines were not taken, before the next that is", () => {
  const lines: string[] = [];
  let deaf = true;
  const log = makeLog(0, [(_level, line) => !deaf && lines.push(line) > 0]);
  for (const line of ["one", "two", "three"]) log("info", line);
  assert.deepEqual(lines, []);
  deaf = false;
  log("info", "four");
  log("info", "five");
  assert.deepEqual(lines, ["(3 lines of the log are missing here: nobody took them)", "four", "five"]);
});

Deno.test("makeLog() counts for each sink by itself", () => {
  const lines: string[] = [];
  const log = makeLog(0, [() => false, (_level, line) => lines.push(line) > 0]);
  log("info", "one");
  log("info", "two");
  assert.deepEqual(lines, ["one", "two"]);
});

Deno.test("lineSink() finishes a line that was begun before it begins another", () => {
  const stream = reader(6);
  const sink = lineSink(stream.write);
  assert.equal(sink("info", "0123456789"), true);
  assert.equal(stream.text, "012345");
  assert.equal(sink("info", "lost"), false);
  stream.makeRoom(100);
  assert.equal(sink("info", "next"), true);
  assert.equal(stream.text, "0123456789\nnext\n");
});

Deno.test("lineSink() puts in front of a line what its level asks for", () => {
  const stream = reader(100);
  const sink = lineSink(stream.write, (level) => `${level}: `);
  assert.equal(sink("warning", "a line"), true);
  assert.equal(stream.text, "warning: a line\n");
});
