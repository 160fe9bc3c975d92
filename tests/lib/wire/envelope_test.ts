import assert from "node:assert/strict";
import { encodeBase64 } from "../../../lib/base64.ts";
import type { HmacKey, Secrets } from "../../../lib/crypto/secrets.ts";
import {
  chooseSecrets,
  encryptionByLength,
  hasPrefix,
  PREFIXES,
  RIJNDAEL_FIRST_CHARACTERS,
  splitTag,
  stripPrefix,
} from "../../../lib/wire/envelope.ts";
import { rijndael } from "../../fakes/secrets.ts";

const gpg = (hmac: HmacKey | null): Secrets => ({ cipher: { kind: "gpg" }, hmac });

Deno.test("K7, F4: encryptionByLength() draws its lines at 36, 400 and 1499", () => {
  const rows: readonly [number, string | null][] = [
    [0, null],
    [35, null],
    [36, "rijndael"],
    [399, "rijndael"],
    [400, "gpg"],
    [1499, "gpg"],
    [1500, null],
  ];
  for (const [length, type] of rows) assert.equal(encryptionByLength(length), type, `${length}`);
});

Deno.test("the prefix of Rijndael is what every salted message starts with, and its next character is one of four", () => {
  const firsts = new Set<string>();
  for (let salt = 0; salt < 256; salt++) {
    const full = encodeBase64(Uint8Array.from([...new TextEncoder().encode("Salted__"), salt, 0, 0]));
    assert.ok(full.startsWith(PREFIXES.rijndael));
    firsts.add(stripPrefix(full, "rijndael").charAt(0));
  }
  assert.deepEqual([...firsts].sort().join(""), [...RIJNDAEL_FIRST_CHARACTERS].sort().join(""));
});

Deno.test("K8: stripPrefix() cuts two characters off a GPG message, whatever they are", () => {
  assert.equal(stripPrefix("hQEMAAAA", "gpg"), "EMAAAA");
  assert.equal(stripPrefix("hF4DAAAA", "gpg"), "4DAAAA");
});

Deno.test("hasPrefix() knows both prefixes, that of GPG only above 400 characters", () => {
  assert.equal(hasPrefix(`U2FsdGVkX1${"A".repeat(100)}`), true);
  assert.equal(hasPrefix(`hQ${"A".repeat(399)}`), true);
  assert.equal(hasPrefix(`hQ${"A".repeat(398)}`), false);
  assert.equal(hasPrefix(`8U2FsdGVkX1${"A".repeat(100)}`), false);
});

Deno.test("splitTag() leaves at least 36 characters before the tag", () => {
  const hmac = { name: "md5", key: new Uint8Array(1) } as const;
  assert.deepEqual(splitTag("a".repeat(36) + "b".repeat(22), hmac), { body: "a".repeat(36), tag: "b".repeat(22) });
  assert.equal(splitTag("a".repeat(57), hmac), null);
  assert.deepEqual(splitTag("a".repeat(40), null), { body: "a".repeat(40), tag: "" });
});

Deno.test("K7: chooseSecrets() takes those that a packet is for by its length, the prefix counted where there is an HMAC", () => {
  const hmac = { name: "md5", key: new Uint8Array(1) } as const;
  const [plain, signed] = [null, hmac].map((one) => [rijndael(new Uint8Array(1), { hmac: one }), gpg(one)]);
  const rows: readonly [length: number, held: readonly Secrets[], chosen: number | null][] = [
    [36, plain!, 0],
    [399, plain!, 0],
    [400, plain!, 1],
    [1499, plain!, 1],
    [35, plain!, null],
    [1500, plain!, null],
    [22 + 389, signed!, 0],
    // Too long for Rijndael with its ten characters, too short for GnuPG with its two.
    [22 + 390, signed!, null],
    [22 + 397, signed!, null],
    [22 + 398, signed!, 1],
  ];
  for (const [length, held, chosen] of rows) {
    const wire = "A".repeat(length);
    const expected = chosen === null ? null : held[chosen];
    assert.equal(chooseSecrets(wire, held), expected, `${length}`);
    assert.equal(chooseSecrets(wire, held.toReversed()), expected, `${length}`);
  }
  assert.equal(chooseSecrets("A".repeat(400), [plain![0]!]), null);
  assert.equal(chooseSecrets("A".repeat(100), []), null);
});
