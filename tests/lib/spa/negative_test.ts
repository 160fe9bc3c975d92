/**
 * The table of refusals of facts/wire 10: what must not decode, and the number it is refused with. Every packet is made
 * by the twin, key `shortkey`, CBC, its inner digest right. Rows that facts/decisions 1 changed are marked.
 */
import assert from "node:assert/strict";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { open } from "../../../lib/spa/open.ts";
import { SPA_VECTORS, spaVector } from "../../vectors/vectors.ts";
import { twinBase64, twinPacketOf, twinPacketOfBlocks, twinPlaintext, twinSeal } from "./twin.ts";
import type { RijndaelSecrets, Secrets } from "../../../lib/crypto/secrets.ts";
import { rijndael, withCipher } from "../../fakes/secrets.ts";

const text = (value: string) => new TextEncoder().encode(value);
const b64 = (value: string) => twinBase64(text(value));
const KEYS: RijndaelSecrets = rijndael(text("shortkey"));
const HMAC = { name: "sha256", key: text("hmackey") } as const;
const SALT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** The base of the table with some of its fields replaced; `undefined` stays, "" is an empty field. */
function encoded(
  changes: {
    rand?: string;
    user?: string;
    time?: string;
    version?: string;
    type?: string;
    message?: string;
    rest?: string;
  },
): string {
  const {
    rand = "1234567890123456",
    user = "YWxpY2U",
    time = "1700000000",
    version = "3.0.0",
    type = "1",
    message = b64("192.0.2.10,tcp/22"),
  } = changes;
  return [rand, user, time, version, type, message].join(":") + (changes.rest ?? "");
}

async function errorOf(wire: string, keys: Secrets = KEYS): Promise<number> {
  const result = await open(nobleEngine, wire, keys);
  return result.ok ? 0 : result.fault.number;
}

const errorOfText = (ascii: string) => errorOf(twinSeal(ascii, "sha256", KEYS, SALT));

const message = (value: string, type = "1") => encoded({ type, message: b64(value) });
const nat = (value: string) => encoded({ type: "2", rest: `:${b64(value)}` });
const timeout = (value: string) => encoded({ type: "3", rest: `:${value}` });

