import assert from "node:assert/strict";
import { findKey, keyFromFile } from "../../../cli/keys/key_file.ts";
import { temporaryFolder } from "../harness.ts";

const ROWS: readonly [text: string, key: string | null][] = [
  ["10.0.0.1: secret\n", "secret"],
  ["10.0.0.1:secret", "secret"],
  [" \t=10.0.0.1:= \tsecret\n", "secret"],
  ["10.0.0.1: one\n10.0.0.1: two\n", "two"],
  ["10.0.0.1: blank \r\n", "blank \r"],
  ["#10.0.0.1: no\n;10.0.0.1: no\n", null],
  ["10.0.0.1 : no\n", null],
  ["10.0.0.11: no\n", null],
  ["10.0.0.1: a:b c#d;e\n", "a:b c#d;e"],
  ["", null],
];

/** The key as text, for files that are text. */
function keyText(text: string, server: string): string | null {
  const key = findKey(new TextEncoder().encode(text), server);
  return key === null ? null : new TextDecoder().decode(key);
}

for (const [text, key] of ROWS) {
  Deno.test(`findKey() in ${JSON.stringify(text)}`, () => assert.equal(keyText(text, "10.0.0.1"), key));
}

Deno.test("findKey() compares the name exactly and with its case", () => {
  assert.equal(keyText("Host: x\n", "host"), null);
  assert.equal(keyText("höst: schlüssel\n", "höst"), "schlüssel");
});

Deno.test("findKey() gives the bytes as they are, UTF-8 or not", () => {
  const file = Uint8Array.of(...new TextEncoder().encode("# \u00e9\nh: "), 0x73, 0xfc, 0xff, 0x00, 0x80, 0x0a);
  assert.deepEqual(findKey(file, "h"), Uint8Array.of(0x73, 0xfc, 0xff, 0x00, 0x80));
});

Deno.test("keyFromFile() says what is missing, and never a key", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/keys`;
  assert.throws(() => keyFromFile(path, "host"), /Could not open config file: .*keys/);
  Deno.writeTextFileSync(path, `other: topsecret\nlong: ${"k".repeat(129)}\nempty:\n`);
  assert.throws(() => keyFromFile(path, "host"), (error: Error) => {
    assert.match(error.message, /^Could not get key for IP: host from: /);
    return !error.message.includes("topsecret");
  });
  assert.throws(() => keyFromFile(path, "long"), /Invalid key length: 129 bytes/);
  assert.throws(() => keyFromFile(path, "empty"), /Invalid key length: 0 bytes/);
  assert.equal(new TextDecoder().decode(keyFromFile(path, "other")), "topsecret");
});

Deno.test("keyFromFile() reads a pipe and refuses a directory", async () => {
  using folder = temporaryFolder();
  assert.throws(() => keyFromFile(folder.path, "h"), /Could not open config file: .*is not a regular file/);
  const fifo = `${folder.path}/fifo`;
  assert.ok((await new Deno.Command("mkfifo", { args: [fifo] }).output()).success);
  // Both ends of a pipe wait for each other, so the other one is another process.
  const writer = new Deno.Command("timeout", { args: ["10", "sh", "-c", 'echo "h: topsecret" >"$0"', fifo] }).spawn();
  assert.equal(new TextDecoder().decode(keyFromFile(fifo, "h")), "topsecret");
  assert.ok((await writer.status).success);
});
