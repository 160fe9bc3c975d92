/** Reads the facts of the source files, by a run of `deno lint` with the plugin of `source.ts`. */
import type { SourceFacts, SourceFile } from "./facts.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CODE = ["cli", "daemon", "lib", "ffi", "tests", "bench", ".ci"];

/** Paths of all source files, below the project's root, in order. */
export function sourcePaths(): string[] {
  const below = (folder: string): string[] =>
    [...Deno.readDirSync(ROOT + folder)].flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) return below(path);
      return entry.isFile && path.endsWith(".ts") ? [path] : [];
    });
  return CODE.flatMap(below).sort();
}

interface Answer {
  readonly diagnostics: readonly { readonly filename: string; readonly message: string }[];
  readonly errors: readonly { readonly file_path: string; readonly message: string }[];
}

/** The facts of all of them. Throws when one cannot be read: a rule that is not applied must not look like one that is kept. */
export async function readSources(): Promise<SourceFile[]> {
  const paths = sourcePaths();
  const { diagnostics, errors } = await lint(paths);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${error.file_path}: ${error.message}`);
  const facts = new Map(diagnostics.map(({ filename, message }) => [new URL(filename).pathname, message]));
  return paths.map((path) => {
    const message = facts.get(ROOT + path);
    if (message === undefined) throw new Error(`${path}: deno lint said nothing of this file`);
    return { path, ...JSON.parse(message) as SourceFacts };
  });
}

/** `deno lint` with a plugin crashes once in about a hundred runs: that says nothing about the code, so it has three. */
async function lint(paths: readonly string[]): Promise<Answer> {
  const args = ["lint", "--json", "--config", ".ci/rules/facts.json", ...paths];
  for (let run = 1;; run++) {
    const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" }, stderr: "piped" });
    const { signal, stdout, stderr } = await command.output();
    if (signal === null && stdout.length > 0) return JSON.parse(new TextDecoder().decode(stdout));
    if (run === 3) throw new Error(`deno lint did not answer: ${signal ?? new TextDecoder().decode(stderr)}`);
  }
}
