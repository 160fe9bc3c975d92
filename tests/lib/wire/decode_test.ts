import assert from "node:assert/strict";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { decodeFields, decodeMessage } from "../../../lib/wire/decode.ts";
import { twinBase64, twinPlaintext } from "../spa/twin.ts";

const text = (value: string) => new TextEncoder().encode(value);
const b64 = (value: string) => twinBase64(text(value));
const HEAD = "1234567890123456:YWxpY2U:1700000000:3.0.0";
const MESSAGE = b64("192.0.2.10,tcp/22");

function errorOf(encoded: string): number {
  const result = decodeFields(encoded);
  return result.ok ? 0 : result.fault.number;
}

Deno.test("decodeFields() refuses fields that are too long to stand in a Rijndael packet at all", () => {
  assert.equal(errorOf(`${HEAD}:0:${b64(`1.2.3.4,${"x".repeat(184)}`)}`), 0);
  assert.equal(errorOf(`${HEAD}:0:${b64(`1.2.3.4,${"x".repeat(185)}`)}`), 26);
  assert.equal(errorOf(`${HEAD}:2:${MESSAGE}:${"a".repeat(257)}`), 31);
  assert.equal(errorOf(`${HEAD}:3:${MESSAGE}:${"1".repeat(257)}`), 40);
  assert.equal(errorOf(`${HEAD}:3:${MESSAGE}:${"1".repeat(256)}`), 42);
});

Deno.test("decodeFields() answers 6 to less than 36 characters, which the encoder refuses too", () => {
  const short = `1234567890123456:YQ:0:3:0:${b64("::1,x")}`;
  assert.equal(errorOf(short), 6);
  assert.equal(errorOf(short.replace(":0:3:", ":1700:3:")), 0);
});

Deno.test("F26: decodeFields() answers 12 to a random value that is not 16 digits: GPG messages come here unchecked", () => {
  for (const random of ["", "123456789012345", "12345678901234567", "123456789012345a", "１234567890123456"]) {
    assert.equal(errorOf(`${random}${HEAD.slice(16)}:1:${MESSAGE}`.padEnd(40, "A")), 12, random);
  }
});

Deno.test("decodeFields() takes server_auth of every type, and the counts of fields that each may have", () => {
  const nat = b64("10.0.0.1,22");
  const auth = b64("auth");
  const most: readonly [number, string, string][] = [
    [0, "", ""],
    [1, "", ""],
    [2, `:${nat}`, ""],
    [3, "", ":60"],
    [4, `:${nat}`, ":60"],
    [5, `:${nat}`, ""],
    [6, `:${nat}`, ":60"],
  ];
  for (const [type, before, after] of most) {
    const bare = decodeFields(`${HEAD}:${type}:${MESSAGE}${before}${after}`);
    assert.ok(bare.ok && bare.value.serverAuth === null, `type ${type}`);
    const full = decodeFields(`${HEAD}:${type}:${MESSAGE}${before}:${auth}${after}`);
    assert.ok(full.ok && full.value.serverAuth === "auth", `type ${type}`);
    assert.equal(full.value.clientTimeout, after === "" ? 0 : 60);
    assert.equal(errorOf(`${HEAD}:${type}:${MESSAGE}${before}:${auth}:${auth}${after}`), 10, `type ${type}`);
  }
});

Deno.test("decodeFields() keeps the message text and reads its addresses in canonical form", () => {
  const rows: readonly [string, string][] = [
    ["2001:DB8:0:0::1,tcp/22", "2001:db8::1"],
    ["::ffff:192.0.2.7,tcp/22", "192.0.2.7"],
    ["0.0.0.0,tcp/22", "0.0.0.0"],
  ];
  for (const [message, address] of rows) {
    const result = decodeFields(`${HEAD}:1:${b64(message)}`);
    assert.ok(result.ok);
    assert.equal(result.value.message, message);
    assert.equal(result.value.request.allow.text, address);
  }
});

Deno.test("decodeMessage() tells all digests apart, SHA-3 from SHA-2 too", async () => {
  for (const name of ["md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512"] as const) {
    const result = await decodeMessage(nobleEngine, text(twinPlaintext(`${HEAD}:1:${MESSAGE}`, name)));
    assert.ok(result.ok);
    assert.equal(result.value.digestName, name);
  }
});

Deno.test("decodeMessage() answers 6 to 35 and to 1500 bytes, 7 to a byte above 126", async () => {
  const error = async (bytes: Uint8Array) => {
    const result = await decodeMessage(nobleEngine, bytes);
    return result.ok ? 0 : result.fault.number;
  };
  assert.equal(await error(text("1".repeat(35))), 6);
  assert.equal(await error(text("1".repeat(1500))), 6);
  assert.equal(await error(text("1".repeat(1499))), 8);
  assert.equal(await error(text(`${"1".repeat(36)}\x7f`)), 7);
  assert.equal(await error(text(`${"1".repeat(36)}é`)), 7);
});
