import assert from "node:assert/strict";
import { choice, integer, list, text, yesNo } from "../../../lib/settings/kinds.ts";
import { fail } from "../../../lib/result.ts";
import { resolveSettings } from "../../../lib/settings/resolve.ts";
import { formatProblem, type Given, type SettingTable } from "../../../lib/settings/setting.ts";

const TABLE = {
  port: { kind: integer(0, 65535), fallback: 62201, group: "net", doc: "port" },
  mode: { kind: choice(["CBC", "legacy"]), group: "crypto", doc: "mode" },
  key: { kind: text({ maxLength: 4 }), secret: true, group: "crypto", doc: "key" },
  verbose: { kind: integer(0, 9), repeat: "count", fallback: 0, group: "output", doc: "more" },
  hosts: { kind: text(), repeat: "all", group: "net", doc: "hosts" },
  quiet: { kind: yesNo, fallback: true, given: false, group: "output", doc: "less" },
  fire: { kind: yesNo, later: "FIRE is not supported by this version", group: "output", doc: "burn" },
} as const satisfies SettingTable;

function inFile(key: string, value: string | null, line = 1): Given {
  return { key, text: value, name: key.toUpperCase(), origin: { file: "f.conf", line } };
}

Deno.test("resolveSettings() fills defaults and derives types from the table", () => {
  const { values, origins, problems } = resolveSettings(TABLE, []);
  const port: number = values.port;
  const mode: "CBC" | "legacy" | undefined = values.mode;
  assert.deepEqual([port, mode, values.hosts, values.verbose, problems, origins], [62201, undefined, [], 0, [], {}]);
});

Deno.test("resolveSettings() lets the later saying win, counts and collects", () => {
  const given = [
    inFile("port", "1"),
    inFile("port", "2", 7),
    inFile("mode", "LEGACY"),
    inFile("verbose", "2"),
    inFile("verbose", null),
    inFile("verbose", null),
    inFile("hosts", "a"),
    inFile("hosts", "b"),
    inFile("quiet", null),
  ];
  const { values, origins, problems } = resolveSettings(TABLE, given);
  assert.deepEqual(problems, []);
  assert.deepEqual(values, { port: 2, mode: "legacy", verbose: 4, hosts: ["a", "b"], quiet: false });
  assert.deepEqual(origins.port, { file: "f.conf", line: 7 });
});

Deno.test("resolveSettings() reports every problem at once, and no secret", () => {
  const given = [
    inFile("port", "70000", 1),
    inFile("port", "22", 2),
    inFile("mode", "legaci", 3),
    inFile("key", "hunter2", 4),
    inFile("fire", "Y", 5),
    { key: "port", text: "62201abc", name: "-p", origin: { option: "-p" } },
  ];
  const { values, problems } = resolveSettings(TABLE, given);
  // What is refused may have a lenient reading, which then is the value; nobody uses it while there are problems.
  assert.equal(values.port, 62201);
  assert.deepEqual(problems.map(({ lenient }) => lenient), [
    undefined,
    undefined,
    undefined,
    undefined,
    "read as 62201",
  ]);
  assert.deepEqual(problems.map(formatProblem), [
    'f.conf:1: PORT value is out of range: not in the range 0-65535, got "70000"',
    'f.conf:3: MODE: expected one of CBC, legacy, got "legaci" (did you mean legacy?)',
    "f.conf:4: KEY: expected text of at most 4 bytes, got 7",
    "f.conf:5: FIRE: FIRE is not supported by this version (remove the line)",
    '-p: Value is not in the range: expected a number from 0 to 65535, got "62201abc" (write the number alone: 62201)',
  ]);
});

Deno.test("kinds refuse what the C programs would misread", () => {
  const bad: [{ parse(given: string): { ok: boolean } }, string][] = [
    [integer(0, 10), ""],
    [integer(0, 10), " 1"],
    [integer(0, 10), "1x"],
    [integer(0, 10), "-1"],
    [integer(0, 10), "0x1"],
    [integer(0, 10), "1e1"],
    [integer(0, 10), "4294967297"],
    [yesNo, "true"],
    [yesNo, ""],
    [text(), ""],
    [text(), "a\0b"],
    [text({ maxLength: 2 }), "éé"],
    [choice(["a"]), "b"],
    [list(integer(0, 9)), "1,,2"],
    [list(integer(0, 9)), "1,"],
  ];
  for (const [kind, given] of bad) assert.equal(kind.parse(given).ok, false, JSON.stringify(given));
});

Deno.test("kinds write what they read", () => {
  const good: [{ parse(given: string): unknown; format(value: never): string }, string][] = [
    [integer(-5, 10), "-3"],
    [yesNo, "N"],
    [text(), "x y"],
    [choice(["udpraw"]), "udpraw"],
    [list(integer(0, 9)), "1,2"],
  ];
  for (const [kind, given] of good) {
    const read = kind.parse(given) as { ok: true; value: never };
    assert.equal(read.ok, true);
    assert.equal(kind.format(read.value), given);
  }
});

Deno.test("resolveSettings() repeats a value that is refused, but only once", () => {
  const faults = ["no such word", "Invalid word: x is not one of a, b", "Invalid word: 'x'", 'expected a, got "x"'];
  const problems = faults.map((fault) => {
    const kind = { ...text(), parse: () => fail(fault) };
    const row = { word: { kind, group: "net", doc: "word" } } as const satisfies SettingTable;
    return resolveSettings(row, [inFile("word", "x")]).problems[0]?.message;
  });
  assert.deepEqual(problems, ['WORD: no such word, got "x"', ...faults.slice(1).map((fault) => `WORD: ${fault}`)]);
});
