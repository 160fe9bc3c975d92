import assert from "node:assert/strict";
import fc from "fast-check";
import { parseStanzaFile } from "../../../lib/settings/rc_file.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";

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
    { name: "SPA_SERVER", value: "home.example", line: 8, lost: null, followed: true },
    { name: "KEY", value: "pass", line: 9, lost: "word;", followed: true },
    { name: "ALLOW_IP", value: "source", line: 10, lost: ";comes after", followed: true },
  ]);
  assert.deepEqual(stanzas.flatMap((stanza) => stanza.problems), []);
});

Deno.test("parseStanzaFile() ends a value where the C client does, and says when something was lost", () => {
  const table: [string, string, string | null][] = [
    ["KEY pass", "pass", null],
    ["KEY pass\r", "pass", null],
    ["KEY pass;", "pass", null],
    ["KEY pass; words", "pass", null],
    ["KEY pass # words", "pass", null],
    ["KEY pass  ", "pass", null],
    ["KEY pass#word", "pass", "#word"],
    ["KEY pass#", "pass", "#"],
    ["KEY pass;word", "pass", ";word"],
    ["KEY pass word", "pass", "word"],
    ["  KEY\tpass", "pass", null],
    ["A:B: x", "x", null],
    ["KEY pass\r\r", "pass", null],
    ["KEY pass\rKEY other", "pass", "KEY other"],
  ];
  for (const [line, value, lost] of table) {
    const [entry] = parseStanzaFile(`[a]\n${line}`, "rc").stanzas[0]?.entries ?? [];
    assert.deepEqual([entry?.value, entry?.lost], [value, lost], line);
  }
});

Deno.test("parseStanzaFile() points at lines it cannot read, only inside sections", () => {
  const text = "junk\n[a]\nKEY\nKEY=hunter2\nKEY = x\nhunter2\n[b\n   # fine\nQWERTY\n";
  const read = parseStanzaFile(text, "rc", new Set(["KEY"]));
  assert.deepEqual(read.stanzas[0]?.problems.map(formatProblem), [
    "rc:3: Invalid entry in the stanza: KEY has no value (write a value after it, or put # before the line)",
    'rc:4: Invalid entry in the stanza: KEY has no value (write a blank between the two, not "=")',
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

Deno.test("parseStanzaFile() takes a byte order mark, bytes of any encoding, and says that line ends are those of old Macs", () => {
  const [stanza] = parseStanzaFile("\uFEFF[a]\nKEY sch\udcf6n\n", "rc").stanzas;
  assert.deepEqual(stanza?.entries, [{ name: "KEY", value: "sch\udcf6n", line: 2, lost: null, followed: false }]);
  const mac = parseStanzaFile("[a]\rKEY x\r", "rc").stanzas[0]?.problems.map(formatProblem);
  assert.match(mac?.join() ?? "", /^rc:1: a carriage return stands inside the line/);
});
