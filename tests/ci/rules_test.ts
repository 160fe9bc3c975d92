/** Each rule of `.ci/rules.ts` on sources that are made up: it finds the bad example, and leaves the good one alone. */
import assert from "node:assert/strict";
import { checkExports } from "../../.ci/rules/exports.ts";
import type { SourceFacts, SourceFile } from "../../.ci/rules/facts.ts";
import type { Finding } from "../../.ci/rules/finding.ts";
import { findCircles, importGraph } from "../../.ci/rules/graph.ts";
import { checkOwnTests } from "../../.ci/rules/own_tests.ts";
import { checkPurity } from "../../.ci/rules/purity.ts";
import { sourcePaths } from "../../.ci/rules/read.ts";
import { checkSizes } from "../../.ci/rules/size.ts";
import plugin from "../../.ci/rules/source.ts";

const ANY_SIZE = { files: {}, functions: {}, parameters: {} };

/** Files of a project that is made up, by path. */
function project(sources: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(sources).map(([path, text]) => {
    const [diagnostic] = Deno.lint.runPlugin(plugin, path, text);
    return { path, ...JSON.parse(diagnostic!.message) as SourceFacts };
  });
}

function said(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, what }) => `${path}:${line}: ${what}`);
}

function sizes(text: string, path = "lib/a.ts"): string[] {
  return said(checkSizes(project({ [path]: text }), ANY_SIZE));
}

const lines = (count: number) => "  step();\n".repeat(count);

Deno.test("rules: a file of more than 300 lines", () => {
  assert.deepEqual(sizes("// line\n".repeat(300)), []);
  assert.deepEqual(sizes("// line\n".repeat(301)), ["lib/a.ts:301: the file has 301 lines, more than 300"]);
});

Deno.test("rules: a function of more than 40 lines, as a declaration, a method or an arrow", () => {
  assert.deepEqual(sizes(`function f() {\n${lines(38)}}\n`), []);
  assert.deepEqual(sizes(`\nfunction f() {\n${lines(39)}}\n`), ["lib/a.ts:2: f has 41 lines, more than 40"]);
  assert.deepEqual(sizes(`class A {\n  m() {\n${lines(39)}}\n}\n`), ["lib/a.ts:2: m has 41 lines, more than 40"]);
  assert.deepEqual(sizes(`const g = () => {\n${lines(39)}};\n`), ["lib/a.ts:1: g has 41 lines, more than 40"]);
});

Deno.test("rules: a function with a name counts by itself, wherever it stands; one without a name counts where it stands", () => {
  const inner = (begin: string, end: string) => `function f() {\n  ${begin}\n${lines(30)}${end}\n${lines(10)}}\n`;
  assert.deepEqual(sizes(inner("const g = () => {", "};")), []);
  assert.deepEqual(sizes(inner("function g() {", "}")), []);
  assert.deepEqual(sizes(inner("return { g() {", "} };")), []);
  assert.deepEqual(sizes(inner("each(() => {", "});")), ["lib/a.ts:1: f has 44 lines, more than 40"]);
  const twice = `function f() {\n  function g() {\n    function h() {\n${lines(20)}}\n${lines(20)}}\n${lines(39)}}\n`;
  assert.deepEqual(sizes(twice), ["lib/a.ts:1: f has 42 lines, more than 40"]);
});

Deno.test("rules: the body of a test may have 80 lines", () => {
  const test = (count: number) => `Deno.test("a", async (t) => {\n${lines(count)}});\n`;
  assert.deepEqual(sizes(test(78), "tests/a_test.ts"), []);
  assert.deepEqual(sizes(test(79), "tests/a_test.ts"), ["tests/a_test.ts:1: a test has 81 lines, more than 80"]);
  for (const call of ['labTest("a", ', 'testWith(["tcpdump"], "a", ', 't.step("a", ', 'Deno.test.ignore("a", ']) {
    assert.deepEqual(sizes(`${call}async () => {\n${lines(60)}});\n`, "tests/a_test.ts"), [], call);
  }
  assert.equal(sizes(`each("a", async () => {\n${lines(60)}});\n`, "tests/a_test.ts").length, 1);
  const named = `Deno.test({ name: "a", async fn() {\n${lines(60)}} });\n`;
  assert.deepEqual(sizes(named, "tests/a_test.ts"), []);
});

Deno.test("rules: more than three parameters, but for a function that another one calls", () => {
  assert.deepEqual(sizes("function f(a, b, c) {}\n"), []);
  assert.deepEqual(sizes("function f(a, b, c, d) {}\n"), ["lib/a.ts:1: f has 4 parameters, more than 3"]);
  assert.deepEqual(sizes('"a".replace(/(.)(.)(.)/, (all, a, b, c) => c);\n'), []);
});

