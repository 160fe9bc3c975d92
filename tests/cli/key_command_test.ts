import assert from "node:assert/strict";
import { keyFromCommand, parseKeyOutput } from "../../cli/key_command.ts";
import { H64, K64 } from "./harness.ts";

function parsed(output: string, label: "KEY_BASE64" | "HMAC_KEY_BASE64" = "KEY_BASE64"): string | null {
  const key = parseKeyOutput(output, label);
  return key === null ? null : new TextDecoder().decode(key);
}

Deno.test("parseKeyOutput() takes the first line as text, or as base64 when it says so", () => {
  assert.equal(parsed("secret word\nnote\n"), "secret word");
  assert.equal(parsed("secret\r\n"), "secret");
  assert.equal(parsed(`base64:${K64}\n`), "Rijndael-test-key-0123456789abcd");
  assert.equal(parsed("base64:!!\n"), null);
});

Deno.test("parseKeyOutput() takes the line of --key-gen that has the label", () => {
  const output = `KEY_BASE64: ${K64}\nHMAC_KEY_BASE64: ${H64}\n`;
  assert.equal(parsed(output), "Rijndael-test-key-0123456789abcd");
  assert.equal(parsed(output, "HMAC_KEY_BASE64"), atob(H64));
});

Deno.test("keyFromCommand() runs words without a shell", async () => {
  const key = await keyFromCommand(`printf %s "a b;\\$HOME"`, "KEY_BASE64");
  assert.equal(new TextDecoder().decode(key), "a b;$HOME");
});

for (
  const [command, pattern] of [
    ["/nonexistent/program x", /KEY_CMD: cannot run \/nonexistent\/program/],
    ["false", /KEY_CMD: false failed with status 1/],
    ["true", /KEY_CMD: true printed no usable key/],
    ["echo 'x", /KEY_CMD: a quote is not closed/],
  ] as const
) {
  Deno.test(`keyFromCommand() refuses ${command}`, async () => {
    await assert.rejects(keyFromCommand(command, "KEY_BASE64"), pattern);
  });
}
