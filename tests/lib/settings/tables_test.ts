/** The tables of settings as data: what must hold for every row, whoever adds it. */
import assert from "node:assert/strict";
import { CLIENT_SETTINGS } from "../../../cli/options/table.ts";
import { ACCESS_SETTINGS } from "../../../daemon/config/access_settings.ts";
import { SERVER_SETTINGS } from "../../../daemon/config/settings.ts";
import { DAEMON_OPTIONS } from "../../../daemon/options.ts";
import type { Setting, SettingTable } from "../../../lib/settings/setting.ts";

const TABLES: Readonly<Record<string, SettingTable>> = {
  client: CLIENT_SETTINGS,
  daemon: DAEMON_OPTIONS,
  server: SERVER_SETTINGS,
  access: ACCESS_SETTINGS,
};

/** Every row of every table, with a name for messages. */
const ROWS: readonly (readonly [string, Setting])[] = Object.entries(TABLES).flatMap(([table, rows]) =>
  // Rows differ in the type of their values; the invariants do not look at it.
  Object.entries(rows).map(([key, row]) => [`${table}.${key}`, row as Setting] as const)
);

Deno.test("no two rows of a table have a name in common", () => {
  for (const [table, rows] of Object.entries(TABLES)) {
    const names = Object.values(rows).flatMap(({ option, directive }) => [
      ...(option?.short === undefined ? [] : [`-${option.short}`]),
      ...[...(option?.long ?? []), ...(option?.exact ?? [])].map((name) => `--${name}`),
      ...(directive ?? []),
    ]);
    assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), [], table);
  }
});

Deno.test("every row says what it is, in one line without a full stop", () => {
  for (const [name, row] of ROWS) {
    assert.match(row.doc, /^[^\n]{3,120}[^.\n]$/, name);
    assert.match(row.group, /^[A-Za-z][A-Za-z ,]+$/, name);
    if (row.detail !== undefined) assert.match(row.detail, /^[A-Za-z0-9][^]*\.$/, name);
  }
});

Deno.test("every row can be given, and its names have the shape of names", () => {
  for (const [name, { option, directive }] of ROWS) {
    assert.ok(option !== undefined || (directive ?? []).length > 0, name);
    if (option?.short !== undefined) assert.match(option.short, /^[A-Za-z0-9]$/, name);
    for (const long of [...(option?.long ?? []), ...(option?.exact ?? [])]) {
      assert.match(long, /^[a-z][a-z0-9-]*[a-z0-9]$/, name);
    }
    for (const word of directive ?? []) assert.match(word, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, name);
  }
});

Deno.test("every default is legal and written as it is read", () => {
  for (const [name, row] of ROWS) {
    if (row.fallback === undefined) continue;
    const text = row.kind.format(row.fallback);
    assert.deepEqual(row.kind.parse(text), { ok: true, value: row.fallback }, name);
  }
});

Deno.test("every choice is legal", () => {
  for (const [name, row] of ROWS) {
    for (const word of row.kind.choices ?? []) assert.ok(row.kind.parse(word).ok, `${name} ${word}`);
  }
});

Deno.test("no kind throws, and no reason repeats a secret", () => {
  const texts = [
    "",
    " ",
    "\0",
    "-1",
    "9".repeat(20),
    "hunter2",
    "__CHANGEME__hunter2",
    "\u{1f511}hunter2",
    ",",
    "=hunter2*",
  ];
  for (const [name, row] of ROWS) {
    for (const text of texts) {
      const read = row.kind.parse(text);
      if (!read.ok && row.secret === true) assert.doesNotMatch(read.fault, /hunter2/, name);
    }
  }
});

Deno.test("only settings that are not built yet have values that ask for nothing", () => {
  for (const [name, row] of ROWS) assert.ok(row.harmless === undefined || row.later !== undefined, name);
});

Deno.test("keys and passphrases are marked as secret", () => {
  const secret = /^(?:HMAC_)?KEY(?:_BASE64)?$|_PW(?:_BASE64)?$/;
  for (const [name, row] of ROWS) {
    const named = (row.directive ?? []).some((word) => secret.test(word) && !/NO_(?:SIGNING_)?PW$/.test(word));
    if (named) assert.equal(row.secret, true, name);
  }
});
