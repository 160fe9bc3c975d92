/**
 * Rules about the sources that no linter has: sizes, purity, circles, unused exports, missing tests. Each finding is a
 * line `path:line: what`, and the remedy below it; the exit status is 1 when there is one. What may be otherwise is listed
 * with its reason in `rules/exceptions.ts`.
 *
 *     deno run -A .ci/rules.ts [PATH]...    with a path: only what concerns files below it
 */
import { MAY_BE_LARGE, ONLY_TESTS_USE, TESTED_ELSEWHERE } from "./rules/exceptions.ts";
import { checkExports } from "./rules/exports.ts";
import { type Finding, formatFinding } from "./rules/finding.ts";
import { findCircles, importGraph } from "./rules/graph.ts";
import { checkOwnTests } from "./rules/own_tests.ts";
import { checkPurity } from "./rules/purity.ts";
import { readSources } from "./rules/read.ts";
import { checkSizes } from "./rules/size.ts";
import type { SourceFile } from "./rules/facts.ts";

/** Everything that is against a rule in these files, in the order of the files. */
function check(files: readonly SourceFile[]): Finding[] {
  const findings = [
    ...checkSizes(files, MAY_BE_LARGE),
    ...checkPurity(files),
    ...findCircles(importGraph(files)),
    ...checkExports(files, ONLY_TESTS_USE),
    ...checkOwnTests(files, TESTED_ELSEWHERE),
  ];
  return findings.sort((a, b) => a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1);
}

if (import.meta.main) {
  const findings = check(await readSources()).filter(({ path }) =>
    Deno.args.length === 0 || Deno.args.some((prefix) => path.startsWith(prefix))
  );
  for (const finding of findings) console.log(formatFinding(finding));
  if (findings.length > 0) Deno.exit(1);
}