Deno.test("rules: an exception is taken, and reported once nothing needs it", () => {
  const functions = { "lib/a.ts: f": "because" };
  const long = project({ "lib/a.ts": `function f() {\n${lines(50)}}\n` });
  assert.deepEqual(checkSizes(long, { ...ANY_SIZE, functions }), []);
  const short = project({ "lib/a.ts": "function f() {}\n" });
  assert.deepEqual(said(checkSizes(short, { ...ANY_SIZE, functions })), [
    ".ci/rules/exceptions.ts:1: nothing needs the exception for lib/a.ts: f",
  ]);
});

Deno.test("rules: a file that says it is pure touches nothing of the outside world", () => {
  const uses = [
    ["Deno.pid", "Deno"],
    ["const { pid } = Deno", "Deno"],
    ["Date.now()", "Date.now"],
    ["new Date()", "new Date()"],
    ["performance.now()", "performance.now"],
    ["Math.random()", "Math.random"],
    ["crypto.getRandomValues(a)", "crypto.getRandomValues"],
    ["setTimeout(f, 1)", "setTimeout"],
    ['fetch("x")', "fetch"],
    ['console.log("x")', "console"],
  ] as const;
  for (const [code, what] of uses) {
    const files = project({ "cli/a.ts": `/** What. Pure. */\n${code};\n` });
    assert.deepEqual(said(checkPurity(files)), [`cli/a.ts:2: a pure file uses ${what}`]);
    assert.deepEqual(checkPurity(project({ "cli/a.ts": `/** What. */\n${code};\n` })), []);
  }
  const words =
    '/** Pure. */\n// Deno.pid\nconst text = "Deno", day = new Date(0), { fetch: f } = x; x.setTimeout();\n';
  assert.deepEqual(checkPurity(project({ "cli/a.ts": words })), []);
});

Deno.test("rules: lib, daemon/verify and daemon/grants/grants.ts are pure without saying so, lib/host is not", () => {
  for (const path of ["lib/a.ts", "daemon/verify/a.ts", "daemon/grants/grants.ts"]) {
    assert.deepEqual(said(checkPurity(project({ [path]: "Date.now();\n" }))), [`${path}:1: a pure file uses Date.now`]);
  }
  assert.deepEqual(checkPurity(project({ "lib/host/a.ts": "Date.now();\n" })), []);
});

Deno.test("rules: a pure file loads nothing that is not, at first, second or later hand; types load nothing", () => {
  const files = (first: string) =>
    project({
      "cli/a.ts": `/** Pure. */\n${first}\n`,
      "cli/b.ts": 'export { c } from "./c.ts";\n',
      "cli/c.ts": "export const c = () => Deno.pid;\n",
    });
  const found = "cli/a.ts:2: a pure file loads cli/a.ts → cli/b.ts → cli/c.ts: Deno";
  assert.deepEqual(said(checkPurity(files('import { c } from "./b.ts";'))), [found]);
  assert.deepEqual(said(checkPurity(files('const { c } = await import("./b.ts");'))), [found]);
  assert.deepEqual(checkPurity(files('import type { c } from "./b.ts";')), []);
  assert.deepEqual(checkPurity(files('import { type c } from "./b.ts";')), []);
  const rooms = project({
    "cli/a.ts": '/** Pure. */\nimport "../lib/host/b.ts";\n',
    "lib/host/b.ts": "",
    "cli/c.ts": '/** Pure. */\nimport { poll } from "../ffi/d.ts";\n',
    "ffi/d.ts": 'export const poll = () => Deno.dlopen("x", {});\n',
  });
  assert.equal(checkPurity(rooms).length, 2);
});

Deno.test("rules: files that import each other, types included", () => {
  const circle = project({
    "cli/a.ts": 'import { b } from "./b.ts";\n',
    "cli/b.ts": '\nimport type { C } from "./deep/c.ts";\n',
    "cli/deep/c.ts": 'import { a } from "../a.ts";\n',
  });
  assert.deepEqual(said(findCircles(importGraph(circle))), [
    "cli/a.ts:1: these files import each other in a circle: cli/a.ts → cli/b.ts → cli/deep/c.ts → cli/a.ts",
  ]);
  assert.deepEqual(findCircles(importGraph(circle.slice(0, 2))), []);
  const both = project({
    "cli/a.ts": 'import "./b.ts";\nimport "./c.ts";\n',
    "cli/b.ts": 'import "./c.ts";\n',
    "cli/c.ts": "",
  });
  assert.deepEqual(findCircles(importGraph(both)), []);
});