const ROWS: readonly [string, string, number][] = [
  ["the base", encoded({}), 0],
  ["version of 9 characters", encoded({ version: "123456789" }), 21],
  ["empty version", encoded({ version: "" }), 20],
  ["F26: version with a letter", encoded({ version: "3.0.x" }), 20],
  ["version of an older client", encoded({ version: "2.0.4" }), 0],
  ["F23: timestamp 2147483648", encoded({ time: "2147483648" }), 0],
  ["timestamp -5", encoded({ time: "-5" }), 19],
  ["timestamp 123456789012 (64 bits)", encoded({ time: "123456789012" }), 0],
  ["timestamp of 13 characters", encoded({ time: "1234567890123" }), 18],
  ["empty timestamp", encoded({ time: "" }), 17],
  ["F26: timestamp abc", encoded({ time: "abc" }), 19],
  ["F26: timestamp 12x", encoded({ time: "12x" }), 19],
  ["timestamp with a leading zero (one spelling)", encoded({ time: "01700000000" }), 19],
  ["timestamp 0", encoded({ time: "0" }), 0],
  ["type 7", encoded({ type: "7" }), 24],
  ["type 9", encoded({ type: "9" }), 24],
  ["type -1", encoded({ type: "-1" }), 24],
  ["type 001", encoded({ type: "001" }), 23],
  ["empty type", encoded({ type: "" }), 22],
  ["F26: type ' 1'", encoded({ type: " 1" }), 24],
  ["F26: type +1", encoded({ type: "+1" }), 24],
  ["F26: type 01", encoded({ type: "01" }), 24],
  ["F26: type 1x", encoded({ type: "1x" }), 24],
  ["user name of 49 bytes", encoded({ user: b64("u".repeat(49)) }), 14],
  ["user name of 48 bytes", encoded({ user: b64("u".repeat(48)) }), 0],
  ["user name al:ice", encoded({ user: b64("al:ice") }), 16],
  ["user name a/b", encoded({ user: b64("a/b") }), 16],
  ["user name é", encoded({ user: b64("é") }), 16],
  ["user name YW-pY2U", encoded({ user: "YW-pY2U" }), 15],
  ["F1: user name with padding", encoded({ user: "YWxpY2U=" }), 15],
  ["F1: user name with loose low bits", encoded({ user: "YWxpY2V" }), 15],
  ["empty user name", encoded({ user: "" }), 13],
  ["random value of 15 digits", encoded({ rand: "123456789012345" }), 107],
  ["random value of 17 digits", encoded({ rand: "12345678901234567" }), 107],
  ["random value with a letter", encoded({ rand: "12345678901234a6" }), 107],
  ["message icmp/8", message("1.2.3.4,icmp/8"), 29],
  ["message none/0", message("1.2.3.4,none/0"), 29],
  ["message with a trailing comma", message("1.2.3.4,tcp/22,"), 29],
  ["message of three numbers", message("1.2.3,tcp/22"), 29],
  ["message ::1,tcp/22 (IPv6)", message("::1,tcp/22"), 0],
  ["message ::,tcp/22 (refused)", message("::,tcp/22"), 29],
  ["message with a zone (refused)", message("fe80::1%eth0,tcp/22"), 29],
  ["message without services", message("1.2.3.4"), 29],
  ["K20: message 01.02.03.04", message("01.02.03.04,tcp/22"), 29],
  ["message tcp/022", message("1.2.3.4,tcp/022"), 0],
  ["message tcp/0", message("1.2.3.4,tcp/0"), 29],
  ["message tcp/65536", message("1.2.3.4,tcp/65536"), 29],
  ["message TCP/22", message("1.2.3.4,TCP/22"), 29],
  ["message tcp/000022", message("1.2.3.4,tcp/000022"), 29],
  ["message that is not base64", encoded({ message: "MS4yLjMuNCx0Y3AvMjI!" }), 27],
  ["empty message", encoded({ message: "" }), 25],
  ["command without text", message("192.0.2.10,", "0"), 28],
  [
    "command that is not UTF-8",
    encoded({ type: "0", message: twinBase64(Uint8Array.of(0x3a, 0x3a, 0x31, 0x2c, 0xff)) }),
    28,
  ],
  ["command with NUL", message("192.0.2.10,ls\0rm", "0"), 28],
  ["type 1 with two extra fields", encoded({ rest: ":YQ:YQ" }), 10],
  ["type 1 with a trailing empty field (one spelling)", encoded({ rest: ":" }), 34],
  ["type 1 with server_auth", encoded({ rest: `:${b64("crypt,letmein")}` }), 0],
  ["type 1 with server_auth that is not base64", encoded({ rest: ":a" }), 35],
  ["type 1 with server_auth of 64 bytes", encoded({ rest: `:${b64("a".repeat(64))}` }), 34],
  ["type 3 with empty server_auth", encoded({ type: "3", rest: "::60" }), 38],
  ["type 3 with server_auth of 64 bytes", encoded({ type: "3", rest: `:${b64("a".repeat(64))}:60` }), 37],
  ["type 2 without NAT", encoded({ type: "2" }), 30],
  ["NAT port 0", nat("10.1.2.3,0"), 33],
  ["NAT with a colon", nat("10.1.2.3:22"), 33],
  ["NAT with two commas", nat("10.1.2.3,22,1"), 33],
  ["NAT host with a blank", nat("ho st,22"), 33],
  ["NAT host of 71 characters", nat(`${"a.".repeat(35)}a,22`), 33],
  ["NAT host of 70 characters", nat(`${"a.".repeat(34)}aa,22`), 0],
  ["NAT that is not base64", encoded({ type: "2", rest: ":a" }), 32],
  ["F26: NAT with an empty host", nat(",22"), 33],
  ["F26: NAT host h@st", nat("h@st,22"), 33],
  ["F26: NAT host 999.1.2.3", nat("999.1.2.3,22"), 33],
  ["NAT host in brackets", nat("[2001:db8::5],22"), 0],
  ["NAT host IPv6 without brackets", nat("2001:db8::5,22"), 33],
  ["type 3 without timeout", encoded({ type: "3" }), 39],
  ["type 3 with empty timeout", timeout(""), 39],
  ["timeout 65536", timeout("65536"), 0],
  ["timeout 65537", timeout("65537"), 42],
  ["timeout 1000000000000", timeout("1000000000000"), 42],
  ["timeout -1", timeout("-1"), 41],
  ["timeout 007 (one spelling)", timeout("007"), 41],
  ["timeout 0", timeout("0"), 0],
  ["version with a TAB", encoded({ version: "3.\t.0" }), 7],
  ["message field of 10 more colons", encoded({ rest: ":a".repeat(10) }), 99],
];

