/** A program that captures with as few rights as it needs. */
import { LIBRARY_FOLDERS } from "../../../ffi/loader.ts";

/** Runs narrow_program.ts with nothing but the library folders. */
export async function runNarrowly(...args: string[]): Promise<string> {
  const program = new URL("narrow_program.ts", import.meta.url).pathname;
  const rights = ["--no-prompt", `--allow-ffi=${LIBRARY_FOLDERS.join(",")}`];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...rights, program, ...args],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** What it says of one kind of capture that works. */
export const SEEN = "true true 0 0\n";
