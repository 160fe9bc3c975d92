/**
 * Reading a replay file by bytes. Most lines of a large one are old: they are passed over without becoming text, which
 * makes the start of a daemon with 300,000 entries as fast and small as that of one with none.
 */
import type { AppendFile } from "../../ffi/libc/append_file.ts";
import { CACHE_HEADER, parseEntry, parseForgotten, parseTrace } from "./cache_line.ts";
import { ShortDigest } from "./short_digest.ts";
import type { SeenPacket } from "./store.ts";

/** What a reader meets. */
export interface CacheVisitor {
  /** An entry seen at or after `since`. It is the same object each time, and only now that of this line. */
  entry(found: FoundEntry): void;
  /** An entry seen before `since`. */
  old?(seenAt: number): void;
  /** The note that packets dated up to then were left out (`formatForgotten` writes it). */
  forgotten?(until: number): void;
  /** A comment of somebody else. */
  comment?(line: string): void;
  /** Something else. Lines count from 1. */
  invalid?(line: string, lineNumber: number): void;
}

/** Bytes read at once: a line is about a hundred. */
const CHUNK = 2 ** 20;
const NEWLINE = 0x0a, RETURN = 0x0d, BLANK = 0x20, HASH = 0x23, EQUALS = 0x3d, SEMICOLON = 0x3b, ZERO = 0x30;
const DIGEST_LENGTH = 43;
/** Bytes of somebody else stay what they are. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** An entry of the file. */
export class FoundEntry {
  readonly shortDigest = new ShortDigest();
  /** Unix seconds. */
  seenAt = 0;
  /** Where its line begins, in bytes of the file. */
  place = 0;
  #bytes = new Uint8Array();
  #start = 0;
  #end = 0;

