/** Programs that the user named: a password store, a wget. Run by name or path, with this environment, never by a shell. */
import { reasonOf } from "./tui.ts";

/** What a program printed, or why there is nothing. */
export type ChildOutput = { readonly ok: true; readonly stdout: string } | {
  readonly ok: false;
  readonly reason: string;
};

/**
 * Runs a program to its end and gives its standard output. Its standard input and error are ours.
 *
 * @tags allow-run, allow-env
 */
export async function runChild(program: string, args: readonly string[]): Promise<ChildOutput> {
  try {
    const result = await new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env: environment(),
      stdin: "inherit",
      stdout: "piped",
      stderr: "inherit",
    }).output();
    if (!result.success) return { ok: false, reason: `${program} failed with status ${result.code}` };
    return { ok: true, stdout: new TextDecoder().decode(result.stdout) };
  } catch (error) {
    return { ok: false, reason: `cannot run ${program}: ${reasonOf(error)}` };
  }
}

/** Ours without `LD_*`, with which Deno starts no program. */
function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("LD_")));
}