/** Exports of `cli/a.ts` that are unused beside the other files. */
function unused(text: string, others: Readonly<Record<string, string>> = {}): string[] {
  return checkExports(project({ "cli/a.ts": text, ...others }), {}).map(({ what }) => what.split(" ")[0]!);
}

Deno.test("rules: an export that no other file takes, tests not counted", () => {
  const text = "export function f() {}\nexport const g = 1, { h } = x;\nexport class I {}\nexport type J = 1;\n";
  assert.deepEqual(unused(text), ["f", "g", "h", "I", "J"]);
  assert.deepEqual(unused(text, { "tests/cli/a_test.ts": 'import { f, g } from "../../cli/a.ts";\n' }), unused(text));
  assert.deepEqual(unused(text, { "cli/b.ts": 'import { f as other, type J } from "./a.ts";\n' }), ["g", "h", "I"]);
  assert.deepEqual(unused(text, { ".ci/b.ts": 'export { I } from "../cli/a.ts";\n' }), ["f", "g", "h", "J"]);
});

Deno.test("rules: what is taken of a dynamic import is seen, and everything where it cannot be told", () => {
  const text = "export function f() {}\nexport function g() {}\n";
  assert.deepEqual(unused(text, { "cli/b.ts": 'const { f } = await import("./a.ts");\n' }), ["g"]);
  assert.deepEqual(unused(text, { "cli/b.ts": '(await import("./a.ts")).g();\n' }), ["f"]);
  assert.deepEqual(unused(text, { "cli/b.ts": 'use(await import("./a.ts"));\n' }), []);
  assert.deepEqual(unused(text, { "cli/b.ts": 'import * as a from "./a.ts";\n' }), []);
});

Deno.test("rules: a type in the signature of an export that is taken is needed, one in a body is not", () => {
  const taken = { "cli/b.ts": 'import { f } from "./a.ts";\n' };
  const types = "export interface A extends C {}\nexport interface B {}\nexport interface C {}\n";
  assert.deepEqual(unused(`${types}export function f(a: A): void {}\n`, taken), ["B"]);
  assert.deepEqual(unused(`${types}export function f(): Promise<B> {\n  const a: A = {};\n}\n`, taken), ["A", "C"]);
  assert.deepEqual(unused(`${types}export function g(a: A): void {}\n`), ["A", "B", "C", "g"]);
});

Deno.test("rules: an export that is listed, and one that is listed in vain", () => {
  const files = project({ "cli/a.ts": "export function f() {}\n" });
  assert.deepEqual(checkExports(files, { "cli/a.ts: f": "because" }), []);
  assert.equal(checkExports(files, { "cli/a.ts: f": "because", "cli/a.ts: g": "because" }).length, 1);
});

Deno.test("rules: a file with a function and without a test", () => {
  const bare = { "cli/a.ts": "export function f() {}\n" };
  const check = (sources: Readonly<Record<string, string>>, elsewhere = {}) =>
    said(checkOwnTests(project({ ...bare, ...sources }), elsewhere));
  assert.deepEqual(check({}), ["cli/a.ts:1: there is no tests/cli/a_test.ts"]);
  assert.deepEqual(check({ "tests/cli/a_test.ts": "" }), []);
  assert.deepEqual(checkOwnTests(project({ "cli/a.ts": "export const TABLE = [1];\n" }), {}), []);
  const elsewhere = { "tests/cli/b_test.ts": ["cli/a.ts"] };
  assert.deepEqual(check({ "tests/cli/b_test.ts": 'import { f } from "../../cli/a.ts";\n' }, elsewhere), []);
  const beside = { "tests/cli/b_test.ts": 'import "../../cli/b.ts";\n', "cli/b.ts": 'import "./a.ts";\n' };
  assert.deepEqual(check(beside, elsewhere), []);
  const far = { "tests/cli/b_test.ts": 'import "../../cli/c/b.ts";\n', "cli/c/b.ts": 'import "../a.ts";\n' };
  assert.match(check(far, elsewhere)[0]!, /does not import it/);
  assert.match(check({ "tests/cli/b_test.ts": "" }, elsewhere)[0]!, /does not import it/);
  assert.match(check({}, elsewhere)[0]!, /does not exist/);
  assert.match(check({ "tests/cli/a_test.ts": "" }, elsewhere)[0]!, /nothing needs the exception/);
});

Deno.test("rules: all source files are looked at, those of .ci too", () => {
  const paths = sourcePaths();
  for (const path of ["cli/main.ts", "daemon/main.ts", "ffi/memory.ts", "lib/mod.ts", ".ci/rules/source.ts"]) {
    assert.ok(paths.includes(path), path);
  }
});
