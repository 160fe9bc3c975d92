import assert from "node:assert/strict";
import fc from "fast-check";
import { parseStanzaFile } from "../../../lib/spec/rc_file.ts";
import { formatProblem } from "../../../lib/spec/setting.ts";

const FILE = `# my knocks
stray words before any section

[default]
VERBOSE        Y

  [home] anything here
SPA_SERVER     home.example   # mine
KEY:           pass word;
ALLOW_IP       source;comes after
[HOME]
ACCESS tcp/22
`;

Deno.test("parseStanzaFile() reads sections, repeated names too, with their lines", () => {
  const { stanzas } = parseStanzaFile(FILE, "rc");
  assert.deepEqual(stanzas.map(({ name, line, endLine }) => [name, line, endLine]), [
    ["default", 4, 6],
    ["home", 7, 10],
    ["HOME", 11, 13],
  ]);
  assert.deepEqual(stanzas[1]?.entries, [
    { name: "SPA_SERVER", value: "home.example", line: 8, cut: false },
    { name: "KEY", value: "pass", line: 9, cut: true },
    { name: "ALLOW_IP", value: "source", line: 10, cut: true },
  ]);
  assert.deepEqual(stanzas.flatMap((stanza) => stanza.problems), []);
});

Deno.test("parseStanzaFile() ends a value where the C client does, and says when something was lost", () => {
  const table: [string, string, boolean][] = [
    ["KEY pass", "pass", false],
    ["KEY pass\r", "pass", false],
    ["KEY pass;", "pass", false],
    ["KEY pass; words", "pass", false],
    ["KEY pass # words", "pass", false],
    ["KEY pass  ", "pass", false],
    ["KEY pass#word", "pass", true],
    ["KEY pass#", "pass", true],
    ["KEY pass;word", "pass", true],
    ["KEY pass word", "pass", true],
    ["  KEY\tpass", "pass", false],
    ["A:B: x", "x", false],
  ];
  for (const [line, value, cut] of table) {
    const [entry] = parseStanzaFile(`[a]\n${line}`, "rc").stanzas[0]?.entries ?? [];
    assert.deepEqual([entry?.value, entry?.cut], [value, cut], line);
  }
});

Deno.test("parseStanzaFile() points at lines it cannot read, only inside sections", () => {
  const text = "junk\n[a]\nKEY\nKEY=hunter2\nKEY = x\nhunter2\n[b\n   # fine\nQWERTY\n";
  const read = parseStanzaFile(text, "rc", new Set(["KEY"]));
  assert.deepEqual(read.stanzas[0]?.problems.map(formatProblem), [
    "rc:3: Invalid entry in the stanza: KEY has no value (write a value after it, or put # before the line)",
    'rc:4: Invalid entry in the stanza: this line has no value (write a blank between the two, not "=")',
    'rc:5: Invalid entry in the stanza: KEY has no value (write a blank between the two, not "=")',
    "rc:6: Invalid entry in the stanza: this line has no value (write a value after it, or put # before the line)",
    "rc:7: a section header has no closing bracket (write [name])",
    "rc:9: Invalid entry in the stanza: this line has no value (write a value after it, or put # before the line)",
  ]);
});

Deno.test("parseStanzaFile() loses no line, and its sections cover the file from the first header on", () => {
  const line = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("[a]", "[b] x", "KEY v", "", "# c"));
  fc.assert(fc.property(fc.array(line), (given) => {
    const text = given.join("\n");
    const { lines, stanzas } = parseStanzaFile(text, "rc");
    assert.equal(lines.join("\n"), text);
    let next = stanzas[0]?.line ?? lines.length + 1;
    for (const stanza of stanzas) {
      assert.equal(stanza.line, next);
      for (const entry of stanza.entries) assert.ok(entry.line > stanza.line && entry.line <= stanza.endLine);
      next = stanza.endLine + 1;
    }
    assert.equal(next, lines.length + 1);
  }));
});
