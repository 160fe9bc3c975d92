import assert from "node:assert/strict";
import { collectKeys, type KeySources, wantsHmac } from "../../../cli/keys/collect.ts";
import type { ClientSettings } from "../../../cli/options/table.ts";
import { ClientError } from "../../../cli/ui/tui.ts";
import { encodeBase64 } from "../../../lib/base64.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Sources that say what they were asked, each with an answer of its own. */
function sources(answers: Partial<Record<"typed" | "file" | "command", string>> = {}) {
  const asked: string[] = [], warnings: string[] = [];
  const answer = (kind: keyof typeof answers, question: string) => {
    asked.push(question);
    return bytes(answers[kind] ?? `${kind} ${asked.length}`);
  };
  const all: KeySources = {
    ask: (question) => answer("typed", question),
    fromFile: (path, server) => Promise.resolve(answer("file", `${path} for ${server}`)),
    fromCommand: (command, label) => Promise.resolve(answer("command", `${command} as ${label}`)),
    warn: (message) => void warnings.push(message),
  };
  return { all, asked, warnings };
}

const settings = (some: Partial<ClientSettings>) =>
  ({ useHmac: false, hmacDigestType: "sha256", ...some }) as ClientSettings;

async function collect(some: Partial<ClientSettings>, from = sources(), mode: "cbc" | "legacy" = "cbc") {
  const { cipher, hmac } = await collectKeys(settings(some), mode, from.all);
  const text = (key: Uint8Array) => new TextDecoder().decode(key);
  return {
    key: text(cipher.key),
    hmac: hmac === null ? null : text(hmac.key),
    asked: from.asked,
    warnings: from.warnings,
  };
}

async function refusal(some: Partial<ClientSettings>, from = sources(), mode: "cbc" | "legacy" = "cbc") {
  const error = await collectKeys(settings(some), mode, from.all).then(() => null, (error) => error);
  assert.ok(error instanceof ClientError, String(error));
  return { message: error.message, hint: error.hint ?? "" };
}

Deno.test("collectKeys(): what the settings hold, then a file, then a program, then the question", async () => {
  const every = { key: "k", keyBase64: encodeBase64(bytes("b")), keyFile: "/f", keyCmd: "c", server: "gw" };
  assert.deepEqual(await collect(every), { key: "k", hmac: null, asked: [], warnings: [] });
  const { key: _, ...rest } = every;
  assert.equal((await collect(rest)).key, "b");
  const file = await collect({ keyFile: "/f", keyCmd: "c", server: "gw" });
  assert.deepEqual([file.key, file.asked], ["file 1", ["/f for gw"]]);
  assert.deepEqual((await collect({ keyCmd: "c" })).asked, ["c as KEY_BASE64"]);
  assert.deepEqual((await collect({})).asked, ["Enter encryption key: "]);
});

Deno.test("collectKeys(): the HMAC key from the same places, only where one is wanted", async () => {
  assert.equal((await collect({ key: "k" })).hmac, null);
  assert.equal((await collect({ key: "k", hmacKey: "h" })).hmac, "h");
  assert.deepEqual((await collect({ key: "k", hmacKeyFile: "/h", server: "gw" })).asked, ["/h for gw"]);
  assert.deepEqual((await collect({ key: "k", hmacKeyCmd: "c" })).asked, ["c as HMAC_KEY_BASE64"]);
  assert.deepEqual((await collect({ useHmac: true })).asked, ["Enter encryption key: ", "Enter HMAC key: "]);
  assert.deepEqual([settings({}), settings({ useHmac: true }), settings({ hmacKey: "h" })].map(wantsHmac), [
    false,
    true,
    true,
  ]);
});

Deno.test("collectKeys(): keys that are too long, empty or the same send nothing, and are in no message", async () => {
  const long = await refusal({ keyFile: "/f" }, sources({ file: "s3cret".repeat(6) }));
  assert.match(long.message, /the encryption key has 36 bytes, must be in \[1,32\]/);
  assert.match(long.hint, /KEY_BASE64/);
  assert.match((await refusal({ key: "k", hmacKeyCmd: "c" }, sources({ command: "s".repeat(129) }))).hint, /base64:/);
  assert.match((await refusal({}, sources({ typed: "" }))).message, /the encryption key is empty/);
  const same = await refusal({ key: "s3cret", hmacKey: "s3cret" });
  assert.match(same.message, /should not be identical/);
  for (const { message, hint } of [long, same]) assert.ok(!`${message}${hint}`.includes("s3cret"));
});

Deno.test("collectKeys(): -M legacy uses the first 16 bytes, and says so", async () => {
  const cut = await collect({ key: "0123456789abcdefXYZ" }, sources(), "legacy");
  assert.deepEqual([cut.key, cut.warnings.length], ["0123456789abcdef", 1]);
  assert.deepEqual((await collect({ key: "0123456789abcdef" }, sources(), "legacy")).warnings, []);
  assert.equal((await collect({ key: "0123456789abcdefXYZ" })).key, "0123456789abcdefXYZ");
});

Deno.test("collectKeys(): a key whose base64 looks cut is warned of", async () => {
  const whole = encodeBase64(new Uint8Array(32).fill(7));
  assert.deepEqual((await collect({ keyBase64: whole })).warnings, []);
  assert.match((await collect({ keyBase64: whole.slice(0, 41) })).warnings.join(), /looks cut/);
});
