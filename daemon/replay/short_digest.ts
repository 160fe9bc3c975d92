/**
 * Digests as the memory knows them: the first 128 of their 256 bits. Nobody can make a packet that has those of another,
 * and who makes two of his own alike (2^64 attempts) has made a packet that is refused. Pure.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { isContent } from "./store.ts";

/** Characters of a digest, and those of them that are read: 22 of 6 bits each. */
const DIGEST_LENGTH = 43, READ = 22;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Of a character that is none of base64. */
const NONE = 0x80;

const VALUES = new Uint8Array(256).fill(NONE);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;
const encoder = new TextEncoder();

/** One short digest, to be filled again and again. */
export class ShortDigest {
  readonly words = new Uint32Array(4);
  /** Whether it is that of what a packet says. */
  isContent = false;
  readonly #values = new Uint8Array(READ);

  /** That of a digest as the store names it. Whatever is as long as no digest is hashed. */
  read(digest: string): this {
    const content = isContent(digest);
    const start = content ? 1 : 0;
    let all = digest.length - start === DIGEST_LENGTH ? 0 : NONE;
    for (let i = 0; i < READ; i++) all |= this.#values[i] = VALUES[digest.charCodeAt(start + i)] ?? NONE;
    if (all < NONE) this.#take(content);
    else {
      const { buffer } = sha256(encoder.encode(digest)).slice();
      for (let i = 0; i < 4; i++) this.words[i] = new DataView(buffer).getUint32(4 * i);
      this.isContent = content;
    }
    return this;
  }

  /** That of a digest in base64 that begins at `at`. False where it is none: nothing is changed then. */
  readBytes(bytes: Uint8Array, at: number, content: boolean): boolean {
    let all = 0;
    for (let i = 0; i < READ; i++) all |= this.#values[i] = VALUES[bytes[at + i] ?? 0] ?? NONE;
    if (all >= NONE) return false;
    this.#take(content);
    return true;
  }

  /** Its 128 bits as text. */
  format(): string {
    const bytes = new Uint8Array(16);
    for (const [i, word] of this.words.entries()) new DataView(bytes.buffer).setUint32(4 * i, word);
    return bytes.toBase64({ omitPadding: true });
  }

  /** Takes in what {@link format} gave. False where it is something else. */
  parse(text: string, content: boolean): boolean {
    if (text.length !== READ || !this.readBytes(encoder.encode(text), 0, false)) return false;
    this.isContent = content;
    return true;
  }

  #take(content: boolean): void {
    const v = this.#values as unknown as { readonly [index: number]: number };
    const { words } = this;
    words[0] = v[0]! << 26 | v[1]! << 20 | v[2]! << 14 | v[3]! << 8 | v[4]! << 2 | v[5]! >> 4;
    words[1] = v[5]! << 28 | v[6]! << 22 | v[7]! << 16 | v[8]! << 10 | v[9]! << 4 | v[10]! >> 2;
    words[2] = v[10]! << 30 | v[11]! << 24 | v[12]! << 18 | v[13]! << 12 | v[14]! << 6 | v[15]!;
    words[3] = v[16]! << 26 | v[17]! << 20 | v[18]! << 14 | v[19]! << 8 | v[20]! << 2 | v[21]! >> 4;
    // What a packet says is not the text of one that has the same digest.
    if (content) words[3] = words[3]! ^ 1;
    this.isContent = content;
  }
}