  /** Its line, without what a crash left before it and without its end; made when it is asked for. */
  get line(): string {
    return utf8.decode(this.#bytes.subarray(this.#start, this.#end)).replace(/^[^A-Za-z0-9+/#=]*/, "").trimEnd();
  }

  /** Becomes that of a line, whose place, time and short digest others set. */
  stand(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): this {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    return this;
  }
}

/** Reads the file from its start to its end. `since`: Unix seconds. */
export function readCache(file: Pick<AppendFile, "read">, since: number, visit: CacheVisitor): void {
  let buffer = new Uint8Array(CHUNK);
  let filled = 0;
  const reading: Reading = { since, visit, lines: 0, place: 0, found: new FoundEntry() };
  for (;;) {
    filled += file.read(buffer.subarray(filled), reading.place + filled);
    const atEnd = filled < buffer.length;
    const end = atEnd ? filled : buffer.lastIndexOf(NEWLINE) + 1;
    readLines(buffer.subarray(0, end), reading);
    if (atEnd) return;
    if (end === 0) {
      const larger = new Uint8Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    } else buffer.copyWithin(0, end, filled);
    filled -= end;
    reading.place += end;
  }
}

/** Bytes in which a line of ours that begins there ends. */
const AROUND = 512;

/** The packet of a digest, whose line begins there or a little behind; null where it does not, or the file cannot be read. */
export function readEntryAt(file: Pick<AppendFile, "read">, place: number, digest: string): SeenPacket | null {
  const bytes = new Uint8Array(AROUND);
  const text = utf8.decode(bytes.subarray(0, file.read(bytes, place)));
  for (const line of text.split("\n").slice(0, -1)) {
    const entry = parseEntry(line);
    if (entry !== null && entry !== "invalid" && entry.digest === digest) return entry.packet;
  }
  return null;
}

interface Reading {
  readonly since: number;
  readonly visit: CacheVisitor;
  readonly found: FoundEntry;
  /** Lines and bytes before this chunk. */
  lines: number;
  place: number;
}

/** Whole lines. */
function readLines(bytes: Uint8Array<ArrayBuffer>, reading: Reading): void {
  const { since, visit, found } = reading;
  for (let start = 0; start < bytes.length;) {
    const next = bytes.indexOf(NEWLINE, start);
    const end = next < 0 ? bytes.length : next;
    reading.lines++;
    const seenAt = plainTime(bytes, start, end);
    if (seenAt >= 0 && seenAt < since) visit.old?.(seenAt);
    else if (end > start) {
      found.stand(bytes, start, end).place = reading.place + start;
      if (seenAt < 0) readOddLine(utf8.decode(bytes.subarray(start, end)), reading);
      else {
        const isContent = bytes[start] === HASH;
        if (!found.shortDigest.readBytes(bytes, isContent ? start + 2 : start, isContent)) {
          found.shortDigest.read(digestOf(found.line));
        }
        found.seenAt = seenAt;
        visit.entry(found);
      }
    }
    start = end + 1;
  }
}

function digestOf(line: string): string {
  return line.startsWith("#=") ? line.slice(1, 2 + DIGEST_LENGTH) : line.slice(0, DIGEST_LENGTH);
}

/** Traces, and what fwknopd did not write like this: comments, fields more or apart by more, NULs that a crash left. */
function readOddLine(line: string, { since, visit, found, lines }: Reading): void {
  const until = parseForgotten(line);
  if (until !== null) return visit.forgotten?.(until);
  const trace = parseTrace(line);
  const entry = trace === null ? parseEntry(line) : null;
  if (entry === "invalid") return visit.invalid?.(line, lines);
  if (trace === null && entry === null) return isOwn(line) ? undefined : visit.comment?.(line);
  const seenAt = trace?.seenAt ?? entry?.packet.seenAt ?? 0;
  if (seenAt < since) return visit.old?.(seenAt);
  found.seenAt = seenAt;
  if (trace !== null) found.shortDigest.parse(trace.shortDigest, trace.isContent);
  else found.shortDigest.read(entry?.digest ?? "");
  visit.entry(found);
}

/** What a file of ours begins with, and blank lines. */
function isOwn(line: string): boolean {
  return line.trim() === "" || `${line}\n` === CACHE_HEADER;
}

/** The time of a line as fwknopd writes it, all seven fields being what they should; -1 of any other line. */
function plainTime(bytes: Uint8Array, start: number, end: number): number {
  const isMarked = bytes[start] === HASH && bytes[start + 1] === EQUALS;
  if (!isMarked && (bytes[start] === HASH || bytes[start] === SEMICOLON)) return -1;
  const fields = new Fields(bytes, isMarked ? start + 2 : start, end);
  const isPlain = fields.word() === DIGEST_LENGTH && fields.number() <= 255 && fields.word() > 0 &&
    fields.number() <= 65535 && fields.word() > 0 && fields.number() <= 65535;
  if (!isPlain) return -1;
  const time = fields.number();
  return fields.isOver && time !== Infinity ? time : -1;
}

/** Whether the byte is a letter, digit or mark by itself. */
function isPlain(byte: number): boolean {
  return byte > BLANK && byte < 0x7f;
}

/** Fields between `start` and `end`, apart by one blank each. */
class Fields {
  #at: number;

  constructor(readonly bytes: Uint8Array, start: number, readonly end: number) {
    this.#at = start;
  }

  /** Whether nothing is left, but for the return of another system's line end. */
  get isOver(): boolean {
    return this.#at > this.end || (this.#at === this.end && this.bytes[this.#at - 1] === RETURN);
  }

  /** The length of the next field; 0 where there is none. */
  word(): number {
    const start = this.#at;
    let at = start;
    while (at < this.end && isPlain(this.bytes[at] ?? 0)) at++;
    this.#at = at + 1;
    return at < this.end && this.bytes[at] !== BLANK ? 0 : at - start;
  }

  /** The value of the next field; infinite where it is no decimal number of at most 15 digits. */
  number(): number {
    let at = this.#at;
    let value = 0;
    for (; at < this.end && at < this.#at + 16; at++) {
      const digit = (this.bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const length = at - this.#at;
    const follows = this.bytes[at];
    const isOver = at >= this.end || follows === BLANK || follows === RETURN;
    this.#at = at + 1;
    return length >= 1 && length <= 15 && isOver ? value : Infinity;
  }
}
