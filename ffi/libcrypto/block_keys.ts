/**
 * HMAC keys of MD5, SHA-1 and SHA-2. Of each key two states are kept: what the hash is after the block of the inner key, and
 * after that of the outer one. Trying a key is then two calls, and nothing is allocated.
 */
import { type BlockCalls, type BlockHash, CONTEXT_WORDS, pad } from "./block_hash.ts";
import { libcrypto } from "./symbols.ts";
import { INNER, type KeyRing, OUTER, padKey } from "./key_ring.ts";

/** Holds the keys of one hash. */
export function blockKeys(hash: BlockHash, keys: readonly Uint8Array[]): KeyRing {
  const { block, bytes, words, littleEndian, flip } = hash;
  const calls = hash.calls(libcrypto());
  const state = new Uint32Array(CONTEXT_WORDS);
  const context = new Uint8Array(state.buffer);
  const kept = keptStates(hash, keys, { calls, state });
  const outer = new Uint8Array(block);
  const outerView = new DataView(outer.buffer);
  const outerLength = BigInt(pad(outer, { length: bytes, before: block }, hash));
  const tagWords = new Uint32Array(bytes / 4);
  const digest = new Uint8Array(bytes);
  const digestView = new DataView(digest.buffer);
  let message = new Uint8Array(0);
  let messageLength = 0n;

  function restore(at: number): void {
    for (let word = 0; word < words; word++) state[word] = kept[at + word]!;
  }

  /** Leaves the words of the HMAC in the state. */
  function compute(key: number): void {
    const at = 2 * words * key;
    restore(at);
    calls.update(context, message, messageLength);
    write(outerView);
    restore(at + words);
    calls.update(context, outer, outerLength);
  }

  /** The words of the state as bytes. */
  function write(view: DataView): void {
    for (let word = 0; word < tagWords.length; word++) {
      view.setUint32(4 * (word ^ flip), state[word]!, littleEndian);
    }
  }

  return {
    take(text, tag = new Uint8Array(bytes)) {
      if (message.length < text.length + 2 * block) message = new Uint8Array(text.length + 2 * block);
      message.set(text);
      messageLength = BigInt(pad(message, { length: text.length, before: block }, hash));
      // By hand: a view of an array that is new and small costs more than all of this.
      for (let word = 0; word < tagWords.length; word++) {
        const at = 4 * (word ^ flip);
        tagWords[word] = littleEndian
          ? tag[at]! | tag[at + 1]! << 8 | tag[at + 2]! << 16 | tag[at + 3]! << 24
          : tag[at]! << 24 | tag[at + 1]! << 16 | tag[at + 2]! << 8 | tag[at + 3]!;
      }
    },
    fits(key) {
      compute(key);
      let difference = 0;
      for (let word = 0; word < tagWords.length; word++) difference |= state[word]! ^ tagWords[word]!;
      return difference === 0;
    },
    hmac(key) {
      compute(key);
      write(digestView);
      return digest;
    },
    wipe() {
      for (const secret of [kept, state, outer, message, tagWords, digest]) secret.fill(0);
    },
  };
}

/** Two states for each key, one behind the other. */
function keptStates(
  hash: BlockHash,
  keys: readonly Uint8Array[],
  { calls, state }: { readonly calls: BlockCalls; readonly state: Uint32Array<ArrayBuffer> },
): Uint32Array {
  const context = new Uint8Array(state.buffer);
  const kept = new Uint32Array(2 * hash.words * keys.length);
  let at = 0;
  for (const key of keys) {
    for (const byte of [INNER, OUTER]) {
      const padded = padKey(key, { byte, block: hash.block }, (long) => digestOf(hash, long));
      calls.init(context);
      calls.update(context, padded, BigInt(hash.block));
      kept.set(state.subarray(0, hash.words), at);
      at += hash.words;
      padded.fill(0);
    }
  }
  state.fill(0);
  return kept;
}

const calls = new Map<BlockHash, BlockCalls>();

/** Those of a hash function are made once. */
function callsOf(hash: BlockHash): BlockCalls {
  let known = calls.get(hash);
  if (known === undefined) calls.set(hash, known = hash.calls(libcrypto()));
  return known;
}

/** Digests share an array: one of its own costs nearly as much as the digest. It is let go when none of them is held any more. */
const DIGESTS_BYTES = 4096;
let digests = new Uint8Array(0);
let used = 0;

function newDigest(bytes: number): Uint8Array<ArrayBuffer> {
  if (used + bytes > digests.length) {
    digests = new Uint8Array(DIGESTS_BYTES);
    used = 0;
  }
  used += bytes;
  return digests.subarray(used - bytes, used);
}

/** The digest of `data`. */
export function digestOf(hash: BlockHash, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const digest = newDigest(hash.bytes);
  callsOf(hash).whole(data, BigInt(data.length), digest);
  return digest;
}
