/**
 * The synchronous engine in JavaScript: what the daemon uses beside libcrypto, and without it. Beside WebCrypto (`bench/engines.ts`, Deno 2.9.6, two cores) it opens a packet
 * in 38 us against 103, and refuses one of another HMAC key in 6 us against 22: for so few bytes the hop to another thread
 * and back costs more than the arithmetic.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { sha3_256, sha3_512 } from "@noble/hashes/sha3.js";
import { equalConstantTime, wipe } from "../bytes.ts";
import type { CryptoEngine, DigestName, KeyRing } from "./engine.ts";
import { decryptRijndael, encryptRijndael } from "./rijndael.ts";

const HASHES = { md5, sha1, sha256, sha384, sha512, sha3_256, sha3_512 } as const;

type KeyState = ReturnType<typeof hmac.create>;

/**
 * HMAC states with their key already hashed in, as long as the key object lives. The bytes of a key must therefore not be
 * changed while it is in use (wiping it when it is no longer used is fine).
 */
const keyStates = new WeakMap<Uint8Array, Map<DigestName, KeyState>>();

function keyState(name: DigestName, key: Uint8Array): KeyState {
  let states = keyStates.get(key);
  if (states === undefined) keyStates.set(key, states = new Map());
  let state = states.get(name);
  if (state === undefined) states.set(name, state = hmac.create(HASHES[name], key));
  return state;
}

/** One for each function to work with: a state of its own for each packet costs as much as the arithmetic. */
const workStates = new Map<DigestName, KeyState>();

function workState(name: DigestName): KeyState {
  let state = workStates.get(name);
  if (state === undefined) workStates.set(name, state = hmac.create(HASHES[name], new Uint8Array(1)));
  return state;
}

function hmacOf(name: DigestName, key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const tag = new Uint8Array(HASHES[name].outputLen);
  keyState(name, key)._cloneInto(workState(name)).update(data).digestInto(tag);
  return tag;
}

/** The engine of `@noble`: every answer is there at once. */
export const nobleEngine: CryptoEngine = {
  digest: (name, data) => HASHES[name](data),
  hmac: hmacOf,
  encrypt: encryptRijndael,
  decrypt: decryptRijndael,
  keyRing,
};

/** The state of each key is kept, and copied into one to work with. */
function keyRing(name: DigestName, keys: readonly Uint8Array[]): KeyRing {
  const states = keys.map((key) => hmac.create(HASHES[name], key));
  const work: KeyState = hmac.create(HASHES[name], new Uint8Array(1));
  const digest = new Uint8Array(HASHES[name].outputLen);
  const tag = new Uint8Array(digest.length);
  let text = new Uint8Array(0);

  function compute(key: number): Uint8Array {
    states[key]!._cloneInto(work);
    work.update(text).digestInto(digest);
    return digest;
  }

  return {
    take(newText, newTag = new Uint8Array(digest.length)) {
      text = Uint8Array.from(newText);
      tag.set(newTag);
    },
    fits: (key) => equalConstantTime(compute(key), tag),
    hmac: compute,
    wipe() {
      for (const state of states.splice(0)) state.destroy();
      work.destroy();
      wipe(digest, tag, text);
    },
  };
}
