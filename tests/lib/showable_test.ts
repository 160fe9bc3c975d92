import assert from "node:assert/strict";
import fc from "fast-check";
import { hasUnseen, jsonText, showable, showableLines } from "../../lib/showable.ts";

/** What acts on a terminal or on the line around it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

Deno.test("showable() escapes what cannot be seen: control, format, bidi, separators, halves of surrogate pairs", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["a\x1b[31mb", "a\\x1b[31mb"],
    ["\x00\x07\x7f\x85\x9b", "\\x00\\x07\\x7f\\x85\\x9b"],
    ["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
    ["a\u200bb\u00ad\ufeff", "a\\u200bb\\xad\\ufeff"],
    ["\u2028\u2029", "\\u2028\\u2029"],
    ["\ud800x\udc00", "\\ud800x\\udc00"],
    ["\u{e0041}", "\\u{e0041}"],
    ["one\r\ntwo", "one\\x0d\\x0atwo"],
  ];
  for (const [text, shown] of rows) assert.equal(showable(text), shown);
});

Deno.test("showable() leaves ordinary text of every script as it is, tabs too", () => {
  const rows = [
    "",
    "gw",
    "Größe, naïve",
    "日本語 한국어",
    "שלום عربي",
    "нет",
    "👍🏽",
    "a\tb",
    "\\x1b",
    "C:\\n",
    "\u00a0",
  ];
  for (const text of rows) {
    assert.deepEqual([showable(text), showableLines(text), hasUnseen(text)], [text, text, false]);
  }
});

Deno.test("showableLines() keeps the lines of a text, and no carriage return that would overwrite one", () => {
  assert.equal(showableLines("a\x1b\nb\r\nc\rd\n"), "a\\x1b\nb\r\nc\\x0dd\n");
});

Deno.test("showable() and jsonText() let nothing unseen through, and JSON is read back as the same value", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(showable(text).replaceAll("\t", ""), UNSEEN);
    assert.equal(hasUnseen(text), showable(text) !== text);
    const json = jsonText({ text });
    assert.doesNotMatch(json, UNSEEN);
    assert.deepEqual(JSON.parse(json), { text });
  }));
});
