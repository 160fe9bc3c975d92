/**
 * The engine of a daemon: OpenSSL's libcrypto, and `@noble` for HMACs one at a time, which are checked again by other code
 * than the sieve's. Where libcrypto is missing it is all `@noble`.
 */
import { aesDecrypt, aesEncrypt, type AesInput, type AesMode } from "../../ffi/libcrypto/aes.ts";
import { digest, keyRing } from "../../ffi/libcrypto/libcrypto.ts";
import { equalConstantTime } from "../../lib/bytes.ts";
import { DIGEST_NAMES, RIJNDAEL_MODES } from "../../lib/crypto/digest.ts";
import type { CryptoEngine, RijndaelMode } from "../../lib/crypto/engine.ts";
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import { addPadding, removePadding } from "../../lib/crypto/padding.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../start/start_error.ts";

/** Throws `FfiError` at first use where libcrypto cannot be loaded. */
export const libcryptoEngine: CryptoEngine = {
  ...nobleEngine,
  digest: (name, data) => digest(name, ownBytes(data)),
  encrypt: (mode, key, iv, plain) => aesEncrypt(aesMode(mode), input(key, iv, addPadding(plain))),
  decrypt: (mode, key, iv, cipher) => removePadding(aesDecrypt(aesMode(mode), input(key, iv, cipher))),
  keyRing,
};

/** Legacy mode differs in its key derivation only. */
function aesMode(mode: RijndaelMode): AesMode {
  return mode === "legacy" ? "cbc" : mode;
}

function input(key: Uint8Array, iv: Uint8Array, data: Uint8Array): AesInput {
  return { key: ownBytes(key), iv: ownBytes(iv), data: ownBytes(data) };
}

/** libcrypto where it is there and answers as `@noble` does, else `@noble`, with one line for who looks why. */
export function chooseEngine(log: Log, candidate: CryptoEngine = libcryptoEngine): CryptoEngine {
  const why = whyNot(candidate);
  if (why === null) return candidate;
  log("debug", `HMACs are computed without libcrypto, which takes longer where there are many stanzas: ${why}`);
  return nobleEngine;
}

function whyNot(candidate: CryptoEngine): string | null {
  try {
    if (!digestsAsNoble(candidate)) return "it gives other digests";
    return decryptsAsNoble(candidate) ? null : "it decrypts otherwise";
  } catch (error) {
    return reasonOf(error);
  }
}

/** Texts that end within a block, with it and behind it; keys shorter and longer than one. */
const LENGTHS = [1, 55, 56, 64, 111, 112, 128, 136, 230] as const;

function digestsAsNoble(candidate: CryptoEngine): boolean {
  const keys = LENGTHS.slice(0, -1).map((length) => new Uint8Array(length).fill(length));
  return DIGEST_NAMES.every((name) => {
    const ring = candidate.keyRing?.(name, keys);
    const right = LENGTHS.every((length) => {
      const text = new Uint8Array(length).fill(0x41);
      const at = length % keys.length;
      // Both engines are synchronous.
      const tag = nobleEngine.hmac(name, keys[at]!, text) as Uint8Array;
      ring?.take(text, tag);
      return equalConstantTime(
        candidate.digest(name, text) as Uint8Array,
        nobleEngine.digest(name, text) as Uint8Array,
      ) &&
        keys.every((_, key) => ring?.fits(key) === (key === at)) &&
        ring !== undefined && equalConstantTime(ring.hmac(at), tag);
    });
    ring?.wipe();
    return right;
  });
}

/** Blocks with and without padding, by turns, so that what is left of one packet would show in the next. */
function decryptsAsNoble(candidate: CryptoEngine): boolean {
  return RIJNDAEL_MODES.every((mode) =>
    LENGTHS.every((length) => {
      const [key, iv] = [new Uint8Array(32).fill(length), new Uint8Array(16).fill(length)];
      const plain = new Uint8Array(length).fill(0x41);
      // Both engines are synchronous.
      const cipher = candidate.encrypt(mode, key, iv, plain) as Uint8Array;
      return equalConstantTime(cipher, nobleEngine.encrypt(mode, key, iv, plain) as Uint8Array) &&
        equalConstantTime(candidate.decrypt(mode, key, iv, cipher) as Uint8Array, plain);
    })
  );
}

/** Foreign calls take bytes of an ordinary buffer only, which those of packets are. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : bytes.slice();
}
