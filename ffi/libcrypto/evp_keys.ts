/**
 * HMAC keys of SHA-3, whose state no public header describes: two contexts of libcrypto for each key, which are copied into
 * one to work with. They are freed, and overwritten by that, when the keys are wiped.
 */
import { FfiError } from "../errors.ts";
import { INNER, type KeyRing, OUTER, padKey } from "./key_ring.ts";
import { libcrypto } from "./symbols.ts";

/** One of the hash functions. */
export interface EvpHash {
  readonly symbol: "EVP_sha3_256" | "EVP_sha3_512";
  /** Bytes of a block. */
  readonly block: number;
  /** Bytes of the digest. */
  readonly bytes: number;
}

/** By name. */
export const EVP_HASHES = {
  sha3_256: { symbol: "EVP_sha3_256", block: 136, bytes: 32 },
  sha3_512: { symbol: "EVP_sha3_512", block: 72, bytes: 64 },
} as const satisfies Record<string, EvpHash>;

/** Holds the keys of one hash. Throws {@link FfiError} where libcrypto has no memory. */
export function evpKeys(hash: EvpHash, keys: readonly Uint8Array[]): KeyRing {
  const crypto = libcrypto();
  const contexts: bigint[] = [];
  const hashed = (data: Uint8Array<ArrayBuffer>) => {
    const context = newContext(hash, data);
    contexts.push(context);
    return context;
  };
  const work = hashed(new Uint8Array(0));
  const [inner, outer] = [INNER, OUTER].map((byte) =>
    keys.map((key) => {
      const padded = padKey(key, { byte, block: hash.block }, (long) => digestOf(hash, long));
      const context = hashed(padded);
      padded.fill(0);
      return context;
    })
  ) as [bigint[], bigint[]];
  const digest = new Uint8Array(hash.bytes);
  const tag = new Uint8Array(hash.bytes);
  const digestLength = BigInt(hash.bytes);
  let text = new Uint8Array(0);
  let textLength = 0n;

  /** Leaves the HMAC in `digest`; 1 when all calls succeeded. */
  function compute(key: number): number {
    let done = crypto.EVP_MD_CTX_copy_ex(work, inner[key]!);
    done &= crypto.EVP_DigestUpdate(work, text, textLength);
    done &= crypto.EVP_DigestFinal_ex(work, digest, 0n);
    done &= crypto.EVP_MD_CTX_copy_ex(work, outer[key]!);
    done &= crypto.EVP_DigestUpdate(work, digest, digestLength);
    return done & crypto.EVP_DigestFinal_ex(work, digest, 0n);
  }

  return {
    take(newText, newTag = new Uint8Array(hash.bytes)) {
      text = Uint8Array.from(newText);
      textLength = BigInt(text.length);
      tag.set(newTag);
    },
    fits(key) {
      let difference = compute(key) ^ 1;
      for (let i = 0; i < hash.bytes; i++) difference |= digest[i]! ^ tag[i]!;
      return difference === 0;
    },
    hmac(key) {
      if (compute(key) !== 1) throw cannot(hash, "end", "EVP_DigestFinal_ex");
      return digest;
    },
    wipe() {
      for (const context of contexts.splice(0)) crypto.EVP_MD_CTX_free(context);
      inner.length = outer.length = 0;
      for (const secret of [digest, tag, text]) secret.fill(0);
    },
  };
}

/** A context that has hashed `data`. */
function newContext(hash: EvpHash, data: Uint8Array<ArrayBuffer>): bigint {
  const crypto = libcrypto();
  const context = crypto.EVP_MD_CTX_new();
  if (
    context === 0n || crypto.EVP_DigestInit_ex(context, crypto[hash.symbol](), 0n) !== 1 ||
    crypto.EVP_DigestUpdate(context, data, BigInt(data.length)) !== 1
  ) throw cannot(hash, "begin", "EVP_DigestInit_ex");
  return context;
}

function cannot({ symbol }: EvpHash, what: "begin" | "end", call: string): FfiError {
  return new FfiError(`Cannot ${what} a digest with ${symbol}`, { library: "libcrypto", symbol: call });
}

/** The digest of `data`. */
export function digestOf(hash: EvpHash, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const crypto = libcrypto();
  const context = newContext(hash, data);
  const digest = new Uint8Array(hash.bytes);
  crypto.EVP_DigestFinal_ex(context, digest, 0n);
  crypto.EVP_MD_CTX_free(context);
  return digest;
}