for (const [what, ascii, number] of ROWS) {
  Deno.test(`${what}: open() answers ${number}`, async () => assert.equal(await errorOfText(ascii), number));
}

Deno.test("open() answers 8 where the digest field is missing", async () => {
  assert.equal(await errorOf(twinPacketOf(text(encoded({})), KEYS, SALT)), 8);
});

Deno.test("open() answers 99 to a digest of unknown length and 108 to a wrong one", async () => {
  assert.equal(await errorOf(twinPacketOf(text(`${encoded({})}:abcd`), KEYS, SALT)), 99);
  const plain = twinPlaintext(encoded({}), "sha256");
  const wrong = plain.slice(0, -43) + (plain.at(-43) === "A" ? "B" : "A") + plain.slice(-42);
  assert.equal(await errorOf(twinPacketOf(text(wrong), KEYS, SALT)), 108);
});

Deno.test("open() answers 6 to a message that is too short to be one", async () => {
  assert.equal(await errorOf(twinPacketOf(text("1234567890123456:"), KEYS, SALT)), 6);
});

const good = twinSeal(encoded({}), "sha256", KEYS, SALT);
const signed = twinSeal(encoded({}), "sha256", { ...KEYS, hmac: HMAC }, SALT);

Deno.test("open() answers 107, 53 and 47 to a wrong key, a cut body and a foreign character", async () => {
  assert.equal(await errorOf(good, withCipher(KEYS, { key: text("wrong") })), 107);
  assert.equal(await errorOf(good.slice(0, -1)), 53);
  assert.equal(await errorOf(good.slice(0, -4)), 53);
  assert.equal(await errorOf(`${good.slice(0, 50)}-${good.slice(51)}`), 47);
  assert.equal(await errorOf(`${good.slice(0, 50)}\u{1f600}${good.slice(52)}`), 47);
});

Deno.test("open() answers 75 to every way in which an HMAC can be wrong", async () => {
  const keys: RijndaelSecrets = { ...KEYS, hmac: HMAC };
  assert.equal(await errorOf(signed, keys), 0);
  assert.equal(await errorOf(signed, { ...KEYS, hmac: { ...HMAC, key: text("other") } }), 75);
  assert.equal(await errorOf(signed, { ...KEYS, hmac: { ...HMAC, name: "sha3_256" } }), 75);
  assert.equal(await errorOf(signed.slice(0, -1) + (signed.endsWith("A") ? "B" : "A"), keys), 75);
  assert.equal(await errorOf(`${signed}=`, keys), 75);
  assert.equal(await errorOf(`${signed}=AAAA`, keys), 75);
  assert.equal(await errorOf(`${signed.slice(0, -1)}é`, keys), 75);
});

Deno.test("open() answers 76 to an HMAC type that does not exist, 109 to a key of 0 or 137 bytes, 95 to 0 or 33, 64 to PCBC", async () => {
  // The row "HMAC key given but type 0" (110) cannot be said with Secrets: no type means no key.
  const unknown = { name: "whirlpool", key: HMAC.key } as unknown as typeof HMAC;
  assert.equal(await errorOf(signed, { ...KEYS, hmac: unknown }), 76);
  assert.equal(await errorOf(signed, { ...KEYS, hmac: { ...HMAC, key: new Uint8Array(0) } }), 109);
  assert.equal(await errorOf(signed, { ...KEYS, hmac: { ...HMAC, key: new Uint8Array(137) } }), 109);
  assert.equal(await errorOf(good, withCipher(KEYS, { key: new Uint8Array(0) })), 95);
  assert.equal(await errorOf(good, withCipher(KEYS, { key: new Uint8Array(33) })), 95);
  assert.equal(await errorOf(good, withCipher(KEYS, { mode: "pcbc" as unknown as "cbc" })), 64);
});

