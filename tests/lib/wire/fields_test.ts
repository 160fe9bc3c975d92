import assert from "node:assert/strict";
import {
  badUsernameCharacter,
  isMessageType,
  isRandom,
  isVersion,
  maxFields,
  MESSAGE_TYPES,
  parseNumber,
} from "../../../lib/wire/fields.ts";
import type { MessageType } from "../../../lib/wire/message.ts";

const TYPES = Object.keys(MESSAGE_TYPES).map(Number) as MessageType[];

Deno.test("the type that asks for the same with a timeout has one, and the same NAT field; a command has none", () => {
  for (const type of TYPES) {
    const { nat, withTimeout } = MESSAGE_TYPES[type];
    const other = MESSAGE_TYPES[withTimeout];
    assert.deepEqual([other.nat, other.timeout], [nat, type !== 0], String(type));
  }
});

Deno.test("maxFields() counts NAT, timeout and server_auth", () => {
  assert.deepEqual(TYPES.map(maxFields), [7, 7, 8, 8, 9, 8, 9]);
});

Deno.test("isMessageType(): the seven numbers, nothing between, beside or beyond", () => {
  assert.deepEqual(TYPES.filter(isMessageType), [0, 1, 2, 3, 4, 5, 6]);
  for (const value of [-1, 7, 1.5, NaN, Infinity]) assert.equal(isMessageType(value), false, String(value));
});

Deno.test("isRandom() and isVersion(): digits and lengths, and no line end behind", () => {
  assert.equal(isRandom("1234567890123456"), true);
  for (const text of ["", "123456789012345", "12345678901234567", "123456789012345a", "1234567890123456\n"]) {
    assert.equal(isRandom(text), false, text);
  }
  for (const text of ["3.0.0", "2", "12.34.56"]) assert.equal(isVersion(text), true, text);
  for (const text of ["", "2.0.2.222", "2.0a", "2.0\n"]) assert.equal(isVersion(text), false, text);
});

Deno.test("parseNumber(): one spelling for each number", () => {
  assert.deepEqual(["0", "1", "4294967295"].map(parseNumber), [0, 1, 4294967295]);
  for (const text of ["", "00", "01", "+1", "-1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "9".repeat(40)]) {
    assert.equal(parseNumber(text), null, text);
  }
});

Deno.test("badUsernameCharacter() is where the first one stands", () => {
  assert.equal(badUsernameCharacter("some.User_1 x"), -1);
  assert.equal(badUsernameCharacter(""), -1);
  for (const character of '"/\\[]:;|=,+*?<>\t\n\0\x7fé') {
    assert.equal(badUsernameCharacter(`ab${character}c`), 2, character);
  }
});
