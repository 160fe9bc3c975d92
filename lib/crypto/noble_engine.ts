/**
 * The synchronous engine: what the daemon uses. Beside WebCrypto (`bench/engines.ts`, Deno 2.9.6, two cores) it opens a packet
 * in 38 us against 103, and refuses one of another HMAC key in 6 us against 22: for so few bytes the hop to another thread
 * and back costs more than the arithmetic.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { sha3_256, sha3_512 } from "@noble/hashes/sha3.js";
import type { CryptoEngine, DigestName } from "./engine.ts";
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

/** The engine of `@noble`: every answer is there at once. */
export const nobleEngine: CryptoEngine = {
  digest: (name, data) => HASHES[name](data),
  hmac: (name, key, data) => keyState(name, key).clone().update(data).digest(),
  encrypt: encryptRijndael,
  decrypt: decryptRijndael,
};
