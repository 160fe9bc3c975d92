/** Which files of the programs have a test of their own. Pure. */
import { MAINS } from "../layers.ts";
import type { SourceFile } from "./facts.ts";
import { type Finding, staleExceptions } from "./finding.ts";
import { type Graph, importGraph, isProduct } from "./graph.ts";

/** Files that are tested elsewhere than at their mirror: path of the test → the files. */
export type TestedElsewhere = Readonly<Record<string, readonly string[]>>;

/** Where the test of a file stands: `lib/net/cidr.ts` has `tests/lib/net/cidr_test.ts`; one that needs root ends in `_root_test`. */
function mirrorsOf(path: string): readonly string[] {
  return ["_test.ts", "_root_test.ts"].map((ending) => `tests/${path.replace(/\.ts$/, ending)}`);
}

/**
 * Files with code and without a test. A file without a function (types, constants, a table) needs none; a file that is
 * tested together with others is listed with that test, which has to be there and to reach the file, or to run the client or
 * the daemon as a whole.
 */
export function checkOwnTests(files: readonly SourceFile[], elsewhere: TestedElsewhere): Finding[] {
  const known = new Set(files.map(({ path }) => path));
  const graph = importGraph(files);
  const listed = new Map(Object.entries(elsewhere).flatMap(([test, paths]) => paths.map((path) => [path, test])));
  const bare = files.filter(({ path, functions }) =>
    isProduct(path) && functions.length > 0 && !mirrorsOf(path).some((test) => known.has(test))
  );
  const findings = bare.flatMap(({ path }): Finding[] => {
    const test = listed.get(path);
    if (test === undefined) return [missing(path, `there is no ${mirrorsOf(path)[0]}`)];
    if (!known.has(test)) return [missing(path, `its test is said to be ${test}, which does not exist`)];
    return runsPrograms(test, graph) || reaches(test, path, graph)
      ? []
      : [missing(path, `its test is said to be ${test}, which does not import it`)];
  });
  return [...findings, ...staleExceptions([...listed.keys()], new Set(bare.map(({ path }) => path)))];
}

/** Whether a test runs the programs as they are: over the network, or by what the tests share to call them. */
function runsPrograms(test: string, graph: Graph): boolean {
  if (/^tests\/(e2e|interop)\//.test(test)) return true;
  const seen = new Set([test]);
  for (const path of seen) {
    if (MAINS.includes(path)) return true;
    if (path.startsWith("tests/")) { for (const { target } of graph.get(path)!) seen.add(target); }
  }
  return false;
}

/**
 * Whether a test, or a program that it starts, imports a file: by itself, by what the tests share, or by files that stand
 * in the folder of that file.
 */
function reaches(test: string, path: string, graph: Graph): boolean {
  const children = [...graph.keys()].filter((file) => file.endsWith("_child.ts") && folderOf(file) === folderOf(test));
  const seen = new Set([test, ...children]);
  for (const file of seen) {
    if (file === path) return true;
    const isPassed = file.startsWith("tests/") || folderOf(file) === folderOf(path);
    if (isPassed) { for (const { target } of graph.get(file)!) seen.add(target); }
  }
  return false;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function missing(path: string, what: string): Finding {
  return { path, line: 1, what, remedy: "write one, or say in .ci/rules/exceptions.ts which test covers it" };
}
