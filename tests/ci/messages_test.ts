/** Texts of errors have the grammar of docs/facts/fragments.md, heading 1: those that can be found in the sources. */
import assert from "node:assert/strict";
import { readFiles } from "../../.ci/references.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const ROOMS = ["cli/", "daemon/", "lib/", "ffi/"];

/** A string or template at the start of an argument, perhaps behind the condition of a choice. */
const TEXT = String
  .raw`\s*(?:[\w.]+ (?:[=!]== \w+ )?\?\s*)?(?:"((?:\\.|[^"\\\n])*)"|${"`"}((?:\\[\s\S]|[^${"`"}\\])*)${"`"})`;
const THROWN = new RegExp(
  String.raw`(?:new ([A-Z]\w*Error)\(|\b(conflict)\(|(?<=(?:^|[{,])\s*)(message):)${TEXT}`,
  "gm",
);

interface Said {
  readonly file: string;
  /** The class; `conflict` for options that do not go together, `message` for a field that goes on from an origin. */
  readonly kind: string;
  /** What is put in is `…`. */
  readonly text: string;
}

/** The texts of errors in a source. */
function saidIn(file: string, source: string): Said[] {
  return [...source.matchAll(THROWN)].map(([, name, conflict, message = "", plain, template]) => ({
    file,
    kind: name ?? conflict ?? message,
    text: (plain ?? withGaps(template ?? "")).replaceAll('\\"', '"'),
  }));
}

/** A template with `…` for each of its expressions, however deep their braces go. */
function withGaps(template: string): string {
  let out = "", depth = 0;
  for (let i = 0; i < template.length; i++) {
    if (depth === 0 && template.startsWith("${", i)) out += "…", depth = 1, i++;
    else if (depth > 0) depth += template[i] === "{" ? 1 : template[i] === "}" ? -1 : 0;
    else out += template[i];
  }
  return out;
}

/** The words of the tables of the page, as patterns; `…` in them is anything. */
function fragmentsOf(page: string): RegExp[] {
  const rows = page.slice(page.indexOf("\n## 2. ")).split("\n").filter((line) => line.startsWith("| "));
  const words = rows.flatMap((row) =>
    [...(row.split("|")[2] ?? "").matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word)
  );
  return words.map((word) =>
    new RegExp(word.split(/\s*…\s*/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"), "i")
  );
}

/** What is against the grammar in a text, or null. */
function complaint({ kind, text }: Said, fragments: readonly RegExp[]): string | null {
  if (/^(Range|Type)Error$/.test(kind)) {
    return /^"[^"]+" expected /.test(text) ? null : 'is not: "PARAMETER" expected WHAT, got WHAT';
  }
  if (fragments.some((fragment) => fragment.test(text))) return null;
  if (/[^.]\.$/.test(text)) return "ends with a full stop";
  const isNamed = /^(?:…|--?\w|\[|"|[A-Z][A-Z0-9_]+\b|[a-z][\w-]*: )/.test(text);
  const goesOn = kind === "message" && /^[a-z]/.test(text);
  return /^Cannot [a-z…]/.test(text) || isNamed || goesOn
    ? null
    : "has none of the forms of docs/facts/fragments.md, heading 1";
}

Deno.test("messages: every text of an error is `Cannot …`, `NAME: …` or has words that scripts look for", async () => {
  const files = await readFiles(ROOT);
  const fragments = fragmentsOf(files.get("docs/facts/fragments.md") ?? "");
  const said = [...files].filter(([path]) => ROOMS.some((room) => path.startsWith(room)) && path.endsWith(".ts"))
    .flatMap(([path, source]) => saidIn(path, source));
  assert.ok(said.length > 100, `only ${said.length} texts were found`);
  const wrong = said.flatMap((one) => {
    const why = complaint(one, fragments);
    return why === null ? [] : [`${one.file}: "${one.text}" ${why}`];
  });
  assert.deepEqual(wrong, []);
});

Deno.test("messages: a text without a form, with a full stop, or of a programmer's mistake in prose is found", () => {
  const fragments = fragmentsOf("\n## 2. X\n\n| a | `Could not … it`, `out of range` |\n");
  const found = (source: string) => saidIn("a.ts", source).map((one) => complaint(one, fragments) !== null);
  assert.deepEqual(found('new AError("There is no x"); new AError("Cannot do.");'), [true, true]);
  assert.deepEqual(found('new RangeError("too long"); conflict(\n  "Odd things", "x")'), [true, true]);
  assert.deepEqual(found('new AError(a === null ? "Odd" : "x")'), [true]);
  assert.deepEqual(found("new AError(`Cannot read ${a(`{`)}`)"), [false]);
  assert.deepEqual(found('new AError("Could not read it"); new AError("Value out of range");'), [false, false]);
  assert.deepEqual(found('new AError("-D: x"); new AError("\\"a\\" has no address"); conflict(`${a} b`, c)'), [
    false,
    false,
    false,
  ]);
  assert.deepEqual(found('{ message: "Odd" }; { message: "has no value" }; { message: `Odd ${a}` }'), [
    true,
    false,
    true,
  ]);
  assert.deepEqual(found('new TypeError(`"a" expected b, got ${c}`)'), [false]);
});
