/** How a bundled script is run, besides its permissions: what `build.ts` writes into its header, and what the bench times. */
import type { ProgramName } from "./permissions.ts";

const COMMON = ["--quiet", "--ext=js", "--no-config", "--no-lock", "--no-remote"] as const;

/**
 * The client is compiled whole at its first run, and later runs find all of that in Deno's code cache: 1.5 ms less at every
 * start. A compiled program has no such cache (see `build.ts`), and for the daemon the start does not matter.
 */
const OWN: Readonly<Record<ProgramName, readonly string[]>> = { fwknop: ["--v8-flags=--no-lazy"], fwknopd: [] };

/** Flags for `deno run`. */
export function scriptFlags(program: ProgramName): readonly string[] {
  return [...COMMON, ...OWN[program]];
}
