/**
 * The engine of a daemon: OpenSSL's libcrypto for digests and HMACs, which is what packets of strangers cost, and
 * `@noble` for the rest, which only packets with the right HMAC reach. Where libcrypto is missing it is all `@noble`.
 */
import { digest, keyRing } from "../../ffi/libcrypto/libcrypto.ts";
import { equalConstantTime } from "../../lib/bytes.ts";
import { DIGEST_NAMES } from "../../lib/crypto/digest.ts";
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import { nobleEngine } from "../../lib/crypto/noble_engine.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../start/start_error.ts";

/** Throws `FfiError` at first use where libcrypto cannot be loaded. */
export const libcryptoEngine: CryptoEngine = {
  ...nobleEngine,
  digest: (name, data) => digest(name, ownBytes(data)),
  keyRing,
};

/** libcrypto where it is there and answers as `@noble` does, else `@noble`, with one line for who looks why. */
export function chooseEngine(log: Log, candidate: CryptoEngine = libcryptoEngine): CryptoEngine {
  const why = whyNot(candidate);
  if (why === null) return candidate;
  log("debug", `HMACs are computed without libcrypto, which takes longer where there are many stanzas: ${why}`);
  return nobleEngine;
}

function whyNot(candidate: CryptoEngine): string | null {
  try {
    return answersAsNoble(candidate) ? null : "it gives other digests";
  } catch (error) {
    return reasonOf(error);
  }
}

/** Texts that end within a block, with it and behind it; keys shorter and longer than one. */
const LENGTHS = [1, 55, 56, 64, 111, 112, 128, 136, 230] as const;

function answersAsNoble(candidate: CryptoEngine): boolean {
  const keys = LENGTHS.slice(0, -1).map((length) => new Uint8Array(length).fill(length));
  return DIGEST_NAMES.every((name) => {
    const ring = candidate.keyRing?.(name, keys);
    const right = LENGTHS.every((length) => {
      const text = new Uint8Array(length).fill(0x41);
      const at = length % keys.length;
      // Both engines are synchronous.
      ring?.take(text, nobleEngine.hmac(name, keys[at]!, text) as Uint8Array);
      return equalConstantTime(
        candidate.digest(name, text) as Uint8Array,
        nobleEngine.digest(name, text) as Uint8Array,
      ) &&
        keys.every((_, key) => ring?.fits(key) === (key === at));
    });
    ring?.wipe();
    return right;
  });
}

/** Foreign calls take bytes of an ordinary buffer only, which those of packets are. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : bytes.slice();
}
