/**
 * The replay cache on disk, in the format that fwknopd 2.6 reads and writes (server E.1). Every claim is on the disk
 * before `flush` returns; a file that cannot be written makes `flush` throw, and the daemon then opens nothing.
 */
import { reasonOf } from "../../lib/host/reason.ts";
import { type AppendFile, openAppendFile } from "../../ffi/libc/append_file.ts";
import type { Log } from "../../lib/log.ts";
import {
  CACHE_HEADER,
  claimIn,
  formatEntry,
  packetsIn,
  parseEntry,
  type ReplayStore,
  type SeenPacket,
} from "./store.ts";

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
 * @param recent entries of another file that go into this one, those seen at or after `since` (Unix seconds)
 * @tags allow-read, allow-ffi
 * @throws {ReplayStoreError} when it cannot be read and written; replay protection is never switched off instead
 */
export function openFileStore(
  path: string,
  log: Log,
  recent: { readonly path: string; readonly since: number } | null = null,
): ReplayStore {
  const seen = new Map<string, SeenPacket>();
  loadEntries(path, seen, log);
  let file = openForAppend(path);
  let pending = recent === null ? "" : takeRecent(recent);
  flush();

  function takeRecent({ path, since }: { readonly path: string; readonly since: number }): string {
    const older = new Map<string, SeenPacket>();
    loadEntries(path, older, log);
    const taken = [...older].filter(([digest, packet]) => packet.seenAt >= since && claimIn(seen, [digest], packet));
    return taken.map(([digest, packet]) => formatEntry(digest, packet)).join("");
  }

  /** Whoever rotates the file under us expects a new one at the old place. */
  function followRotation(): void {
    if (file.isStillAt(path)) return;
    const fresh = openForAppend(path);
    file[Symbol.dispose]();
    file = fresh;
  }

  function flush(): void {
    if (pending === "") return;
    try {
      followRotation();
      file.append(encoder.encode(pending));
    } catch (cause) {
      throw storeError(`Cannot write the replay cache ${path}`, cause);
    }
    pending = "";
  }

  return {
    get size() {
      return packetsIn(seen);
    },
    find: (digest) => seen.get(digest),
    claim(digests, packet) {
      if (!claimIn(seen, digests, packet)) return false;
      for (const digest of digests) pending += formatEntry(digest, packet);
      return true;
    },
    flush,
    [Symbol.dispose]() {
      file[Symbol.dispose]();
    },
  };
}

/**
 * Renames the cache to `<path>-old` (`--rotate-digest-cache`) and returns that name; null when there was none.
 *
 * @throws {ReplayStoreError}
 */
export function rotateCache(path: string): string | null {
  if (statOrNull(path) === null) return null;
  try {
    Deno.renameSync(path, `${path}-old`);
  } catch (cause) {
    throw storeError(`Cannot rename the replay cache ${path} to ${path}-old`, cause);
  }
  return `${path}-old`;
}

const encoder = new TextEncoder();

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
    } else if (entry !== null) claimIn(seen, [entry.digest], entry.packet);
  }
}

/** A new file gets the header; after a crash in the middle of a line the next entry starts on a line of its own. */
function openForAppend(path: string): AppendFile {
  try {
    const file = openAppendFile(path, 0o600);
    const last = file.lastByte();
    if (last === null) file.append(encoder.encode(CACHE_HEADER));
    else if (last !== 0x0a) file.append(new Uint8Array([0x0a]));
    return file;
  } catch (cause) {
    throw storeError(`Cannot open the replay cache ${path}`, cause);
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
  const reason = cause === undefined ? message : `${message}: ${reasonOf(cause)}`;
  const hint = "check that the folder exists, is writable and has room, or set DIGEST_FILE (option -d) to another path";
  return new ReplayStoreError(reason, hint, { cause });
}
