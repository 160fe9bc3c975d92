import assert from "node:assert/strict";
import { formatDay, isTrusted, type KeyUse, parseKeyList, usablePart } from "../../../lib/openpgp/key_list.ts";

const A = "031E574AA8280477FB6EFD6EE713B6B801AEA39C";
const B = "FBF0AF7D197127F38C44D6A075B5E5E7A6C5D66E";

/** A listing of one key with a subkey. */
function listing(primary: string, sub: string): string {
  return `tru::1:1795867885:0:3:1:5\n${primary}\nfpr:::::::::${A}:\nuid:u::::1795867880::HASH::a\\x3ab <a@test>::::::::::0:\n` +
    `uid:u::::1795867880::HASH::another name::::::::::0:\n${sub}\nfpr:::::::::${B}:\n`;
}

const PRIMARY = "pub:u:2048:1:E713B6B801AEA39C:1795867880:::u:::scESC::::::23::0:";
const SUB = "sub:u:255:18:75B5E5E7A6C5D66E:1795867885:1800000000:::::e:::::cv25519::";

Deno.test("parseKeyList() reads keys, their parts, algorithms, ends and the first name", () => {
  const [key, ...more] = parseKeyList(listing(PRIMARY, SUB));
  assert.deepEqual(more, []);
  assert.equal(key?.userId, "a:b <a@test>");
  assert.deepEqual(key.parts.map(({ fingerprint }) => fingerprint), [A, B]);
  assert.deepEqual(key.parts.map(({ kind }) => kind), [{ algorithm: "rsa", bits: 2048 }, {
    algorithm: "ecdh",
    bits: 255,
  }]);
  assert.deepEqual(key.parts.map(({ expires }) => expires), [null, 1_800_000_000]);
  assert.equal(isTrusted(key), true);
  assert.deepEqual(parseKeyList(""), []);
  assert.deepEqual(parseKeyList("uid:u::::::::x:\nfpr:::::::::A:\nsub:u:1:1:1:1:"), []);
});

Deno.test("usablePart() takes the newest part that may, and else says why there is none", () => {
  const rows: readonly (readonly [primary: string, sub: string, use: KeyUse, answer: string | RegExp])[] = [
    [PRIMARY, SUB, "encrypt", B],
    [PRIMARY, SUB, "sign", A],
    [PRIMARY.replace("scESC", "cESC"), SUB, "sign", /^it cannot sign$/],
    [PRIMARY, SUB.replace(":e:", ":s:"), "encrypt", /^it cannot encrypt$/],
    [PRIMARY, SUB.replace(":e:", ":s:"), "sign", B],
    [PRIMARY.replace("scESC", "escESC"), SUB, "encrypt", B],
    [PRIMARY.replace("pub:u", "pub:r"), SUB, "encrypt", /^it is revoked$/],
    [PRIMARY.replace("pub:u", "pub:e"), SUB, "encrypt", /^it expired$/],
    [
      PRIMARY.replace(":1795867880:::u", ":1795867880:1590000000::u").replace("pub:u", "pub:e"),
      SUB,
      "sign",
      /expired on 2020-05-20/,
    ],
    [PRIMARY.replace("scESC", "scESCD"), SUB, "encrypt", /^it is disabled$/],
    [PRIMARY, SUB.replace("sub:u", "sub:e"), "encrypt", /^the part of it that can encrypt expired on 2027-01-15$/],
    [PRIMARY, SUB.replace("sub:u", "sub:r"), "encrypt", /^the part of it that can encrypt is revoked$/],
    [PRIMARY.replace("scESC:::", "scESC:::#").replace("pub", "sec"), SUB, "sign", /^its secret part is not here$/],
  ];
  for (const [primary, sub, use, answer] of rows) {
    const part = usablePart(parseKeyList(listing(primary, sub))[0]!, use);
    if (typeof answer === "string") assert.equal(typeof part === "string" ? part : part.fingerprint, answer, primary);
    else assert.match(part as string, answer);
  }
});

Deno.test("formatDay() gives the day in UTC", () => {
  assert.equal(formatDay(1_795_867_880), "2026-11-28");
});
