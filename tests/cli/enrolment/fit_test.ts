import assert from "node:assert/strict";
import { fitCode, hasSextants } from "../../../cli/enrolment/fit.ts";
import { formatEnrolment } from "../../../cli/enrolment/uri.ts";
import { H64, K64 } from "../harness.ts";

/** What `--key-gen --qr` makes: keys of 32 and 64 bytes. */
const URI = formatEnrolment({
  name: "gw",
  fields: new Map([["D", "gw.example.org"], ["A", "tcp/22"], ["a", "resolve"], ["k", K64], ["h", H64]]),
});
const SMALL = { columns: 80, rows: 24 };

Deno.test("the code of two usual keys fits 80 by 24 where the terminal has sextants", () => {
  const fitted = fitCode(URI, SMALL, { sextants: true });
  assert.ok(fitted.ok);
  const rows = fitted.code.lines.length + Math.ceil(URI.length / SMALL.columns) + 1;
  assert.ok(rows <= SMALL.rows && fitted.code.columns <= SMALL.columns, String(rows));
});

Deno.test("half blocks are drawn where they fit, and where nothing else is known the size that is needed is told", () => {
  const large = fitCode(URI, { columns: 100, rows: 60 }, { sextants: true });
  assert.ok(large.ok && /^[ ▀▄█]+$/.test(large.code.lines.map((line) => line.slice(9, -4)).join("")));
  const small = fitCode(URI, SMALL, { sextants: false });
  assert.ok(!small.ok);
  assert.match(
    small.message,
    /^Cannot show the QR code: it needs \d\d columns and 3\d rows, the window has 80 and 24$/,
  );
  const [, columns, rows] = /needs (\d+) columns and (\d+) rows/.exec(small.message) ?? [];
  assert.ok(
    fitCode(URI, { columns: 80, rows: Number(rows) }, { sextants: false }).ok,
    "the size that is told is enough",
  );
  assert.ok(!fitCode(URI, { columns: 80, rows: Number(rows) - 1 }, { sextants: false }).ok, "and not one row less");
  assert.ok(!fitCode(URI, { columns: Number(columns) - 1, rows: 90 }, { sextants: false }).ok);
  assert.ok(!fitCode(URI, { columns: 80, rows: 15 }, { sextants: true }).ok);
  assert.ok(fitCode(URI, null, { sextants: false }).ok, "where nobody knows the window");
  assert.deepEqual(fitCode("x".repeat(3000), null, { sextants: true }).ok, false);
});

Deno.test("hasSextants() knows terminals that draw them themselves, and trusts no other", () => {
  const of = (env: Readonly<Record<string, string>>) => hasSextants((name) => env[name]);
  for (const env of [{ VTE_VERSION: "6200" }, { TERM: "foot" }, { TERM: "xterm-kitty" }, { TERM_PROGRAM: "WezTerm" }]) {
    assert.ok(of(env), JSON.stringify(env));
  }
  const others = [{}, { VTE_VERSION: "6003" }, { VTE_VERSION: "x" }, { TERM: "xterm-256color" }, { TERM: "linux" }];
  for (const env of [...others, { TERM: "dumb" }, { TERM: "footloose" }]) assert.ok(!of(env), JSON.stringify(env));
});
