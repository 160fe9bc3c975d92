/** Exports that no other file of the programs, the build or the benchmarks takes. Pure. */
import { type Exceptions, type Finding, staleExceptions } from "./finding.ts";
import { importGraph, isProduct } from "./graph.ts";
import type { SourceFile } from "./facts.ts";

/** What the library is for others. */
const PUBLIC = "lib/mod.ts";

/** Exports that nobody needs. A type in the signature of an export that is needed is needed too. */
export function checkExports(files: readonly SourceFile[], exceptions: Exceptions): Finding[] {
  const taken = takenNames(files);
  const needed = new Set<string>();
  const findings: Finding[] = [];
  for (const file of files.filter(({ path }) => isProduct(path) && path !== PUBLIC)) {
    const used = usedExports(file, taken.get(file.path) ?? new Set());
    for (const { name, line } of file.exports.filter((fact) => !used.has(fact.name))) {
      const key = `${file.path}: ${name}`;
      needed.add(key);
      if (!(key in exceptions)) findings.push({ path: file.path, line, ...unused(name) });
    }
  }
  return [...findings, ...staleExceptions(Object.keys(exceptions), needed)];
}

function unused(name: string) {
  return {
    what: `${name} is exported, and no other file uses it`,
    remedy: "delete it, or the word export; what only a test reads may be listed in .ci/rules/exceptions.ts",
  };
}

/** The names that are taken from each file, tests left out. */
function takenNames(files: readonly SourceFile[]): ReadonlyMap<string, ReadonlySet<string>> {
  const taken = new Map<string, Set<string>>();
  for (const [path, edges] of importGraph(files)) {
    if (path.startsWith("tests/")) continue;
    for (const { target, names } of edges) {
      const known = taken.get(target) ?? new Set();
      for (const name of names) known.add(name);
      taken.set(target, known);
    }
  }
  return taken;
}

/** Exports that are taken, and the types in their signatures, and in the signatures of those. */
function usedExports(file: SourceFile, taken: ReadonlySet<string>): ReadonlySet<string> {
  const used = new Set<string>();
  const queue = file.exports.filter(({ name }) => taken.has(name) || taken.has("*"));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (used.has(next.name)) continue;
    used.add(next.name);
    queue.push(...file.exports.filter(({ name }) => next!.signature.includes(name)));
  }
  return used;
}
