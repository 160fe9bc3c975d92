/** `-B` and `-b`: the packet as a line in a file. Keys are not in it, but who can read it can send it: mode 0600. */
import { writeAtomically } from "../../lib/host/atomic_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { ClientError } from "../ui/tui.ts";

/** Writes the packet and a line end. Only regular files are replaced. Throws {@link ClientError} with the reason. */
export function savePacket(path: string, wire: string, options: { readonly append: boolean }): void {
  try {
    const info = statOrNull(path);
    if (info !== null && !info.isFile) {
      throw new ClientError(
        `Could not save the packet to ${path}: it is not a regular file`,
        "name another file with -B",
      );
    }
    if (options.append) appendLine(path, wire);
    else writeAtomically(path, `${wire}\n`);
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new ClientError(`Could not save the packet to ${path}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

function appendLine(path: string, wire: string): void {
  using file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(`${wire}\n`);
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
