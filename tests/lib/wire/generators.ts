/** fast-check arbitraries for SPA messages: everything that the format can say, and things near it that it cannot. */
import fc from "fast-check";
import { DIGEST_NAMES, RIJNDAEL_MODES } from "../../../lib/crypto/digest.ts";
import { ipFromBytes } from "../../../lib/net/address.ts";
import type { SpaFields } from "../../../lib/wire/message.ts";
import type { RijndaelSecrets } from "../../../lib/crypto/secrets.ts";

/** Any code point that UTF-8 can carry. (The `binary` unit of fast-check says the same and takes two seconds to build.) */
export const anyCharacter = fc.integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));

const USER = [..." !#$%&'()-.0123456789@ABCXYZ^_`abcxyz{}~"];

const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => ipFromBytes(bytes).text),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => ipFromBytes(bytes).text),
  fc.constantFrom("0.0.0.0", "2001:DB8:0:0::1", "::ffff:192.0.2.7", "64:ff9b::192.0.2.33", "1:2:3:4:5:6:7::"),
).filter((text) => text !== "::");

const port = fc.oneof(fc.integer({ min: 1, max: 65535 }).map(String), fc.constantFrom("022", "00001"));
const service = fc.tuple(fc.constantFrom("tcp", "udp"), port).map(([proto, number]) => `${proto}/${number}`);
const command = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 30 }).filter((text) => !text.includes("\0"));

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9_-]{0,8}[a-z0-9])?$/);
const natHost = fc.oneof(
  fc.tuple(label, fc.constantFrom("example", "example.", "a-b.test", "LAN")).map((labels) => labels.join(".")),
  address.map((text) => text.includes(":") ? `[${text}]` : text),
);
const nat = fc.tuple(natHost, port).map((parts) => parts.join(","));
const serverAuth = fc.option(
  fc.string({ unit: anyCharacter, minLength: 1, maxLength: 15 }).filter((text) => !text.includes("\0")),
);

/** Fields that encode: each type with just what it carries. */
export const spaFields: fc.Arbitrary<SpaFields> = fc.record({
  random: fc.stringMatching(/^[0-9]{16}$/),
  username: fc.string({ unit: fc.constantFrom(...USER), minLength: 1, maxLength: 48 }),
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 0, max: 999_999_999_999 })),
  version: fc.oneof(fc.constant("3.0.0"), fc.stringMatching(/^[0-9.]{1,8}$/)),
  type: fc.constantFrom(0, 1, 2, 3, 4, 5, 6),
  allow: address,
  services: fc.array(service, { minLength: 1, maxLength: 4 }),
  command,
  nat,
  serverAuth,
  timeout: fc.integer({ min: 0, max: 65_536 }),
}).map(({ allow, services, command, nat, timeout, ...fields }) => ({
  ...fields,
  type: fields.type as SpaFields["type"],
  message: `${allow},${fields.type === 0 ? command : services.join(",")}`,
  natAccess: [2, 4, 5, 6].includes(fields.type) ? nat : null,
  clientTimeout: [3, 4, 6].includes(fields.type) ? timeout : 0,
}));

/** Keys of any legal length, every mode, with every HMAC and without. */
export const keySets: fc.Arbitrary<RijndaelSecrets> = fc.record({
  cipher: fc.record({
    kind: fc.constant("rijndael" as const),
    key: fc.uint8Array({ minLength: 1, maxLength: 32 }),
    mode: fc.constantFrom(...RIJNDAEL_MODES),
  }),
  hmac: fc.option(fc.record({
    name: fc.constantFrom(...DIGEST_NAMES),
    key: fc.uint8Array({ minLength: 1, maxLength: 136 }),
  })),
});

export const digestNames = fc.constantFrom(...DIGEST_NAMES);
export const salts = fc.uint8Array({ minLength: 8, maxLength: 8 });

/** One small damage: a character replaced, inserted, removed or doubled, or a piece cut off. */
export function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const spot = fc.nat();
  const unit = fc.oneof(
    fc.constantFrom(..."AZaz09+/=:,. -"),
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 1 }),
  );
  return fc.tuple(text, spot, unit, fc.constantFrom("replace", "insert", "remove", "double", "head", "tail"))
    .map(([whole, at, character, how]) => {
      const i = at % Math.max(whole.length, 1);
      const [before, after] = [whole.slice(0, i), whole.slice(i)];
      if (how === "replace") return before + character + after.slice(1);
      if (how === "insert") return before + character + after;
      if (how === "remove") return before + after.slice(1);
      if (how === "double") return before + after.slice(0, 1) + after;
      return how === "head" ? before : after;
    });
}
