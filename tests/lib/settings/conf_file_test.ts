import assert from "node:assert/strict";
import fc from "fast-check";
import { type ConfGrammar, parseConfText, shownName } from "../../../lib/settings/conf_file.ts";
import { formatProblem } from "../../../lib/settings/setting.ts";

const SERVER: ConfGrammar = { colonAfterName: false, known: new Set(["PCAP_INTF", "KEY"]) };
const ACCESS = { colonAfterName: true };

/** `line name=value` of each entry, then the problems. */
function read(text: string, grammar = SERVER): string[] {
  const { entries, problems } = parseConfText(text, "f", grammar);
  return [...entries.map((one) => `${one.line} ${one.name}=${one.value}`), ...problems.map(formatProblem)];
}

Deno.test("parseConfText() reads lines as the C daemon does", () => {
  const table: [string, string[]][] = [
    ["", []],
    ["# a\n;b\n\r\n\n", []],
    ["A b", ["1 A=b"]],
    ["A b;", ["1 A=b"]],
    ["A\tb c  d ; e", ["1 A=b c  d"]],
    ["  A   b  \r\n", ["1 A=b"]],
    ["A b\rc", ["1 A=b"]],
    ["A b\udcf6 c", ["1 A=b\udcf6 c"]],
    ["A b # a comment", ["1 A=b"]],
    ["A b\t#", ["1 A=b"]],
    ["A b#c", ["1 A=b#c"]],
    ["\n\nA b\n\nC d", ["3 A=b", "5 C=d"]],
    ["A: b", ["1 A:=b"]],
    ["   # indented\n \t \n  ; too", []],
    ["\uFEFFA b", ["1 A=b"]],
    ["A $B/x", ["1 A=$B/x"]],
  ];
  for (const [text, expected] of table) assert.deepEqual(read(text), expected, JSON.stringify(text));
});

Deno.test("parseConfText() takes a colon after the name in access.conf", () => {
  const table: [string, string[]][] = [
    ["SOURCE: ANY", ["1 SOURCE=ANY"]],
    ["A:B: c", ["1 A:B=c"]],
    ["A:b c", ["1 A=c"]],
    ["A x:y", ["1 A=x:y"]],
    [": x", ["1 :=x"]],
  ];
  for (const [text, expected] of table) assert.deepEqual(read(text, ACCESS), expected, text);
});

Deno.test("parseConfText() keeps blanks at the end only where asked to", () => {
  const keys = parseConfText("KEY a b  \r\n", "f", { colonAfterName: true, keepTrailingBlanks: true });
  assert.equal(keys.entries[0]?.value, "a b  ");
  assert.equal(parseConfText("KEY a b  \r\n", "f", ACCESS).entries[0]?.value, "a b");
});

Deno.test("parseConfText() points at lines without a value and quotes nothing that may be a key", () => {
  const table: [string, string][] = [
    ["PCAP_INTF", "f:1: PCAP_INTF has no value (write a value after it, or put # before the line)"],
    ["PCAP_INTF ;x", "f:1: PCAP_INTF has no value (write a value after it, or put # before the line)"],
    ["hunter2", "f:1: this line has no value (write a value after it, or put # before the line)"],
    ["KEY=hunter2", 'f:1: KEY has no value (write a blank between the two, not "=")'],
    ["S3CRET=x", 'f:1: this line has no value (write a blank between the two, not "=")'],
    ["KEY;hunter2 x", "f:1: this line has no value (write a value after it, or put # before the line)"],
    ["KEY a\0b", "f:1: the line holds a NUL (save the file as UTF-8)"],
  ];
  for (const [text, expected] of table) assert.deepEqual(read(text), [expected], text);
});

Deno.test("parseConfText() leaves # in a value that may hold it", () => {
  const grammar = { ...SERVER, mayHoldHash: (name: string) => name === "KEY" };
  assert.deepEqual(read("KEY a # b\nPCAP_INTF a # b\nKEY #x\nPCAP_INTF #x", grammar), [
    "1 KEY=a # b",
    "2 PCAP_INTF=a",
    "3 KEY=#x",
    "f:4: PCAP_INTF has no value (write a value after it, or put # before the line)",
  ]);
});

Deno.test("parseConfText() keeps what was cut behind a value, unless it is a comment", () => {
  const table: [string, string | null][] = [
    ["A b;", null],
    ["A b ; # c", null],
    ["A b; ### for ssh", null],
    ["A b; // c", null],
    ["A b;;\r", null],
    ["A b # c; d", null],
    ["A b; c d", "c d"],
    ["A b;c;d ", "c;d"],
    ["A b\rC d", "C d"],
  ];
  for (const [line, lost] of table) {
    const [entry] = parseConfText(line, "f", SERVER).entries;
    assert.deepEqual([entry?.value, entry?.lost], ["b", lost], JSON.stringify(line));
  }
});

Deno.test("parseConfText() says that a key was wrapped, and that line ends are those of old Macs", () => {
  const [wrapped] = parseConfText("KEY_BASE64 abc\ndef=", "f", SERVER).problems;
  assert.match(wrapped?.hint ?? "", /if it is the rest of the line above, join the two$/);
  assert.doesNotMatch(parseConfText("A b\n\ndef=", "f", SERVER).problems[0]?.hint ?? "", /above/);
  const [mac] = parseConfText("# first\rPCAP_INTF lo\rKEY x\r", "f", SERVER).problems;
  assert.match(mac?.message ?? "", /^a carriage return stands inside the line/);
  assert.deepEqual(parseConfText("# first\r\n# second\r", "f", SERVER), { entries: [], problems: [] });
});

Deno.test("parseConfText() never throws, and every line is an entry, a problem or nothing", () => {
  const line = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("A b", "A", "; x", "[x]", "A: b;c"));
  fc.assert(fc.property(fc.array(line), fc.boolean(), (lines, colonAfterName) => {
    const { entries, problems } = parseConfText(lines.join("\n"), "f", { colonAfterName });
    for (const entry of entries) {
      assert.ok(entry.name !== "" && entry.value !== "");
      assert.doesNotMatch(entry.value, /[;\n\r]/);
    }
    const places = [...entries.map((one) => one.line), ...problems.map((one) => one.origin.line)];
    assert.equal(new Set(places).size, places.length);
  }));
});

Deno.test("shownName() shows what resembles a known name and nothing that may be a key", () => {
  const known = new Map(["KEY", "KEY_BASE64", "ACCESS", "%include", "HMAC_KEY_BASE64"].map((name) => [name, name]));
  const shown = (name: string) => shownName(name, known);
  for (const name of ["KEY", "KEY_BASE64", "ACESS", "access", "%include", "%includ"]) assert.equal(shown(name), name);
  for (
    const word of [
      ...["hunter2", "aGVsbG8=", "a/b+", "QWERTYUIOP", "MY_OLD_PASSWORD", "ABCD1234EFGH5678"],
      ...["KEY=x", "HMAC_KEY_BASE64=abc", "KEY:", "", "this line"],
    ]
  ) assert.equal(shown(word), null, word);
  assert.equal(shownName("KEY"), null, "no name is known");
});
