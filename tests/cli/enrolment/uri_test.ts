import assert from "node:assert/strict";
import fc from "fast-check";
import { FIELDS } from "../../../cli/enrolment/fields.ts";
import { type Enrolment, formatEnrolment, givenOf, parseEnrolment } from "../../../cli/enrolment/uri.ts";
import { H64, K64 } from "../harness.ts";

function enrolment(name: string, fields: Readonly<Record<string, string>>): Enrolment {
  return { name, fields: new Map(Object.entries(fields)) };
}

Deno.test("formatEnrolment() writes the line of docs/ENROLMENT.md", () => {
  const uri = formatEnrolment(enrolment("my gw", { D: "gw.example.org", A: "tcp/22,udp/53", k: K64, h: H64 }));
  assert.equal(
    uri,
    "fwknop:my%20gw?v=1&D=gw.example.org&A=tcp/22,udp/53&k=UmlqbmRhZWwtdGVzdC1rZXktMDEyMzQ1Njc4OWFiY2Q" +
      "&h=SE1BQy10ZXN0LWtleS1mb3ItZndrbm9wLXZlY3RvcnMtMDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVQ",
  );
});

Deno.test("parseEnrolment() reads what formatEnrolment() writes, whatever the texts are", () => {
  const value = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text));
  const field = fc.constantFrom(...FIELDS.map(([name]) => name));
  const name = fc.stringMatching(/^[^\]\p{C}]{1,40}$/u).filter((text) => text.toLowerCase() !== "default");
  fc.assert(fc.property(name, fc.dictionary(field, value), fc.uint8Array({ minLength: 1 }), (name, fields, key) => {
    const given = enrolment(name, { ...fields, k: btoa(String.fromCharCode(...key)) });
    const read = parseEnrolment(formatEnrolment(given));
    assert.ok(read.ok, name);
    assert.deepEqual({ ...read.value, fields: [...read.value.fields] }, { ...given, fields: [...given.fields] });
  }));
});

Deno.test("parseEnrolment() refuses whole lines, and never repeats a value", () => {
  const refused: Readonly<Record<string, RegExp>> = {
    "": /not of the form/,
    "http://gw?v=1&k=a": /not of the form/,
    "fwknop:gw": /not of the form/,
    "fwknop:?v=1&k=a": /name/,
    "fwknop:default?v=1&k=a": /name/,
    "fwknop:DEFAULT?v=1&k=a": /name/,
    "fwknop:a%5Db?v=1&k=a": /name/,
    "fwknop:a%0A%5Bb?v=1&k=a": /name/,
    "fwknop:%ff?v=1&k=a": /name/,
    "fwknop:gw?k=SECRET": /version/,
    "fwknop:gw?v=2&k=SECRET": /version/,
    "fwknop:gw?v=1&k=SECRET&k=OTHER": /field k is there twice/,
    "fwknop:gw?v=1&k=SECRET&KEY_CMD=x": /not of the form/,
    "fwknop:gw?v=1&k=SECRET&w=x": /field w, which/,
    "fwknop:gw?v=1&k=SECRET&D=%ff": /not of the form/,
    "fwknop:gw?v=1&k=": /not of the form/,
    [`fwknop:gw?v=1&k=${"A".repeat(5000)}`]: /longer/,
  };
  for (const [text, reason] of Object.entries(refused)) {
    const read = parseEnrolment(text);
    assert.ok(!read.ok, text);
    assert.match(read.fault, reason, text);
    assert.ok(!read.fault.includes("SECRET"), read.fault);
  }
});

Deno.test("parseEnrolment() takes any text without throwing", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseEnrolment(`fwknop:${text}`)));
});

Deno.test("givenOf() names the field as the place of every saying", () => {
  const given = givenOf(enrolment("gw", { D: "gw", k: K64 }));
  assert.deepEqual(given.map(({ key, text, origin }) => [key, text, origin.option]), [
    ["server", "gw", "field D"],
    ["keyBase64", K64, "field k"],
  ]);
});
