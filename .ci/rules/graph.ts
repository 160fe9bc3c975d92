/** Which file imports which, and circles among them. Pure. */
import { resolveImport } from "../layers.ts";
import type { Finding } from "./finding.ts";
import type { ImportFact, SourceFile } from "./facts.ts";

/** One import of a file of the project. */
export interface Edge extends ImportFact {
  /** Path of the file that is imported. */
  readonly target: string;
}

/** Imports of files of the project, by the path of the file that imports. */
export type Graph = ReadonlyMap<string, readonly Edge[]>;

/** The imports of these files; packages and files that are not among them are left out. */
export function importGraph(files: readonly SourceFile[]): Graph {
  const known = new Set(files.map((file) => file.path));
  return new Map(files.map(({ path, imports }) => {
    const local = imports.filter(({ specifier }) => specifier.startsWith("."));
    const edges = local.map((fact) => ({ ...fact, target: resolveImport(path, fact.specifier) }));
    return [path, edges.filter(({ target }) => known.has(target))];
  }));
}

/** The rooms of the programs; everything else is about them. */
export function isProduct(path: string): boolean {
  return /^(cli|daemon|lib|ffi)\//.test(path);
}

/** Files that import each other in a circle, imports of types included: one finding for each circle that is met first. */
export function findCircles(graph: Graph): Finding[] {
  const findings: Finding[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start !== -1) return void findings.push(circle(path.slice(start), graph));
    if (done.has(file)) return;
    done.add(file);
    path.push(file);
    for (const { target } of graph.get(file) ?? []) visit(target);
    path.pop();
  };
  for (const file of graph.keys()) visit(file);
  return findings;
}

function circle(files: readonly string[], graph: Graph): Finding {
  const [first, second] = [files[0]!, files[1] ?? files[0]!];
  return {
    path: first,
    line: graph.get(first)!.find(({ target }) => target === second)?.line ?? 1,
    what: `these files import each other in a circle: ${[...files, first].join(" → ")}`,
    remedy: "move what both need into a file of its own",
  };
}
