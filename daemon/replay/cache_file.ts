/** The file of the replay cache: opening it locked, reading it into a memory, writing a memory into it. */
import { FfiError } from "../../ffi/errors.ts";
import { type AppendFile, openAppendFile } from "../../ffi/libc/append_file.ts";
import { makeTrustedFolder, removeTrusted, renameTrusted } from "../../ffi/libc/trusted_file.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import type { Log } from "../../lib/log.ts";
import { type CacheVisitor, readCache, readEntryAt } from "./cache_reader.ts";
import { ShortDigest } from "./short_digest.ts";
import type { ReplayMemory } from "./memory.ts";
import { CACHE_HEADER, formatEntry, formatForgotten, formatTrace } from "./cache_line.ts";
import type { SeenPacket } from "./store.ts";

/** The file cannot be used. `hint` is the operator's next move. */
export class ReplayStoreError extends Error {
  override readonly name = "ReplayStoreError";
  constructor(message: string, readonly hint: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The open file of a cache. */
export interface CacheFile {
  readonly path: string;
  readonly file: AppendFile;
}

/**
 * Opens and locks the file, creating it with mode 0600 when absent. With a log, its folder is made where that is gone.
 *
 * @tags allow-ffi
 * @throws {ReplayStoreError} when it cannot be opened, or another daemon keeps it
 */
export function openLocked(path: string, makeFolder: Log | null = null): CacheFile {
  try {
    for (;;) {
      if (makeFolder !== null && makeTrustedFolder(folderOf(path))) {
        makeFolder("warning", `The folder ${folderOf(path)} was gone while fwknopd ran: it is made again`);
      }
      const file = openAppendFile(path);
      const holder = file.lock();
      // Another daemon may have put a smaller one in its place meanwhile.
      if (holder === null && file.isStillAt(path)) return { path, file };
      file[Symbol.dispose]();
      refuseHeld(holder, path);
    }
  } catch (cause) {
    throw storeError(`Cannot open the replay cache ${path}`, cause);
  }
}

/** Two daemons with one file would not know each other's packets. `holder` as of `AppendFile.lock`. */
export function refuseHeld(holder: number | null, path: string): void {
  if (holder === null) return;
  throw new ReplayStoreError(
    `Cannot use the replay file ${path}: another fwknopd (PID=${holder}) keeps it, and two would not know each other's packets`,
    "stop that one, or give this one a file of its own: DIGEST_FILE (option -d)",
  );
}

/** What a file holds besides entries that count. */
export interface Rest {
  /** Entries that were too old and are left out. */
  readonly old: number;
  /** Lines that are no entries, as they are. */
  readonly foreign: readonly string[];
}

/** Bytes of a short line. */
const SHORT_LINE = 90;

/** Takes every entry in; what is none is named and skipped. */
export function load({ path, file }: CacheFile, memory: ReplayMemory, log: Log): Rest {
  let old = 0;
  const foreign: string[] = [];
  const visitor: CacheVisitor = {
    entry: (found) => void memory.load(found, found.place),
    old(seenAt) {
      old++;
      memory.leaveOut(seenAt);
    },
    forgotten: memory.forget,
    comment: (line) => void foreign.push(line),
    invalid(line, number) {
      foreign.push(line);
      log("warning", `*Skipping invalid digest file entry in ${path} at line ${number}.`);
    },
  };
  memory.loadMany(file.size / SHORT_LINE, () => readCache(file, memory.oldest, visitor));
  return { old, foreign };
}

/** How the packet of a digest came, as its line says; null where that cannot be read any more. */
export function readFacts({ file }: CacheFile, place: number, digest: string): SeenPacket | null {
  try {
    return readEntryAt(file, place, digest);
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return null;
  }
}

/**
 * Appends what the file does not hold of the memory, and takes in what only the file holds. Lines of another file that was
 * there `before` are as they were. Returns how many were written.
 */
export function writeMissing(cache: CacheFile, memory: ReplayMemory, before: CacheFile | null): number {
  findLines(cache, memory);
  return writeEntries(cache, memory, before);
}

/** Looks where the lines are, and takes in what is new. */
function findLines({ file }: CacheFile, memory: ReplayMemory): void {
  memory.lines.lose();
  readCache(file, memory.oldest, {
    entry: (found) => void memory.load(found, found.place),
    old: memory.leaveOut,
    forgotten: memory.forget,
  });
}

/** Appends the entries of a file that the memory does not know, and takes them in. */
export function takeIn(cache: CacheFile, memory: ReplayMemory, moved: AppendFile): void {
  const writer = openWriter(cache, memory);
  readCache(moved, memory.oldest, {
    entry(found) {
      if (memory.load(found, null)) writer.add(found.line, (place) => memory.lines.note(found.shortDigest, place));
    },
    forgotten: memory.forget,
  });
  writer.end();
}

/**
 * Puts a file of the memory and the `foreign` lines in the place of one that holds more: as a whole, so that no crash loses
 * any. Where that fails the old one goes on.
 */
export function rewrite(
  cache: CacheFile,
  memory: ReplayMemory,
  { foreign, log }: { readonly foreign: readonly string[]; readonly log: Log },
): CacheFile {
  const { path } = cache;
  const beside = `${path}.new`;
  let fresh: AppendFile | null = null;
  try {
    removeTrusted(beside);
    fresh = openAppendFile(beside, "new");
    refuseHeld(fresh.lock(), beside);
    const smaller = { path: beside, file: fresh };
    prepareEnd(smaller, memory);
    append(smaller, foreign.map((line) => `${line}\n`).join(""));
    memory.lines.lose();
    writeEntries(smaller, memory, cache);
    renameTrusted(beside, nameOf(path));
    cache.file[Symbol.dispose]();
    return { path, file: fresh };
  } catch (error) {
    if (!(error instanceof FfiError) && !(error instanceof ReplayStoreError)) throw error;
    if (fresh !== null) removeTrusted(beside);
    fresh?.[Symbol.dispose]();
    log("warning", `The replay file ${path} cannot be made smaller: ${error.message}`);
    prepareEnd(cache, memory);
    findLines(cache, memory);
    return cache;
  }
}

/** Characters that are written at once. */
const BLOCK = 2 ** 18;

/** Everything of the memory that is not known to be in the file: its line, or what is left of it. Returns how many. */
function writeEntries(cache: CacheFile, memory: ReplayMemory, before: CacheFile | null): number {
  const { lines } = memory;
  const writer = openWriter(cache, memory);
  if (before !== null) {
    readCache(before.file, memory.oldest, {
      entry({ shortDigest, line }) {
        if (lines.isMissing(shortDigest)) writer.add(line, (place) => lines.note(shortDigest, place));
      },
    });
  }
  for (const [digest, packet] of lines.whole()) {
    writer.add(formatEntry(digest, packet).trimEnd(), (place) => lines.note(digest, place));
  }
  const shortDigest = new ShortDigest();
  for (const [address, left] of lines.rest()) {
    shortDigest.words.set(left.words);
    writer.add(formatTrace(shortDigest.format(), left).trimEnd(), (place) => lines.noteAt(address, place));
  }
  return writer.end();
}

/** Appends lines in blocks. */
function openWriter(cache: CacheFile, memory: ReplayMemory) {
  prepareEnd(cache, memory);
  let end = cache.file.size;
  let written = 0;
  let block = "";
  return {
    /** `note` is told where the line begins, before it is there. */
    add(line: string, note: (place: number) => void): void {
      note(end);
      const text = `${line}\n`;
      end += isAscii(text) ? text.length : encoder.encode(text).length;
      block += text;
      written++;
      if (block.length >= BLOCK) this.flush();
    },
    flush(): void {
      if (block !== "") append(cache, block);
      block = "";
    },
    /** Returns how many lines there were. */
    end(): number {
      this.flush();
      cache.file.trust();
      return written;
    },
  };
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** A new file gets its first lines; after a crash in the middle of a line the next entry starts on a line of its own. */
export function prepareEnd(cache: CacheFile, { forgottenUntil }: ReplayMemory): void {
  const last = cache.file.lastByte();
  if (last === null) append(cache, CACHE_HEADER + (forgottenUntil > 0 ? formatForgotten(forgottenUntil) : ""));
  else if (last !== 0x0a) append(cache, "\n");
}

const encoder = new TextEncoder();

/** Durably, or not at all. Throws {@link ReplayStoreError}. */
export function append({ path, file }: CacheFile, text: string): void {
  try {
    file.append(encoder.encode(text));
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** The same, while this thread goes on. */
export async function appendElsewhere({ path, file }: CacheFile, text: string): Promise<void> {
  try {
    await file.appendElsewhere(encoder.encode(text));
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function writeError(path: string, cause: unknown): Error {
  return storeError(`Cannot write the replay cache ${path} (Could not add digest to replay cache)`, cause);
}

/** The last word of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** What keeps the file from being used, with the remedy. */
export function storeError(message: string, cause: unknown): Error {
  if (cause instanceof ReplayStoreError) return cause;
  const reason = `${message}: ${reasonOf(cause)}`;
  const ownHint = cause instanceof FfiError ? cause.details.hint : undefined;
  const hint = ownHint ?? "check that the folder exists, is writable and has room, or name another path";
  return new ReplayStoreError(reason, `${hint} (DIGEST_FILE, option -d)`, { cause });
}
