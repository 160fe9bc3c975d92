/**
 * How a line with a secret is edited, on a terminal or through a descriptor (facts/client 5, COMPATIBILITY K16). Pure.
 */

const INTERRUPT = 0x03;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const KILL = 0x15;

/** Bytes kept; the rest of the line is dropped. */
const MAX_BYTES = 127;

/** What a byte did: the line continues, is finished, or was cancelled. */
export type LineState = "open" | "finished" | "interrupted";

/**
 * One line being typed. Backspace and each of `erase` delete one character, Ctrl-U and each of `kill` all, Ctrl-C ends it
 * and discards everything; a carriage return is data.
 */
export class SecretLine {
  readonly #kept: number[] = [];

  constructor(readonly keys: { readonly erase?: readonly number[]; readonly kill?: readonly number[] } = {}) {}

  /** Takes the next byte. After anything but `open` the line takes no more. */
  push(byte: number): LineState {
    if (byte === LINE_FEED) return "finished";
    if (byte === INTERRUPT) {
      this.#kept.length = 0;
      return "interrupted";
    }
    if (byte === BACKSPACE || this.keys.erase?.includes(byte)) this.#erase();
    else if (byte === KILL || this.keys.kill?.includes(byte)) this.#kept.length = 0;
    else if (this.#kept.length < MAX_BYTES) this.#kept.push(byte);
    return "open";
  }

  /** The line as it is now. */
  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#kept);
  }

  /** Deletes one character: the bytes that continue a UTF-8 character go with its first. */
  #erase(): void {
    let last = this.#kept.pop();
    while (last !== undefined && (last & 0xc0) === 0x80) last = this.#kept.pop();
  }
}
