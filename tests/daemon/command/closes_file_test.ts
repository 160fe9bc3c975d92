import assert from "node:assert/strict";
import { ClosesFileError, closesPath, openClosesFile } from "../../../daemon/command/closes_file.ts";
import { CLOSES_HEADER, formatDone, formatPending, type PendingClose } from "../../../daemon/command/close_line.ts";
import { ip } from "../../fakes/knock.ts";
import { temporaryFolder } from "../../cli/harness.ts";

function close(id: string, due = 1000): PendingClose {
  const facts = {
    access: ip("192.0.2.10"),
    packetSource: ip("192.0.2.7"),
    packetDestination: null,
    service: { proto: "tcp", port: 22 },
    insidePort: null,
    timestamp: 1,
    seconds: 30,
  } as const;
  return { id, due, stanza: 1, template: "close $IP", facts, opened: null };
}

/** A place for the file, and what is said of it. */
function place() {
  const folder = temporaryFolder();
  const lines: string[] = [];
  const path = closesPath(`${folder.path}/digest.cache`);
  return {
    path,
    lines,
    open: (make = true) => openClosesFile(path, make, (level, line) => void lines.push(`${level}: ${line}`)),
    text: () => Deno.readTextFileSync(path),
    log: (level: string, line: string) => void lines.push(`${level}: ${line}`),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const left = (file: { readonly left: readonly PendingClose[] }) => file.left.map(({ id, due }) => `${id}@${due}`);

Deno.test("a door is in the file until it is closed, at the time that was said last", () => {
  using at = place();
  {
    using file = at.open();
    assert.deepEqual(left(file), []);
    assert.equal(at.text(), CLOSES_HEADER);
    assert.equal((Deno.statSync(at.path).mode ?? 0) & 0o777, 0o600);
    file.add([close("a"), close("b")]);
    file.add([close("a", 2000)]);
    file.remove(["b"], at.log);
    assert.equal(
      at.text(),
      [CLOSES_HEADER, ...[close("a"), close("b"), close("a", 2000)].map(formatPending), formatDone("b")].join(""),
    );
  }
  using file = at.open();
  assert.deepEqual(left(file), ["a@2000"]);
  assert.equal(at.text(), CLOSES_HEADER + formatPending(close("a", 2000)));
  assert.deepEqual(at.lines, []);
});

Deno.test("half a line, and lines that are none of ours, are named and left out; the others count", () => {
  using at = place();
  const half = formatPending(close("c")).slice(0, 40);
  Deno.writeTextFileSync(at.path, `${formatPending(close("a"))}rm -rf /\n\0\xff\n${formatPending(close("b"))}${half}`);
  using file = at.open();
  assert.deepEqual(left(file), ["a@1000", "b@1000"]);
  assert.deepEqual(
    at.lines,
    [2, 3, 5].map((line) => `warning: ${at.path}:${line}: no door to close can be read here: the line is left out`),
  );
  assert.equal(at.text(), CLOSES_HEADER + formatPending(close("a")) + formatPending(close("b")));
});

Deno.test("no file is made before there is something in it, unless that is asked for", () => {
  using at = place();
  using file = at.open(false);
  assert.throws(() => Deno.statSync(at.path), Deno.errors.NotFound);
  file.add([close("a")]);
  assert.equal(at.text(), CLOSES_HEADER + formatPending(close("a")));
});

Deno.test("a file that somebody moved, cut or replaced holds what counts again with the next door", () => {
  using at = place();
  using file = at.open();
  file.add([close("a")]);
  const harm = [
    () => Deno.removeSync(at.path),
    () => Deno.truncateSync(at.path, 10),
    () => Deno.writeTextFileSync(at.path, "", { append: false }),
    () => Deno.renameSync(at.path, `${at.path}.1`),
  ];
  for (const [index, how] of harm.entries()) {
    how();
    file.add([close(`b${index}`)]);
    for (const id of ["a", ...Array.from({ length: index + 1 }, (_, i) => `b${i}`)]) {
      assert.equal(at.text().split("\n").filter((line) => line.includes(`"${id}"`)).length, 1, `${index}: ${id}`);
    }
  }
});

Deno.test("the file does not grow without end", () => {
  using at = place();
  using file = at.open();
  file.add([close("a")]);
  for (let i = 0; i < 1200; i++) {
    file.add([close(i.toString(16))]);
    file.remove([i.toString(16)], at.log);
  }
  assert.ok(at.text().split("\n").length < 1100, `${at.text().length}`);
  file.add([close("a", 5)]);
  assert.match(at.text(), /"id":"a","due":5/);
});

Deno.test("a file that others could have written, or another daemon keeps, is not used", () => {
  using at = place();
  const refused = (pattern: RegExp) =>
    assert.throws(
      () => at.open(),
      (error) => error instanceof ClosesFileError && pattern.test(`${error.message}|${error.hint}`),
    );
  Deno.symlinkSync("/etc/passwd", at.path);
  refused(/it is a symbolic link\|name the file itself/);
  Deno.removeSync(at.path);
  Deno.mkdirSync(at.path);
  refused(/it is not a regular file/);
  Deno.removeSync(at.path);
  Deno.writeTextFileSync(at.path, "");
  Deno.linkSync(at.path, `${at.path}.2`);
  refused(/it has 2 names/);
  Deno.removeSync(`${at.path}.2`);
  Deno.chmodSync(at.path.slice(0, at.path.lastIndexOf("/")), 0o777);
  refused(/others may write in the folder/);
  Deno.chmodSync(at.path.slice(0, at.path.lastIndexOf("/")), 0o700);
});

Deno.test("what cannot be written is thrown before anything is opened, and said after it was closed", () => {
  using at = place();
  using file = at.open();
  file.add([close("a")]);
  const folder = at.path.slice(0, at.path.lastIndexOf("/"));
  Deno.removeSync(folder, { recursive: true });
  assert.throws(() => file.add([close("b")]), ClosesFileError);
  file.remove(["a"], at.log);
  assert.match(
    at.lines.join("\n"),
    /^error: Cannot use the file of doors to close, .*: No such file or directory: doors that are closed will be closed once more at the next start/,
  );
  Deno.mkdirSync(folder);
});
