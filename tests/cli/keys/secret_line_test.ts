import assert from "node:assert/strict";
import { SecretLine } from "../../../cli/keys/secret_line.ts";

function type(text: string, keys: ConstructorParameters<typeof SecretLine>[0] = {}) {
  const line = new SecretLine(keys);
  let state = "open";
  for (const byte of new TextEncoder().encode(text)) {
    state = line.push(byte);
    if (state !== "open") break;
  }
  return [new TextDecoder().decode(line.bytes()), state];
}

const ROWS: readonly [string, string, string][] = [
  ["secret\nrest", "secret", "finished"],
  ["secret", "secret", "open"],
  ["ab\x08c\n", "ac", "finished"],
  ["\x08\x08a\n", "a", "finished"],
  ["abc\x15d\n", "d", "finished"],
  ["abc\x03d\n", "", "interrupted"],
  ["abc\r\n", "abc\r", "finished"],
  ["aé\x08\n", "a", "finished"],
  ["x".repeat(200) + "\n", "x".repeat(127), "finished"],
];

for (const [typed, kept, state] of ROWS) {
  Deno.test(`K16: SecretLine makes ${JSON.stringify(kept.slice(0, 10))} of ${JSON.stringify(typed.slice(0, 12))}`, () => {
    assert.deepEqual(type(typed), [kept, state]);
  });
}

Deno.test("SecretLine takes the terminal's own erase and kill characters", () => {
  assert.deepEqual(type("ab\x7fc\n", { erase: [0x7f] }), ["ac", "finished"]);
  assert.deepEqual(type("ab\x7fc\n"), ["ab\x7fc", "finished"]);
  assert.deepEqual(type("ab\x18c\n", { kill: [0x18] }), ["c", "finished"]);
});
