import assert from "node:assert/strict";
import { parseManSource } from "../../.ci/man_source.ts";

const OPTIONS = { tables: { rows: {} }, words: { fruit: "apples, pears" }, version: "1.2" };

Deno.test("parseManSource() joins the lines of a paragraph, keeps fenced text with its empty lines, and puts in what the tables know", () => {
  const source = [
    "# page(8) - what it is",
    "",
    "Synopsis: page [OPTION]...",
    "",
    "## First words",
    "",
    "A paragraph over",
    "two lines: {{fruit}}.",
    "",
    "```",
    "page -x",
    "",
    "  page -y",
    "```",
    "",
    "## Rows",
    "",
    "{{rows by option}}",
    "",
  ].join("\n");
  assert.deepEqual(parseManSource(source, OPTIONS), {
    name: "page",
    section: 8,
    brief: "what it is",
    version: "1.2",
    synopsis: "page [OPTION]...",
    sections: [
      {
        heading: "First words",
        prose: ["A paragraph over two lines: apples, pears.", "    page -x\n    \n      page -y"],
      },
      { heading: "Rows", rows: { table: {}, by: "option" } },
    ],
  });
});

Deno.test("parseManSource() says what it cannot read", () => {
  const page = (body: string) => `# page(8) - what it is\n\nSynopsis: page\n\n## Words\n\n${body}\n`;
  const cases: readonly (readonly [source: string, message: RegExp])[] = [
    ["page(8)\n", /"page\(8\)" is no title/],
    ["# page(8) - what it is\n\nUsage: page\n", /"Usage: page" is no synopsis/],
    [page("{{other by option}}"), /\{\{other\}\} is not one of: rows/],
    [page("No {{vegetables}}."), /\{\{vegetables\}\} is not one of: fruit/],
    [page("```\npage -x"), /never closed/],
  ];
  for (const [source, message] of cases) assert.throws(() => parseManSource(source, OPTIONS), message);
});
