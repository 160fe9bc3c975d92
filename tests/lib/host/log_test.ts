import assert from "node:assert/strict";
import { lineSink, type LogSink, makeLog, singleSink } from "../../../lib/host/log.ts";
import { takes, together } from "../../../lib/log.ts";

/** Keeps what it is given, each time in a row of its own, as long as it is not deaf. */
function keeper(isDeaf: () => boolean = () => false) {
  const rows: string[][] = [];
  const sink: LogSink = (lines) => isDeaf() ? 0 : (rows.push(lines.map(({ text }) => text)), lines.length);
  return { rows, sink };
}

Deno.test("makeLog() gives every sink whole lines in which everything can be seen", () => {
  const one = keeper();
  const two = keeper();
  const log = makeLog(0, [one.sink, two.sink]);
  log("info", "user \x1b[2J\u202eroot\u2028 \x9b, Größe 日本\r\nnext");
  assert.deepEqual(one.rows, [["user \\x1b[2J\\u202eroot\\u2028 \\x9b, Größe 日本\\x0d"], ["next"]]);
  assert.deepEqual(two.rows, one.rows);
});

Deno.test("makeLog() drops what is less grave than asked for", () => {
  const levels = ["error", "warning", "notice", "info", "debug"] as const;
  const written: string[] = [];
  const log = makeLog(0, [singleSink(({ level }) => written.push(level) > 0)]);
  for (const level of levels) log(level, "x");
  assert.deepEqual(written, ["error", "warning", "notice", "info"]);
  assert.deepEqual(levels.filter((level) => takes(log, level)), written);
  assert.equal(takes(makeLog(1, []), "debug"), true);
});

const info = (text: string) => ({ level: "info", text }) as const;

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
  let deaf = true;
  const { rows, sink } = keeper(() => deaf);
  const log = makeLog(0, [sink]);
  for (const line of ["one", "two", "three"]) log("info", line);
  assert.deepEqual(rows, []);
  deaf = false;
  log("info", "four");
  log("info", "five");
  assert.deepEqual(rows, [["(3 lines of the log are missing here: nobody took them)", "four"], ["five"]]);
});

Deno.test("makeLog() counts for each sink by itself", () => {
  const { rows, sink } = keeper();
  const log = makeLog(0, [() => 0, sink]);
  log("info", "one");
  log("info", "two");
  assert.deepEqual(rows, [["one"], ["two"]]);
});

Deno.test("makeLog() writes at once what is said together, in order and before it goes on", () => {
  const { rows, sink } = keeper();
  const log = makeLog(0, [sink]);
  log("info", "one");
  together(log, () => {
    log("info", "two\nthree");
    log("debug", "nobody reads this");
    together(log, () => log("warning", "four"));
    assert.deepEqual(rows, [["one"]]);
  });
  log("info", "five");
  together(log, () => {});
  assert.deepEqual(rows, [["one"], ["two", "three", "four"], ["five"]]);
});

Deno.test("makeLog() writes what was said together also where it ends in an error", () => {
  const { rows, sink } = keeper();
  const log = makeLog(0, [sink]);
  const work = () => {
    log("info", "one");
    log("info", "two");
    throw new Error("it broke");
  };
  assert.throws(() => together(log, work), /it broke/);
  log("info", "three");
  assert.deepEqual(rows, [["one", "two"], ["three"]]);
});

Deno.test("makeLog() writes no more at once than a pipe takes", () => {
  const { rows, sink } = keeper();
  const log = makeLog(0, [sink]);
  const line = "x".repeat(1000);
  together(log, () => {
    for (let i = 0; i < 10; i++) log("info", line);
    log("info", "y".repeat(9000));
  });
  assert.deepEqual(rows.map((row) => row.length), [4, 4, 2, 1]);
});

Deno.test("makeLog() counts what is lost of lines that were said together, and where", () => {
  const lines: string[] = [];
  const room = [true, true, false, false, true, true, true];
  const log = makeLog(0, [singleSink(({ text }) => room.shift() === true && lines.push(text) > 0)]);
  together(log, () => {
    for (const line of ["one", "two", "three", "four", "five"]) log("info", line);
  });
  const missing = "(1 lines of the log are missing here: nobody took them)";
  assert.deepEqual(lines, ["one", "two", missing, "four", "five"]);
});

Deno.test("lineSink() finishes a line that was begun before it begins another", () => {
  const stream = reader(6);
  const sink = lineSink(stream.write);
  assert.equal(sink([info("0123456789")]), 1);
  assert.equal(stream.text, "012345");
  assert.equal(sink([info("lost")]), 0);
  stream.makeRoom(100);
  assert.equal(sink([info("next")]), 1);
  assert.equal(stream.text, "0123456789\nnext\n");
});

Deno.test("lineSink() gives many lines at once, and finishes the one of them that was begun", () => {
  const stream = reader(6);
  const sink = lineSink(stream.write);
  assert.equal(sink([info("one"), info("two"), info("three")]), 2);
  assert.equal(stream.text, "one\ntw");
  stream.makeRoom(1);
  assert.equal(sink([info("lost")]), 0);
  stream.makeRoom(5);
  assert.equal(sink([info("four"), info("five")]), 1);
  assert.equal(stream.text, "one\ntwo\nfour");
  stream.makeRoom(5);
  assert.equal(sink([info("six")]), 1);
  assert.equal(stream.text, "one\ntwo\nfour\nsix\n");
});

Deno.test("lineSink() takes no line for begun of which nothing is written, and counts bytes, not characters", () => {
  const stream = reader(7);
  const sink = lineSink(stream.write);
  assert.equal(sink([info("größe"), info("lost")]), 1);
  stream.makeRoom(9);
  assert.equal(sink([info("next")]), 1);
  assert.equal(stream.text, "größe\nnext\n");
});

Deno.test("lineSink() puts in front of a line what its level asks for", () => {
  const stream = reader(100);
  const sink = lineSink(stream.write, (level) => `${level}: `);
  assert.equal(sink([{ level: "warning", text: "a line" }]), 1);
  assert.equal(stream.text, "warning: a line\n");
});
