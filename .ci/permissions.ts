/**
 * The permission flags of each program, from `packaging/permissions.json`, which `gen.ts` writes. `deno task`, `deno compile`,
 * the bundled scripts and the tests all take them from here.
 */
import permissions from "../packaging/permissions.json" with { type: "json" };

/** The programs that have a list. */
export type ProgramName = keyof typeof permissions;

/** Flags for `deno run` and `deno compile`. An empty list in the file means the whole kind. */
export function permissionFlags(program: ProgramName): string[] {
  const kinds: Readonly<Record<string, readonly string[]>> = permissions[program];
  return ["--no-prompt", ...Object.entries(kinds).map(([kind, scope]) => flag(kind, scope))];
}

function flag(kind: string, scope: readonly string[]): string {
  return scope.length === 0 ? `--allow-${kind}` : `--allow-${kind}=${scope.join(",")}`;
}
