/** Running a program of the build, and why it failed. */

/** What a run came to: null when it worked, else what the program said. */
export type Failure = string | null;

/** Runs a program to its end in the folder `cwd`. */
export async function runTool(program: string, args: readonly string[], cwd: string): Promise<Failure> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    // The chain of causes is wanted, a stack of the runtime's own is not.
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stderr, code } = await child.output();
  return success ? null : new TextDecoder().decode(stderr).trim() || `exit status ${code}`;
}
