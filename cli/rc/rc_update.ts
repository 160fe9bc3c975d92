/** Changing the rc file while other runs may do the same: nobody's stanza, and no key in it, is lost. */
import { writeAtomically } from "../../lib/host/atomic_file.ts";
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { parseStanzaFile, type StanzaFile } from "../../lib/settings/rc_file.ts";
import type { RcFile } from "./rc_file.ts";
import { ClientError } from "../ui/tui.ts";

/**
 * Replaces the file by what `change` makes of it. When another run was faster, `change` is called again with what that one
 * wrote; it may ask questions, so no lock is held meanwhile. Gives the text that was written. Throws {@link ClientError}.
 *
 * @tags allow-read, allow-write
 */
export async function updateRcFile(
  rc: RcFile,
  change: (file: StanzaFile) => Promise<string> | string,
): Promise<string> {
  let seen = rc.file;
  for (;;) {
    const text = await change(seen);
    const current = replaceUnlessChanged(rc.path, seen.lines.join("\n"), text);
    if (current === null) return text;
    seen = parseStanzaFile(current, rc.path);
  }
}

/** Null when the text was written, else what the file holds instead of `seen`. */
function replaceUnlessChanged(path: string, seen: string, text: string): string | null {
  try {
    // Opening a pipe for the lock would wait for a writer.
    if (!Deno.statSync(path).isFile) throw new Error("it is not a regular file");
    using _lock = lockFile(path);
    const read = readSecureFile(path, { checkOwner: false });
    const current = read.ok ? read.value.text : seen;
    if (current !== seen) return current;
    writeAtomically(path, text);
    return null;
  } catch (error) {
    throw new ClientError(`Unable to save the stanza to ${path}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

/** An exclusive lock on the file that has this name now: one that was replaced while waiting is of no use. */
function lockFile(path: string): Disposable {
  for (;;) {
    const file = Deno.openSync(path, { read: true });
    file.lockSync(true);
    if (file.statSync().ino === Deno.statSync(path).ino) return file;
    file.close();
  }
}