Deno.test("open() answers 67 outside 36 to 1499 characters, and 74 where too little remains before the tag", async () => {
  assert.equal(await errorOf(good.slice(0, 35)), 67);
  assert.equal(await errorOf("+".repeat(1500)), 67);
  assert.equal(await errorOf(signed.slice(0, 78), { ...KEYS, hmac: HMAC }), 74);
  assert.equal(await errorOf(signed.slice(0, 79), { ...KEYS, hmac: HMAC }), 75);
});

/** A packet of `count` 16-byte blocks, salt block included. */
function packetOfBlocks(count: number, keys: RijndaelSecrets): string {
  const plain = twinPlaintext(encoded({ type: "0", message: b64("1.2.3.4,ls") }), "sha256").padEnd(
    (count - 1) * 16 - 1,
    "A",
  );
  return twinPacketOf(text(plain), keys, SALT);
}

Deno.test("K7: open() takes 400 characters and more for GPG: 65 to a body of 417, with an HMAC of 396", async () => {
  const keys: RijndaelSecrets = { ...KEYS, hmac: HMAC };
  assert.equal(packetOfBlocks(19, KEYS).length, 396);
  // 99: tried as Rijndael, decrypted, and only its padded digest is wrong.
  assert.equal(await errorOf(packetOfBlocks(19, KEYS)), 99);
  assert.equal(packetOfBlocks(20, KEYS).length, 417);
  assert.equal(await errorOf(packetOfBlocks(20, KEYS)), 65);
  assert.equal(packetOfBlocks(18, keys).length, 374 + 43);
  assert.equal(await errorOf(packetOfBlocks(18, keys), keys), 99);
  assert.equal(await errorOf(packetOfBlocks(19, keys), keys), 65);
});

Deno.test("open() answers 105 to a packet for GnuPG and 65 to one for Rijndael, where the secrets are those of GnuPG", async () => {
  const gpg: Secrets = { cipher: { kind: "gpg" }, hmac: null };
  assert.equal(await errorOf("A".repeat(400), gpg), 105);
  assert.equal(await errorOf(good, gpg), 65);
});

Deno.test("open() refuses a packet whose prefix was put back, signed or not", async () => {
  for (const vector of SPA_VECTORS) {
    const result = await open(nobleEngine, `U2FsdGVkX1${vector.packet}`, vector.keys);
    assert.ok(!result.ok && result.fault.code === "prefix-attached", vector.name);
  }
});

Deno.test("F1: open() refuses every other spelling of a packet without HMAC", async () => {
  const { packet, keys } = spaVector("access_md5_short_key");
  assert.equal(await errorOf(packet, keys), 0);
  assert.equal(packet.at(-1), "4");
  for (const last of ["5", "6", "7"]) assert.equal(await errorOf(packet.slice(0, -1) + last, keys), 52);
  for (const tail of ["=", "=AAAA", "\n", "\0", " "]) assert.equal(await errorOf(packet + tail, keys), 47);
  // Its first character holds four bits of `Salted__`, and two of the salt.
  assert.equal(packet[0], "/");
  for (const first of ["P", "f", "v"]) assert.equal(await errorOf(first + packet.slice(1), keys), 107);
});

Deno.test("open() refuses a message that fills its last block and comes without padding, but in legacy mode", async () => {
  const plaintexts = Array.from({ length: 48 }, (_, i) => encoded({ user: b64("u".repeat(i + 1)) }))
    .map((ascii) => text(twinPlaintext(ascii, "sha256")));
  const full = plaintexts.find((plain) => plain.length % 16 === 0) ?? assert.fail("no length fits");
  for (const mode of ["cbc", "ecb", "cfb", "ofb", "ctr", "legacy"] as const) {
    const keys: RijndaelSecrets = withCipher(KEYS, { mode });
    assert.equal(await errorOf(twinPacketOf(full, keys, SALT), keys), 0);
    assert.equal(await errorOf(twinPacketOfBlocks(full, keys, SALT), keys), mode === "legacy" ? 0 : 107);
  }
});
