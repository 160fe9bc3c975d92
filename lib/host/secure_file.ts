/**
 * Reading files that hold keys or decide who gets in. Owner and mode are looked at on the open descriptor, so what was
 * checked is what was read. As in the C programs a loose mode or a foreign owner is a warning (facts/process 7); what
 * is not a regular file is refused unless the caller takes streams.
 *
 * @tags allow-read, allow-sys=uid
 */
import { wipe } from "../bytes.ts";
import { escapedText } from "../bytes.ts";
import { fail, ok, type Result } from "../result.ts";
import { reasonOf } from "./reason.ts";

/** Why a file could not be read. `message` is a sentence without the path. */
export interface FileFault {
  /** `dangling`: a symbolic link that leads to nothing. */
  readonly code: "missing" | "dangling" | "not-regular" | "unreadable";
  readonly message: string;
}

/** A file's content and what is wrong with who may read it. */
export interface SecureText {
  /** As UTF-8; what is none is escaped byte by byte, as `escapedText` of `lib/bytes.ts` does. */
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines for the log, with the path in them. */
  readonly warnings: readonly string[];
}

/** Bytes that are read: far more than settings and keys. Without it /dev/zero would be read for ever. */
const LIMIT = 16 * 2 ** 20;

/**
 * Reads a whole file. With `checkOwner: false` owner and mode are not looked at. With `streams` a pipe or a character
 * device is read to its end too, and warned of unless `checkOwner` is false; a pipe without a writer is waited for.
 * What an operator can mend is a fault and never thrown.
 */
export function readSecureFile(path: string, options: ReadOptions = {}): Result<SecureText, FileFault> {
  let file: Deno.FsFile;
  try {
    // Opening a FIFO waits for a writer: where that is not wanted, the kind is looked at before as well as after.
    if (options.streams !== true && !isReadable(Deno.statSync(path), options)) return fail(NOT_REGULAR);
    file = Deno.openSync(path, { read: true });
  } catch (error) {
    return fail(openFault(error, path));
  }
  try {
    const info = file.statSync();
    if (!isReadable(info, options)) return fail(NOT_REGULAR);
    const bytes = info.size > LIMIT ? null : readAll(file, info);
    if (bytes === null) return fail(info.isFile ? HUGE : ENDLESS);
    const warnings = options.checkOwner === false ? [] : ownerWarnings(path, info);
    return ok({ text: escapedText(bytes), bytes, warnings });
  } catch (error) {
    return fail(openFault(error, path));
  } finally {
    file.close();
  }
}

/** What is asked of a file besides its text. */
export interface ReadOptions {
  readonly checkOwner?: boolean;
  readonly streams?: boolean;
}

function isReadable(info: Deno.FileInfo, options: ReadOptions): boolean {
  return info.isFile || options.streams === true && (info.isFifo === true || info.isCharDevice === true);
}

const NOT_REGULAR: FileFault = { code: "not-regular", message: "is not a regular file or symbolic link." };

const ENDLESS: FileFault = { code: "unreadable", message: "is a stream of more than 16 MB" };

const HUGE: FileFault = { code: "unreadable", message: "it is larger than 16 MB" };

/** Names in a folder, sorted by code unit; null when it cannot be listed. */
export function listFolder(path: string): Result<readonly string[], FileFault> {
  try {
    return ok([...Deno.readDirSync(path)].map((entry) => entry.name).sort());
  } catch (error) {
    return fail(openFault(error, path));
  }
}

function ownerWarnings(path: string, info: Deno.FileInfo): readonly string[] {
  const warnings: string[] = [];
  if (!info.isFile) warnings.push(`file: ${path} ${NOT_REGULAR.message}`);
  if (info.mode !== null && (info.mode & 0o7777) !== 0o600) {
    warnings.push(`file: ${path} permissions should only be user read/write (0600, -rw-------)`);
  }
  if (info.uid !== null && info.uid !== Deno.uid()) {
    warnings.push(`file: ${path} (owner: ${info.uid}) not owned by current effective user id: ${Deno.uid()}`);
  }
  return warnings;
}

/** Null when there is too much. */
function readAll(file: Deno.FsFile, { size }: Deno.FileInfo): Uint8Array<ArrayBuffer> | null {
  let bytes = new Uint8Array(Math.max(size, 1024) + 1);
  let filled = 0;
  for (;;) {
    const got = file.readSync(bytes.subarray(filled));
    if (got === null) return bytes.subarray(0, filled);
    filled += got;
    if (filled > LIMIT) return null;
    if (filled === bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      wipe(bytes);
      bytes = larger;
    }
  }
}

function openFault(error: unknown, path: string): FileFault {
  if (!(error instanceof Error)) throw error;
  if (!(error instanceof Deno.errors.NotFound)) return { code: "unreadable", message: reasonOf(error) };
  const target = linkTarget(path);
  return target === null
    ? { code: "missing", message: reasonOf(error) }
    : { code: "dangling", message: `it is a symbolic link to ${target}, which is not there` };
}

/** Where a symbolic link leads; null for what is none. */
function linkTarget(path: string): string | null {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return null;
  }
}
