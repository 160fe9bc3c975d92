/**
 * The replay cache on disk, in the format that fwknopd 2.6 reads and writes (facts/replay 1). Every claim is on the
 * disk before `flush` resolves; a file that cannot be written makes `flush` reject, and the daemon then opens nothing.
 */
import { FfiError } from "../../ffi/errors.ts";
import { openAppendFile } from "../../ffi/libc/append_file.ts";
import { renameTrusted } from "../../ffi/libc/trusted_file.ts";
import type { Log } from "../../lib/log.ts";
import {
  append,
  load,
  nameOf,
  openLocked,
  prepareEnd,
  refuseHeld,
  rewrite,
  storeError,
  writeMissing,
} from "./cache_file.ts";
import { readCache } from "./cache_reader.ts";
import { type Clocks, createMemory, type ReplayMemory } from "./memory.ts";
import { formatEntry } from "./cache_line.ts";
import { NOBODY_WAS_FIRST, type ReplayStore } from "./store.ts";

export { ReplayStoreError } from "./cache_file.ts";

/** How to keep the file. */
export interface FileStoreOptions {
  /** MAX_SPA_PACKET_AGE: what is older than twice that is left out. Default: null, everything is kept. */
  readonly maxAge?: number | null;
  /** Whether the folder is made again when it is gone. */
  readonly makeFolder?: boolean;
  readonly clocks?: Clocks;
}

/** What rotation calls the file before: ours and the C daemon's `--rotate-digest-cache`, and logrotate. */
const MOVED = ["-old", ".1"];

/**
 * Loads `path`, creating it with mode 0600 when absent, and keeps it open, locked, for appending. With a `maxAge` it also
 * takes in what could still be repeated of a file that was moved away a moment ago.
 *
 * @tags allow-ffi
 * @throws {ReplayStoreError} when it cannot be read and written; replay protection is never switched off instead
 */
export function openFileStore(path: string, log: Log, options: FileStoreOptions = {}): ReplayStore {
  const { maxAge = null, clocks } = options;
  const memory = createMemory(maxAge, clocks);
  let cache = openLocked(path);
  const { old, foreign } = load(cache, memory, log);
  const moved = maxAge === null ? 0 : takeIn(MOVED.map((suffix) => path + suffix), memory);
  if (old > 0) cache = rewrite(cache, memory, { foreign, log });
  else if (moved > 0) writeMissing(cache, memory);
  else prepareEnd(cache, memory);
  let pending = "";

  /** Whoever moves, cuts or replaces the file under us gets back what could still be repeated: a restart may be next. */
  function mend(): void {
    if (cache.file.isUntouchedAt(path)) return;
    const inPlace = cache.file.isStillAt(path);
    const current = inPlace ? cache : openLocked(path, options.makeFolder === true ? log : null);
    try {
      const written = writeMissing(current, memory);
      const what = `${written} entries that could still be repeated are written again`;
      if (written > 0) log("warning", `The replay file ${path} was moved away or changed by somebody else: ${what}`);
    } catch (error) {
      if (!inPlace) current.file[Symbol.dispose]();
      throw error;
    }
    if (!inPlace) cache.file[Symbol.dispose]();
    cache = current;
    pending = "";
  }

  return {
    get size() {
      return memory.packets;
    },
    get forgottenUntil() {
      return memory.forgottenUntil;
    },
    find: memory.find,
    claim(digests, packet) {
      if (!memory.claim(digests, packet)) return false;
      for (const digest of digests) pending += formatEntry(digest, packet);
      return true;
    },
    keepFor: memory.keepFor,
    mend,
    // deno-lint-ignore require-await -- what is thrown in here is a rejection
    async flush() {
      if (pending === "") return NOBODY_WAS_FIRST;
      mend();
      append(cache, pending);
      pending = "";
      return NOBODY_WAS_FIRST;
    },
    [Symbol.dispose]() {
      cache.file[Symbol.dispose]();
    },
  };
}

/** Returns how many entries are new. */
function takeIn(paths: readonly string[], memory: ReplayMemory): number {
  const before = memory.size;
  for (const path of paths) {
    try {
      using file = openAppendFile(path, "never");
      if (file === null) continue;
      readCache(file, memory.oldest, {
        entry: (digest, line) => void memory.load(digest, line),
        forgotten: memory.forget,
      });
    } catch (error) {
      // It is no file of ours: nothing hangs on it.
      if (!(error instanceof FfiError)) throw error;
    }
  }
  return memory.size - before;
}

/**
 * Renames the cache to `<path>-old` (`--rotate-digest-cache`) and returns that name; null when there was none.
 *
 * @throws {ReplayStoreError} also when another daemon keeps the file
 */
export function rotateCache(path: string): string | null {
  try {
    using file = openAppendFile(path, "never");
    if (file === null) return null;
    refuseHeld(file.lock(), path);
    renameTrusted(path, `${nameOf(path)}-old`);
  } catch (cause) {
    throw storeError(`Cannot rename the replay cache ${path} to ${path}-old (Unable to rename digest file)`, cause);
  }
  return `${path}-old`;
}

/**
 * Reads the file and returns how many entries it holds, without a lock: another daemon may keep it. A file that is not there
 * holds none.
 *
 * @throws {ReplayStoreError}
 */
export function checkCache(path: string, log: Log): number {
  try {
    using file = openAppendFile(path, "never");
    const memory = createMemory();
    if (file !== null) load({ path, file }, memory, log);
    return memory.packets;
  } catch (cause) {
    throw storeError(`Cannot read the replay cache ${path}`, cause);
  }
}
