/** The list of the C daemon's words in docs/facts/fragments.md: each is tried on our daemon, or named with the reason why not. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What stands below a heading of the list, by rows. */
function section(number: number): readonly string[] {
  const text = Deno.readTextFileSync(`${ROOT}docs/facts/fragments.md`);
  const [, below = ""] = new RegExp(`^## ${number}\\..*\\n([^]*?)(?=^## |$(?![^]))`, "m").exec(text) ?? [];
  return below.split("\n").filter((line) => line.startsWith("|")).slice(2);
}

/** The words of a row: what stands between two backticks, in the column behind the situation. */
function words(row: string, column: number): readonly string[] {
  const cell = row.split(/(?<!\\)\|/)[column] ?? "";
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

/** Of GnuPG other tests have them. */
const isGnupg = (row: string) => /^\| GnuPG /.test(row);

/** Sources of tests that make the situations, without what escapes characters in a regular expression. */
function rows(): string {
  const folders = {
    "tests/interop": /^(?:fragments_daemon|side_by_side|iptables).*\.ts$/,
    "tests/daemon/replay": /_test\.ts$/,
  };
  return Object.entries(folders).flatMap(([folder, names]) =>
    [...Deno.readDirSync(ROOT + folder)].filter(({ name }) => names.test(name) && !name.includes("_words_"))
      .map(({ name }) => Deno.readTextFileSync(`${ROOT}${folder}/${name}`))
  ).join("\n").replaceAll("\\", "");
}

/** Whether all parts of the words stand in a text; `…` and names in capitals stand for anything. */
function stands(text: string, wanted: string): boolean {
  const parts = wanted.split(/…|\b[ANT]\b|\bCHAIN\b|<digits>/).map((part) => part.trim()).filter((part) => part !== "");
  return parts.every((part) => text.includes(part));
}

Deno.test("every word of the C daemon that scripts look for is tried", () => {
  const tried = rows();
  const wanted = [...section(3), ...section(4)].filter((row) => !isGnupg(row)).flatMap((row) => words(row, 2));
  assert.ok(wanted.length > 150, String(wanted.length));
  assert.deepEqual(wanted.filter((one) => !stands(tried, one)), []);
});

Deno.test("words that are said to arise nowhere here stand in no source of the daemon, and have a reason", () => {
  const sources = [...walk(`${ROOT}daemon`)].map((path) => Deno.readTextFileSync(path)).join("\n");
  const never = section(5);
  assert.ok(never.length >= 5);
  for (const row of never) {
    assert.match(row.split(/(?<!\\)\|/)[2] ?? "", /[a-z]{3}/, row);
    for (const one of words(row, 1)) assert.ok(!sources.includes(one), one);
  }
});

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
