/**
 * Reading a replay file by bytes. Most lines of a large one are old: they are passed over without becoming text, which
 * makes the start of a daemon with 300,000 entries as fast and small as that of one with none.
 */
import type { AppendFile } from "../../ffi/libc/append_file.ts";
import { CACHE_HEADER, parseEntry, parseForgotten } from "./cache_line.ts";

/** What a reader meets. */
export interface CacheVisitor {
  /** An entry seen at or after `since`, without its line end. */
  entry(digest: string, line: string): void;
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

/** Reads the file from its start to its end. `since`: Unix seconds. */
export function readCache(file: Pick<AppendFile, "read">, since: number, visit: CacheVisitor): void {
  let buffer = new Uint8Array(CHUNK);
  let filled = 0;
  let offset = 0;
  let lines = 0;
  for (;;) {
    const got = file.read(buffer.subarray(filled), offset);
    offset += got;
    filled += got;
    const atEnd = filled < buffer.length;
    const end = atEnd ? filled : buffer.lastIndexOf(NEWLINE) + 1;
    lines = readLines(buffer.subarray(0, end), { since, visit, lines });
    if (atEnd) return;
    if (end === 0) {
      const larger = new Uint8Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    } else buffer.copyWithin(0, end, filled);
    filled -= end;
  }
}

interface Reading {
  readonly since: number;
  readonly visit: CacheVisitor;
  /** Lines before this chunk. */
  readonly lines: number;
}

/** Whole lines. Returns how many there were up to here. */
function readLines(bytes: Uint8Array<ArrayBuffer>, { since, visit, lines }: Reading): number {
  // One character a byte, so that what the bytes say of a place holds for the text; only made where a line is kept.
  let text: string | null = null;
  let count = lines;
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    count++;
    const seenAt = plainTime(bytes, start, end);
    if (seenAt >= 0 && seenAt < since) visit.old?.(seenAt);
    else if (end > start) {
      if (seenAt < 0) readOddLine(utf8.decode(bytes.subarray(start, end)), count, { since, visit });
      else {
        text ??= new TextDecoder("latin1").decode(bytes);
        const line = text.slice(start, end);
        visit.entry(digestOf(line), line.trimEnd());
      }
    }
    start = end + 1;
  }
  return count;
}

function digestOf(line: string): string {
  return line.startsWith("#=") ? line.slice(1, 2 + DIGEST_LENGTH) : line.slice(0, DIGEST_LENGTH);
}

/** What fwknopd did not write like this: comments, fields more or apart by more, NULs that a crash left. */
function readOddLine(line: string, number: number, { since, visit }: Omit<Reading, "lines">): void {
  const until = parseForgotten(line);
  if (until !== null) return visit.forgotten?.(until);
  const entry = parseEntry(line);
  if (entry === "invalid") visit.invalid?.(line, number);
  else if (entry === null) isOwn(line) || visit.comment?.(line);
  else if (entry.packet.seenAt < since) visit.old?.(entry.packet.seenAt);
  else visit.entry(entry.digest, line.replace(/^[^A-Za-z0-9+/#=]*/, "").trimEnd());
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
