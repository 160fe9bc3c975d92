import assert from "node:assert/strict";
import { runProgram, type RunResult, tellSlow } from "../../../lib/host/run.ts";

Deno.test("runProgram() hands over arguments as they are, without a shell", async () => {
  const result = await runProgram("/usr/bin/printf", ["%s|%s", "a b;$(id)", "*"]);
  assert.deepEqual([result.code, result.stdout, result.stderr], [0, "a b;$(id)|*", ""]);
});

Deno.test("runProgram() gives status, both streams and standard input", async () => {
  const result = await runProgram("/bin/sh", ["-c", "cat; echo oops >&2; exit 3"], { stdin: "täxt\n" });
  assert.deepEqual([result.code, result.stdout, result.stderr, result.timedOut], [3, "täxt\n", "oops\n", false]);
});

Deno.test("runProgram() shows the child a fixed environment and an empty standard input", async () => {
  const result = await runProgram("/usr/bin/env", []);
  assert.deepEqual(result.stdout.trim().split("\n").sort(), ["LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]);
  assert.equal((await runProgram("/bin/cat", [])).stdout, "");
});

Deno.test("runProgram() ends a program whose time is up", async () => {
  const result = await runProgram("/bin/sh", ["-c", "echo begun; exec sleep 60"], { timeoutMs: 300 });
  assert.equal(result.timedOut, true);
  assert.equal(result.code, 128 + 9);
  assert.equal(result.stdout, "begun\n");
});

Deno.test("runProgram() does not wait for a grandchild that holds the pipes", async () => {
  // It ends by itself soon after; nobody has to look for it.
  const result = await runProgram("/bin/sh", ["-c", "sleep 3 & echo begun; wait"], { timeoutMs: 300 });
  assert.deepEqual([result.timedOut, result.stdout], [true, "begun\n"]);
});

Deno.test("runProgram() keeps no more of the output than it was told to", async () => {
  const result = await runProgram("/usr/bin/seq", ["1", "100000"], { maxOutputBytes: 10 });
  assert.deepEqual([result.code, result.stdout, result.truncated], [0, "1\n2\n3\n4\n5\n", true]);
});

Deno.test("runProgram() does not mind a program that reads nothing", async () => {
  const result = await runProgram("/bin/true", [], { stdin: "x".repeat(1_000_000) });
  assert.equal(result.code, 0);
});

Deno.test("runProgram() refuses a relative path and throws where there is no program", async () => {
  await assert.rejects(runProgram("true", []), RangeError);
  await assert.rejects(runProgram("/nowhere/true", []), Deno.errors.NotFound);
});

Deno.test("tellSlow() names a program that does not end, and only that", async () => {
  const lines: string[] = [];
  const end = Promise.withResolvers<RunResult>();
  const done: RunResult = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, pid: 1 };
  const said = Promise.withResolvers<void>();
  const log = (level: string, text: string) => {
    lines.push(`${level} ${text}`);
    said.resolve();
  };
  const slow = tellSlow(() => end.promise, log, 0);
  const running = slow("/usr/sbin/iptables-restore", []);
  await said.promise;
  end.resolve(done);
  assert.equal(await running, done);
  assert.deepEqual(lines, ["warning /usr/sbin/iptables-restore does not end: what needs it has to wait"]);
  assert.equal(await tellSlow(() => Promise.resolve(done), log)("/bin/true", []), done);
  assert.equal(lines.length, 1);
});
