/** `--key-gen-file`: keys in a file that is its owner's alone. */
import { FfiError } from "../ffi/errors.ts";
import { openLockFile } from "../ffi/libc/file_lock.ts";
import { reasonOf } from "../lib/host/reason.ts";
import { StartError } from "./start/start_error.ts";

/** Descriptors of ours under a name of the system: written as they are. */
const STREAM = /^\/dev\/(stdout|stderr|null|tty|fd\/[0-9]+)$/;

/**
 * Writes the keys. Nobody else gets to read them: a link, or a file that somebody else put there, is not written.
 *
 * @throws {StartError}
 * @tags allow-ffi, allow-write
 */
export function writeKeys(path: string, keys: string): void {
  const text = `${keys}\n`;
  try {
    if (STREAM.test(path)) return Deno.writeTextFileSync(path, text);
    using file = openLockFile(path, { create: true, folderOf: "anybody" });
    file.write(text);
  } catch (cause) {
    const hint = (cause instanceof FfiError ? cause.details.hint : undefined) ?? "name a file in a writable folder";
    const said = reasonOf(cause);
    // What names the path already need not name it twice.
    const known = [`Cannot open "${path}": `, `Cannot use ${path}: `].find((start) => said.startsWith(start)) ?? "";
    throw new StartError(`Unable to create key gen file ${path}: ${said.slice(known.length)}`, hint, { cause });
  }
}
