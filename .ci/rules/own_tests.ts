/** Which files of the programs have a test of their own. Pure. */
import { type Exceptions, type Finding, staleExceptions } from "./finding.ts";
import { importGraph, isProduct } from "./graph.ts";
import type { SourceFile } from "./facts.ts";

/** Where the test of a file stands: `lib/net/cidr.ts` has `tests/lib/net/cidr_test.ts`. */
export function mirrorOf(path: string): string {
  return `tests/${path.replace(/\.ts$/, "_test.ts")}`;
}

/**
 * Files with code and without a test. A file without a function (types, constants, a table) needs none; a file that is
 * tested together with others is listed with the path of that test, which has to be there and, unless it runs the whole
 * program, to import the file.
 */
export function checkOwnTests(files: readonly SourceFile[], elsewhere: Exceptions): Finding[] {
  const known = new Set(files.map(({ path }) => path));
  const graph = importGraph(files);
  const bare = files.filter(({ path, functions }) =>
    isProduct(path) && functions.length > 0 && !known.has(mirrorOf(path))
  );
  const findings = bare.flatMap(({ path }): Finding[] => {
    const test = elsewhere[path];
    if (test === undefined) return [missing(path, `there is no ${mirrorOf(path)}`)];
    if (!known.has(test)) return [missing(path, `its test is said to be ${test}, which does not exist`)];
    const imports = graph.get(test)!.some(({ target }) => target === path);
    return imports || RUNS_PROGRAMS.test(test)
      ? []
      : [missing(path, `its test is said to be ${test}, which does not import it`)];
  });
  return [...findings, ...staleExceptions(elsewhere, new Set(bare.map(({ path }) => path)))];
}

/** Tests that run the programs as they are. */
const RUNS_PROGRAMS = /^tests\/(e2e|interop)\//;

function missing(path: string, what: string): Finding {
  return { path, line: 1, what, remedy: "write one, or say in .ci/rules/exceptions.ts which test covers it" };
}
