import assert from "node:assert/strict";
import { nobleEngine } from "../../../lib/crypto/noble_engine.ts";
import { encodeFields, encodeMessage } from "../../../lib/wire/encode.ts";
import type { MessageType, SpaFields } from "../../../lib/wire/message.ts";

const FIELDS: SpaFields = {
  random: "1234567890123456",
  username: "alice",
  timestamp: 1_700_000_000,
  version: "3.0.0",
  type: 1,
  message: "192.0.2.10,tcp/22",
  natAccess: null,
  serverAuth: null,
  clientTimeout: 0,
};
const NAT: Partial<SpaFields> = { type: 2, natAccess: "10.0.0.1,22" };
const TIMED: Partial<SpaFields> = { type: 3, clientTimeout: 60 };

const ROWS: readonly [string, Partial<SpaFields>, number][] = [
  ["the base", {}, 0],
  ["15 random digits", { random: "123456789012345" }, 86],
  ["random letters", { random: "123456789012345x" }, 86],
  ["no user name", { username: "" }, 89],
  ["user name starting with a quote", { username: '"a' }, 90],
  ["user name with a quote", { username: 'a"' }, 91],
  ["user name with blank, at, dollar, dot, hyphen", { username: "-a b@c$d.e" }, 0],
  ["user name that is not ASCII", { username: "josé" }, 91],
  ["user name of 48 bytes", { username: "u".repeat(48) }, 0],
  ["F5: user name of 49 bytes, which no decoder takes", { username: "u".repeat(49) }, 14],
  ["time before 1970", { timestamp: -1 }, 88],
  ["time that is no number", { timestamp: NaN }, 88],
  ["fraction of a second", { timestamp: 0.5 }, 88],
  ["time of 12 digits", { timestamp: 999_999_999_999 }, 0],
  ["time of 13 digits", { timestamp: 1e12 }, 18],
  ["version of 9 characters", { version: "3.0.0.0.0" }, 21],
  ["no version", { version: "" }, 20],
  ["version with a letter", { version: "3.0.0b" }, 20],
  ["type 7", { type: 7 as MessageType }, 79],
  ["no message", { message: "" }, 80],
  ["message of 256 bytes", { message: `1.2.3.4,${"tcp/22,".repeat(35)}tcp` }, 94],
  ["F5: message of 199 bytes, which no decoder takes", { message: `1.2.3.4,${"tcp/222,".repeat(23)}tcp/222` }, 26],
  ["octal address", { message: "010.0.0.1,tcp/22" }, 100],
  ["address with too many digits", { message: "192.168.100.2000,tcp/22" }, 100],
  ["message without comma", { message: "192.0.2.10" }, 100],
  ["IPv6 address", { message: "2001:db8::1,tcp/22" }, 0],
  ["unspecified IPv6 address", { message: "::,tcp/22" }, 100],
  ["icmp", { message: "192.0.2.10,icmp/8" }, 102],
  ["trailing comma", { message: "192.0.2.10,tcp/22," }, 102],
  ["command without text", { type: 0, message: "192.0.2.10," }, 101],
  ["command with a lone surrogate", { type: 0, message: "192.0.2.10,\ud800" }, 101],
  ["command with NUL", { type: 0, message: "192.0.2.10,a\0b" }, 101],
  ["command with commas, quotes, lines, umlauts", { type: 0, message: "192.0.2.10,echo 'ä,b'\n" }, 0],
  ["NAT", NAT, 0],
  ["NAT type without NAT string", { type: 2 }, 97],
  ["local NAT type without NAT string", { type: 5 }, 97],
  ["NAT string with an access type", { natAccess: "10.0.0.1,22" }, 10],
  ["empty NAT string", { ...NAT, natAccess: "" }, 85],
  ["NAT string of 128 characters", { ...NAT, natAccess: `${"a".repeat(125)},22` }, 94],
  ["NAT host of 71 characters", { ...NAT, natAccess: `${"a.".repeat(35)}a,22` }, 103],
  ["NAT string without port", { ...NAT, natAccess: "10.0.0.1" }, 103],
  ["NAT port 65536", { ...NAT, natAccess: "10.0.0.1,65536" }, 103],
  ["empty server_auth", { serverAuth: "" }, 87],
  ["server_auth of 63 bytes", { serverAuth: "a".repeat(63) }, 0],
  ["server_auth of 64 bytes", { serverAuth: "a".repeat(64) }, 94],
  ["server_auth with NUL", { serverAuth: "a\0" }, 35],
  ["timeout", TIMED, 0],
  ["timeout below zero", { ...TIMED, clientTimeout: -1 }, 5],
  ["timeout 65536", { ...TIMED, clientTimeout: 65_536 }, 0],
  ["F5: timeout 65537, which no decoder takes", { ...TIMED, clientTimeout: 65_537 }, 42],
  ["timeout with an access type", { clientTimeout: 60 }, 41],
  ["message that is shorter than 36 characters", {
    type: 0,
    username: "a",
    timestamp: 0,
    version: "3",
    message: "::1,x",
  }, 44],
];

for (const [what, changes, number] of ROWS) {
  Deno.test(`${what}: encodeFields() answers ${number}`, () => {
    const result = encodeFields({ ...FIELDS, ...changes });
    assert.equal(result.ok ? 0 : result.fault.number, number);
  });
}

Deno.test("encodeFields() writes the optional fields in the order NAT, server_auth, timeout", () => {
  const result = encodeFields({ ...FIELDS, type: 4, natAccess: "10.0.0.1,22", serverAuth: "auth", clientTimeout: 60 });
  assert.ok(result.ok);
  assert.equal(result.value.split(":").slice(5).join(":"), "MTkyLjAuMi4xMCx0Y3AvMjI:MTAuMC4wLjEsMjI:YXV0aA:60");
});

Deno.test("encodeMessage() answers 45 to a digest that does not exist", async () => {
  const result = await encodeMessage(nobleEngine, FIELDS, "whirlpool" as "md5");
  assert.equal(result.ok ? 0 : result.fault.number, 45);
});
