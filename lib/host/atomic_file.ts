/**
 * Replacing a file so that every reader sees the old or the new one, whole, and nobody else ever could read it: the mode
 * is set before the content is written.
 *
 * Text is that of `escapedText` in `lib/bytes.ts`: a file that was read so is written with the same bytes.
 *
 * @tags allow-write, allow-read
 */
import { escapedBytes } from "../bytes.ts";

/**
 * Writes `text` to `path` by way of a new file beside it: created exclusively with `mode`, written, forced to disk,
 * renamed. A symbolic link is followed, so that it stays one. Only a regular file is replaced: a file in the place of
 * /dev/null would break the machine. Throws what the system says; the file beside is removed then.
 */
export function writeAtomically(path: string, text: string, mode = 0o600): void {
  const target = replaceable(path);
  const beside = `${target}.${crypto.randomUUID()}.new`;
  const file = Deno.openSync(beside, { write: true, createNew: true, mode });
  try {
    try {
      writeAll(file, escapedBytes(text));
      file.syncDataSync();
    } finally {
      file.close();
    }
    Deno.renameSync(beside, target);
  } catch (error) {
    Deno.removeSync(beside);
    throw error;
  }
}

/** Creates a file that must not exist yet, with `mode`, and writes it. Throws `Deno.errors.AlreadyExists` else. */
export function writeNew(path: string, text: string, mode = 0o600): void {
  const file = Deno.openSync(path, { write: true, createNew: true, mode });
  try {
    writeAll(file, escapedBytes(text));
  } finally {
    file.close();
  }
}

/** Where the file really is, or will be. */
function replaceable(path: string): string {
  try {
    const target = Deno.realPathSync(path);
    if (!Deno.statSync(target).isFile) throw new Error("it is not a regular file");
    return target;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}
