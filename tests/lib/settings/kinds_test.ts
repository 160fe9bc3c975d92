/** The types of values: what each takes, what it refuses, and that a refusal never repeats the text. */
import assert from "node:assert/strict";
import { choice, integer, list, path, refusing, seconds, text, yesNo } from "../../../lib/settings/kinds.ts";
import type { Kind } from "../../../lib/settings/setting.ts";
import { fault, value } from "./read_value.ts";

Deno.test("integer(): decimal digits within bounds, and nothing that C would take for a number", () => {
  const kind = integer(0, 65535, "PORT");
  assert.deepEqual(["0", "65535", "+1", "007"].map((given) => value(kind, given)), [0, 65535, 1, 7]);
  for (const given of ["", " 1", "1 ", "1.0", "1e3", "0x10", "62201abc", "abc", "٣"]) {
    assert.equal(fault(kind, given), "value is not in the range: expected a number from 0 to 65535", given);
  }
  for (const given of ["65536", "-1", "9".repeat(400)]) {
    assert.equal(fault(kind, given), "value is out of range: not in the range 0-65535", given);
  }
  assert.equal(value(integer(-5, 5), "-5"), -5);
  assert.equal(integer(1, Number.MAX_SAFE_INTEGER).expects, "a number from 1 up");
  assert.match(fault(integer(1, Number.MAX_SAFE_INTEGER), "-1"), /a number from 1 up$/);
});

Deno.test("integer() and seconds(): the remedy for a number with its unit", () => {
  assert.equal(seconds(0, 100_000).remedy?.("2h"), "write the number alone: 7200");
  assert.equal(seconds(0, 100_000).remedy?.("30 sec"), "write the number alone: 30");
  assert.equal(integer(0, 10, "N").remedy?.("5m"), "write the number alone: 5");
  assert.equal(integer(0, 10, "N").remedy?.("five"), undefined);
});

Deno.test("text(): bytes are counted, not characters; empty only where that is said, a NUL never", () => {
  const kind = text({ maxLength: 4 });
  assert.equal(value(kind, "äö"), "äö");
  assert.equal(value(kind, "😀"), "😀");
  assert.equal(fault(kind, "äöü"), "expected text of at most 4 bytes, got 6");
  assert.equal(fault(kind, "€€"), "expected text of at most 4 bytes, got 6");
  assert.equal(fault(kind, ""), "expected a value, got nothing");
  assert.equal(value(text({ empty: true }), ""), "");
  assert.match(fault(text(), "a\0b"), /NUL/);
  assert.deepEqual([path().bare, path().mayHoldHash, text().mayHoldHash], [true, true, false]);
});

Deno.test("yesNo: the first letter decides, other words are refused with the letter that they mean", () => {
  for (const given of ["Y", "y", "yes", "Yup"]) assert.equal(value(yesNo, given), true);
  for (const given of ["N", "no", "none"]) assert.equal(value(yesNo, given), false);
  for (const given of ["", "1", "true", " Y"]) assert.equal(fault(yesNo, given), "expected Y or N");
  assert.deepEqual(["true", "0", "maybe"].map((given) => yesNo.remedy?.(given)), [
    "write Y",
    "write N",
    "write Y or N",
  ]);
});

Deno.test("choice(): any letter case, the spelling of the table; parts of a word are none", () => {
  const kind = choice(["MD5", "SHA256"]);
  assert.equal(value(kind, "sha256"), "SHA256");
  assert.equal(fault(kind, "SHA"), "expected one of MD5, SHA256");
  assert.equal(fault(kind, "__proto__"), "expected one of MD5, SHA256");
});

Deno.test("list(): each item by its kind, blanks around it left out, an empty or wrong one named by its number", () => {
  const kind = list(integer(0, 9));
  assert.deepEqual(value(kind, "1, 2 ,3"), [1, 2, 3]);
  assert.match(fault(kind, "1,,3"), /^item 2: /);
  assert.match(fault(kind, "1,2,"), /^item 3: /);
  assert.equal(kind.format([1, 2]), "1,2");
});

Deno.test("refusing() begins with the sentence that scripts know", () => {
  assert.equal(fault(refusing(integer(0, 9), "invalid thing"), "x"), "invalid thing: expected a number from 0 to 9");
  assert.equal(value(refusing(integer(0, 9), "invalid thing"), "7"), 7);
});

Deno.test("no fault of any kind repeats the text, which may be a secret", () => {
  const secret = "s3cretpassphrase\0";
  const kinds: readonly Kind<unknown>[] = [
    text(),
    yesNo,
    integer(0, 9),
    seconds(0, 9),
    choice(["a"]),
    list(integer(0, 1)),
  ];
  for (const kind of kinds) assert.ok(!fault(kind, secret).includes("s3cret"), kind.expects);
});

Deno.test("what a kind writes it reads again", () => {
  assert.equal(value(yesNo, yesNo.format(false)), false);
  assert.equal(value(integer(-9, 9), integer(-9, 9).format(-3)), -3);
  assert.deepEqual(value(list(choice(["a", "b"])), list(choice(["a", "b"])).format(["b", "a"])), ["b", "a"]);
});
