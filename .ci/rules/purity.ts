/** Pure files: no Deno, no ffi, no clock, no randomness, and the same for everything that they load. Pure. */
import type { Finding } from "./finding.ts";
import { type Graph, importGraph, isProduct } from "./graph.ts";
import type { SourceFile } from "./facts.ts";

/** Files that are pure whether they say so or not. */
const PURE_ROOMS = /^(lib\/(?!host\/)|daemon\/verify\/|daemon\/grants\/grants\.ts$)/;

/** Whether a file's opening comment promises that it is pure, or its room does. */
function isPure({ path, header }: SourceFile): boolean {
  return isProduct(path) && (PURE_ROOMS.test(path) || /\bPure\b/.test(header));
}

interface Stain {
  readonly line: number;
  readonly what: string;
}

/** What makes a file impure by itself: the outside world in its code, or a room that is nothing else. */
function stainsOf(file: SourceFile): readonly Stain[] {
  if (file.path.startsWith("lib/host/")) return [{ line: 1, what: "lib/host, which touches the outside world" }];
  return file.ambient;
}

/** Files that are not as pure as they, or their rooms, promise. */
export function checkPurity(files: readonly SourceFile[]): Finding[] {
  const graph = importGraph(files);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const remedy = 'take it as a parameter, or do not call the file "Pure"';
  return files.filter(isPure).flatMap((file) => {
    const own = stainsOf(file).map(({ line, what }) => ({
      path: file.path,
      line,
      what: `a pure file uses ${what}`,
      remedy,
    }));
    const loaded = impureImport(file, graph, byPath);
    return loaded === null ? own : [...own, { ...loaded, remedy }];
  });
}

/** The first file that a pure one loads, directly or not, and that touches the outside world. Types load nothing. */
function impureImport(file: SourceFile, graph: Graph, byPath: ReadonlyMap<string, SourceFile>) {
  const seen = new Set([file.path]);
  const queue = [{ path: file.path, chain: [file.path], line: 0 }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const { target, typeOnly, line } of graph.get(next.path)!) {
      if (typeOnly || seen.has(target)) continue;
      seen.add(target);
      const step = { path: target, chain: [...next.chain, target], line: next.line || line };
      const [stain] = stainsOf(byPath.get(target)!);
      if (stain === undefined) queue.push(step);
      else {return {
          path: file.path,
          line: step.line,
          what: `a pure file loads ${step.chain.join(" → ")}: ${stain.what}`,
        };}
    }
  }
  return null;
}
