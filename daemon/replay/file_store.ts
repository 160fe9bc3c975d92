/**
 * The replay cache on disk, in the format that fwknopd 2.6 reads and writes (server E.1). Every claim is on the disk
 * before `flush` returns; a file that cannot be written makes `flush` throw, and the daemon then opens nothing.
 */
import type { Log } from "../../lib/log.ts";
import { CACHE_HEADER, claimIn, formatEntry, parseEntry, type ReplayStore, type SeenPacket } from "./store.ts";

/** The file cannot be used. `hint` is the operator's next move. */
export class ReplayStoreError extends Error {
  override readonly name = "ReplayStoreError";
  constructor(message: string, readonly hint: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Loads `path`, creating it with mode 0600 when absent, and keeps it open for appending.
 *
 * @tags allow-read, allow-write
 * @throws {ReplayStoreError} when it cannot be read and written; replay protection is never switched off instead
 */
export function openFileStore(path: string, log: Log): ReplayStore {
  const seen = new Map<string, SeenPacket>();
  loadEntries(path, seen, log);
  let file = openForAppend(path);
  let pending = "";

  /** Whoever rotates the file under us expects a new one at the old place. */
  function followRotation(): void {
    const here = statOrNull(path);
    const ours = file.statSync();
    if (here !== null && here.ino === ours.ino && here.dev === ours.dev) return;
    const fresh = openForAppend(path);
    file.close();
    file = fresh;
  }

  return {
    get size() {
      return seen.size;
    },
    find: (digest) => seen.get(digest),
    claim(digest, packet) {
      if (!claimIn(seen, digest, packet)) return false;
      pending += formatEntry(digest, packet);
      return true;
    },
    flush() {
      if (pending === "") return;
      try {
        followRotation();
        appendDurably(file, pending);
      } catch (cause) {
        throw storeError(`Cannot write the replay cache ${path}`, cause);
      }
      pending = "";
    },
    [Symbol.dispose]() {
      file.close();
    },
  };
}

/** Renames the cache to `<path>-old` (`--rotate-digest-cache`). False when there was none. */
export function rotateCache(path: string): boolean {
  if (statOrNull(path) === null) return false;
  Deno.renameSync(path, `${path}-old`);
  return true;
}

/** Reads every line of an existing file; what is not an entry is named and skipped. */
function loadEntries(path: string, seen: Map<string, SeenPacket>, log: Log): void {
  const info = statOrNull(path);
  if (info === null) return;
  if (!info.isFile) throw storeError(`Cannot use ${path} as replay cache: it is not a regular file`);
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    throw storeError(`Cannot read the replay cache ${path}`, cause);
  }
  for (const [index, line] of text.split("\n").entries()) {
    const entry = parseEntry(line);
    if (entry === "invalid") {
      log("warning", `*Skipping invalid digest file entry in ${path} at line ${index + 1}.`);
    } else if (entry !== null) claimIn(seen, entry.digest, entry.packet);
  }
}

function openForAppend(path: string): Deno.FsFile {
  try {
    const file = Deno.openSync(path, { read: true, append: true, create: true, mode: 0o600 });
    const { size } = file.statSync();
    if (size === 0) appendDurably(file, CACHE_HEADER);
    else if (!endsWithNewline(file, size)) appendDurably(file, "\n");
    return file;
  } catch (cause) {
    throw storeError(`Cannot open the replay cache ${path}`, cause);
  }
}

/** A crash in the middle of a line must not swallow the next entry. */
function endsWithNewline(file: Deno.FsFile, size: number): boolean {
  const last = new Uint8Array(1);
  file.seekSync(size - 1, Deno.SeekMode.Start);
  file.readSync(last);
  return last[0] === 0x0a;
}

/** All of `text` and its data blocks, or nothing of it: a half-written line is cut off again. */
function appendDurably(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const { size } = file.statSync();
  try {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    file.syncDataSync();
  } catch (error) {
    file.truncateSync(size);
    throw error;
  }
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw storeError(`Cannot look at the replay cache ${path}`, error);
  }
}

function storeError(message: string, cause?: unknown): ReplayStoreError {
  const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
  const hint = "check that the folder exists, is writable and has room, or set DIGEST_FILE (option -d) to another path";
  return new ReplayStoreError(reason, hint, { cause });
}
