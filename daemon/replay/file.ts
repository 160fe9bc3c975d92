/**
 * The replay cache on disk, in the format that fwknopd 2.6 reads and writes (facts/replay 1). Every claim is on the
 * disk before its `flush` resolves; a file that cannot be written makes `flush` reject, and the daemon then opens nothing.
 */
import { FfiError } from "../../ffi/errors.ts";
import { openAppendFile } from "../../ffi/libc/append_file.ts";
import { renameTrusted } from "../../ffi/libc/trusted_file.ts";
import type { Log } from "../../lib/log.ts";
import {
  append,
  appendElsewhere,
  type CacheFile,
  load,
  nameOf,
  openLocked,
  prepareEnd,
  readFacts,
  refuseHeld,
  rewrite,
  storeError,
  takeIn,
  writeMissing,
} from "./cache_file.ts";
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
  if (maxAge !== null) { for (const suffix of MOVED) takeInMoved(path + suffix, cache, memory); }
  if (old > 0) cache = rewrite(cache, memory, { foreign, log });
  else prepareEnd(cache, memory);
  let pending: (readonly [digest: string, line: string])[] = [];
  /** That it is not as we left it may be our own doing: what could not be written whole was cut off. */
  let hasFailed = false;

  /** Whoever moves, cuts or replaces the file under us gets back what could still be repeated: a restart may be next. */
  function mend(): void {
    if (cache.file.isUntouchedAt(path)) return;
    const inPlace = cache.file.isStillAt(path);
    const current = inPlace ? cache : openLocked(path, options.makeFolder === true ? log : null);
    try {
      const written = writeMissing(current, memory, inPlace ? null : cache);
      const why = hasFailed ? "could not be written a moment ago" : "was moved away or changed by somebody else";
      const what = `${written} entries that could still be repeated are written again`;
      if (written > 0) log("warning", `The replay file ${path} ${why}: ${what}`);
    } catch (error) {
      if (!inPlace) current.file[Symbol.dispose]();
      throw error;
    }
    if (!inPlace) cache.file[Symbol.dispose]();
    cache = current;
    pending = [];
    hasFailed = false;
    memory.settle();
  }

  return {
    get size() {
      return memory.packets;
    },
    get forgottenUntil() {
      return memory.forgottenUntil;
    },
    find(digest) {
      const known = memory.find(digest);
      if (known === undefined) return undefined;
      const { seenAt, packet, place } = known;
      const facts = () => packet ?? (place === null ? null : readFacts(cache, place, digest));
      return { seenAt, capturedAt: packet?.capturedAt ?? null, facts };
    },
    claim(digests, packet) {
      if (!memory.claim(digests, packet)) return false;
      for (const digest of digests) pending.push([digest, formatEntry(digest, packet)]);
      return true;
    },
    keepFor: memory.keepFor,
    mend,
    async flush(thread) {
      if (pending.length === 0) return NOBODY_WAS_FIRST;
      mend();
      let place = cache.file.size;
      const written = pending;
      const text = written.map(([, line]) => line).join("");
      pending = [];
      try {
        // To ask another thread takes 15 µs at least and 40 in the median: a single knock would wait for that.
        if (thread === "elsewhere") await appendElsewhere(cache, text);
        else append(cache, text);
      } catch (error) {
        pending = [...written, ...pending];
        hasFailed = true;
        throw error;
      }
      for (const [digest, line] of written) {
        memory.lines.note(digest, place);
        place += line.length;
      }
      hasFailed = false;
      memory.settle();
      return NOBODY_WAS_FIRST;
    },
    [Symbol.dispose]() {
      cache.file[Symbol.dispose]();
    },
  };
}

function takeInMoved(path: string, cache: CacheFile, memory: ReplayMemory): void {
  try {
    using file = openAppendFile(path, "never");
    if (file !== null) takeIn(cache, memory, file);
  } catch (error) {
    // It is no file of ours: nothing hangs on it.
    if (!(error instanceof FfiError)) throw error;
  }
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
