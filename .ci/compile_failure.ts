/** Why there is no compiled program, whole, and what to do about it. */

/** Where the build took place. */
export interface CompileFacts {
  /** Version of the Deno that compiles. */
  readonly version: string;
  /** `DENORT_BIN` of the environment. */
  readonly denort: string | undefined;
}

/** The lines that the build prints for what `deno compile`, or the program that it made, said. */
export function explainFailure(said: string, facts: CompileFacts): string {
  return [
    "deno compile did not work here; what was said:",
    ...said.split("\n").map((line) => `    ${line}`.trimEnd()),
    ...remedy(said, facts),
    "Building self-contained scripts instead, at the same places: they need deno on PATH.",
  ].join("\n");
}

function remedy(said: string, { version, denort }: CompileFacts): string[] {
  // What deno compile says: that it downloads, or looks for, the base runtime.
  if (!/denort|base binary|does not start/i.test(said)) return [];
  if (denort !== undefined) {
    return [`DENORT_BIN is "${denort}"; it must be the program denort of exactly Deno ${version}, for this machine.`];
  }
  return [
    "Its base runtime (denort) is downloaded once and could not be had. Where this machine cannot download it, take the",
    `denort of exactly Deno ${version} from where Deno's own releases are, unpack it, and: make build DENORT_BIN=/path/to/denort`,
  ];
}
