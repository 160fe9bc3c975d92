/**
 * MD5 (RFC 1321), which every key derivation of the format needs (facts/wire 6) and WebCrypto lacks. By hand, because
 * loading the one of @noble/hashes costs every knock half a millisecond; the tests compare the two. No step depends on
 * the data.
 */
import { wipe } from "../bytes.ts";

const BLOCK = 64;

/** Left rotations: four to each round. */
const ROTATIONS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const;

/** The 16 bytes of the digest. */
export function md5(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = pad(data);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < message.byteLength; at += BLOCK) addBlock(state, message, at);
  // What is hashed here is a key.
  wipe(new Uint8Array(message.buffer));
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setInt32(4 * index, word, true));
  return new Uint8Array(digest.buffer);
}

/** A one bit, zeros, and the length in bits as 64-bit number; keys and salts are far below 2^32 bits. */
function pad(data: Uint8Array): DataView {
  const bytes = new Uint8Array(Math.ceil((data.length + 9) / BLOCK) * BLOCK);
  bytes.set(data);
  bytes[data.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, data.length * 8, true);
  return view;
}

function addBlock(state: Int32Array, message: DataView, at: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const word = message.getInt32(at + 4 * wordOf(round, step), true);
    // RFC 1321 section 3.4: the integer part of 2^32 times abs(sin(step + 1)).
    const constant = Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32);
    const sum = (a + mix(round, b, c, d) + word + constant) | 0;
    const rotation = ROTATIONS[4 * round + (step & 3)] ?? 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << rotation) | (sum >>> (32 - rotation)))) | 0;
  }
  for (const [index, word] of [a, b, c, d].entries()) state[index]! += word;
}

/** F, G, H and I of the RFC. */
function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (b & d) | (c & ~d);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

function wordOf(round: number, step: number): number {
  if (round === 0) return step;
  if (round === 1) return (5 * step + 1) & 15;
  return (round === 2 ? 3 * step + 5 : 7 * step) & 15;
}
