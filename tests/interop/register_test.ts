/** Every point of docs/COMPATIBILITY.md that is kept or mended has its tests, and every such test its line there. */
import assert from "node:assert/strict";

const TESTS = new URL("../", import.meta.url);
const DOCUMENT = new URL("../../docs/COMPATIBILITY.md", import.meta.url);

const points = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);

/** All points there are. */
const ALL: readonly string[] = [...points("K", 20), ...points("F", 27)];

/** The points that names of tests in this source begin with, before a colon; rows of tables that make names count too. */
function pointsOfNames(source: string): ReadonlySet<string> {
  const names = source.matchAll(/["'`]([KF][0-9]{1,2}(?:, [KF][0-9]{1,2})*): /g);
  return new Set([...names].flatMap(([, ids = ""]) => ids.split(", ")));
}

/** The points of the tables, with the files that each names. */
function pointsOfTables(markdown: string): readonly (readonly [point: string, files: readonly string[]])[] {
  const lines = markdown.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  return lines.filter(([, first = ""]) => /^[KF][0-9]+$/.test(first)).map(
    ([, point = "", what = "", why = "", files = ""]) => {
      assert.ok(what.length > 0 && why.length > 0, `${point} says neither what nor why`);
      return [point, [...files.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file)];
    },
  );
}

/** What is missing, in sentences. */
function complaints(markdown: string, sources: ReadonlyMap<string, string>): string[] {
  const named = new Map([...sources].map(([file, source]) => [file, pointsOfNames(source)]));
  const tested = new Set([...named.values()].flatMap((ids) => [...ids]));
  const listed = pointsOfTables(markdown);
  const count = (point: string) => listed.filter(([id]) => id === point).length;
  return [
    ...ALL.filter((point) => !tested.has(point)).map((point) => `no test has a name that begins with ${point}`),
    ...ALL.filter((point) => count(point) !== 1).map((point) =>
      `${point} stands in ${count(point)} lines of the tables`
    ),
    ...[...tested].filter((point) => !ALL.includes(point)).map((point) => `${point} of a test's name is no point`),
    ...listed.filter(([, files]) => files.length === 0).map(([point]) => `${point} names no file`),
    ...listed.flatMap(([point, files]) =>
      files.filter((file) => !named.get(file)?.has(point)).map((file) => `${file} has no test of ${point}`)
    ),
  ];
}

async function readSources(folder = ""): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, TESTS))) {
    const path = folder + name;
    if (isDirectory) { for (const [file, source] of await readSources(`${path}/`)) sources.set(file, source); }
    else if (path.endsWith("_test.ts")) sources.set(path, await Deno.readTextFile(new URL(path, TESTS)));
  }
  return sources;
}

Deno.test("every point that is kept or mended has a test and a line in docs/COMPATIBILITY.md", async () => {
  assert.deepEqual(complaints(await Deno.readTextFile(DOCUMENT), await readSources()), []);
});

Deno.test("the register notices a missing test, a missing line, a wrong file and an unknown point", () => {
  const lineOf = (point: string) => `| ${point} | what | why | \`a_test.ts\` |\n`;
  const nameOf = (point: string) => `Deno.test("${point}: it is so", () => {});\n`;
  const [lines, names] = [ALL.map(lineOf).join(""), ALL.map(nameOf).join("")];
  const complain = (markdown: string, source: string) => complaints(markdown, new Map([["a_test.ts", source]]));
  assert.deepEqual(complain(lines, names), []);
  assert.deepEqual(complain(lines, names.replace(nameOf("K16"), "")), [
    "no test has a name that begins with K16",
    "a_test.ts has no test of K16",
  ]);
  assert.deepEqual(complain(lines.replace(lineOf("F24"), ""), names), ["F24 stands in 0 lines of the tables"]);
  assert.deepEqual(complain(lines + lineOf("K2"), names), ["K2 stands in 2 lines of the tables"]);
  assert.deepEqual(complain(lines.replace("`a_test.ts`", "`b_test.ts`"), names), ["b_test.ts has no test of K1"]);
  assert.deepEqual(complain(lines.replace("`a_test.ts`", ""), names), ["K1 names no file"]);
  assert.deepEqual(complain(lines, names + nameOf("F28")), ["F28 of a test's name is no point"]);
});
