import assert from "node:assert/strict";
import {
  commentsOf,
  docLinkFaults,
  faultsIn,
  type Files,
  glossaryFaults,
  knownReferences,
} from "../../.ci/references.ts";

const FILES: Files = new Map([
  ["docs/facts/wire.md", "# The packet\n\n## 7. HMAC\n\nSee [there](../COMPATIBILITY.md#kept).\n"],
  ["docs/COMPATIBILITY.md", "# Beside\n\n### Kept\n\n| F14 | a row |\n"],
  ["lib/spa/open.ts", ""],
]);

/** The faults of a file with that text, without their lines. */
function faultsOf(path: string, text: string): string[] {
  const files = new Map([...FILES, [path, text]]);
  return faultsIn(path, files, knownReferences(files)).map((fault) => fault.text);
}

Deno.test("references: a heading, a point, a file and a name that are there are no faults", () => {
  const text =
    "/**\n * As in facts/wire\n * 7 and COMPATIBILITY F14; see `open.ts`, `spa/open.ts` and {@link open}.\n */\nfn(open);";
  assert.deepEqual(faultsOf("lib/a.ts", text), []);
  assert.deepEqual(
    faultsOf("docs/A.md", "`lib/spa/open.ts`, [a](facts/wire.md#7-hmac), [b](../lib/), [c](https://x/y)"),
    [],
  );
});

Deno.test("references: what leads nowhere is told with its line", () => {
  const known = knownReferences(FILES);
  const text =
    "const a = 1;\n// facts/wire 8\n/**\n * facts/wires 7, facts/wire,\n * COMPATIBILITY F15 and `shut.ts`\n */\n";
  const faults = faultsIn("lib/a.ts", new Map([...FILES, ["lib/a.ts", text]]), known);
  assert.deepEqual(faults.map(({ line }) => line).sort(), [2, 4, 4, 5, 5]);
});

Deno.test("references: papers that are not here are faults, and similar words are none", () => {
  const old = [
    "server D.5",
    "wire-and-client A.9",
    "(C.2 F14)",
    "decided in design.md",
    "server H.2-5",
    "server F",
    "(A.9 step 3)",
  ];
  for (const text of old) assert.notDeepEqual(faultsOf("lib/a.ts", `// ${text}\n`), [], text);
  for (const text of ["RFC 1321, appendix A.5", "e.g. this", "A. 5", "server 5", "V2.6"]) {
    assert.deepEqual(faultsOf("lib/a.ts", `// ${text}\n`), [], text);
  }
  assert.deepEqual(faultsOf("lib/a.ts", 'const a = "server D.5";\n'), [], "text of the program is no comment");
});

Deno.test("references: comments are found between strings that look like them", () => {
  const source =
    "const a = \"// no\"; // yes 1\nconst b = '/* no */'; /* yes 2 */\nconst c = `// ${no}`;\nconst d = /[\"'`]/g; // yes 4\n/**\n * yes 3\n */";
  assert.deepEqual(
    commentsOf(source).split(/\s+/).filter((word) => /^(yes|no|[0-9])$/.test(word)),
    "yes 1 yes 2 yes 4 yes 3".split(" "),
  );
  assert.equal(commentsOf(source).split("\n").length, source.split("\n").length);
});

Deno.test("references: {@link} takes what is declared, imported or a member of either", () => {
  assert.deepEqual(
    docLinkFaults("import { A } from './a.ts';\n/** {@link A}, {@link A.b}, {@link c} */\nconst c = 1;"),
    [],
  );
  assert.deepEqual(docLinkFaults("/** {@link A} */\nconst c = 1; // A").length, 1);
  assert.deepEqual(docLinkFaults("/** {@link A} */\nconst c = x.A;").length, 1);
});

Deno.test("references: links between documents need their file and their heading", () => {
  assert.equal(faultsOf("docs/A.md", "[a](facts/none.md)").length, 1);
  assert.equal(faultsOf("docs/A.md", "[a](facts/wire.md#8-hmac)").length, 1);
  assert.equal(faultsOf("docs/A.md", "[a](#nowhere)\n# Somewhere\n").length, 1);
});

Deno.test("references: names of types in the glossary stand in the file that it names", () => {
  const files = new Map([...FILES, ["lib/spa/open.ts", "export interface OpenedPacket {}"]]);
  const faults = (row: string) => glossaryFaults(new Map([...files, ["docs/GLOSSARY.md", row]])).length;
  assert.equal(faults("| OpenedPacket | is one | `lib/spa/open.ts` |"), 0);
  assert.equal(faults("| ClosedPacket | is one | `lib/spa/open.ts` |"), 1);
  assert.equal(faults("| packet | is one | `lib/spa/open.ts` |"), 0);
});
