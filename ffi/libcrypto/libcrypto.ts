/** Digests and HMACs by OpenSSL's libcrypto, by the names that fwknop has for them. Throws `FfiError` where it cannot be loaded. */
import { BLOCK_HASHES, type BlockHash } from "./block_hash.ts";
import { blockKeys, digestOf as blockDigest } from "./block_keys.ts";
import { digestOf as evpDigest, EVP_HASHES, type EvpHash, evpKeys } from "./evp_keys.ts";
import type { KeyRing } from "./key_ring.ts";

/** A hash function that libcrypto has. */
export type HashName = keyof typeof BLOCK_HASHES | keyof typeof EVP_HASHES;

/** Holds HMAC keys. */
export function keyRing(name: HashName, keys: readonly Uint8Array[]): KeyRing {
  const block = blockHash(name);
  return block === undefined ? evpKeys(evpHash(name), keys) : blockKeys(block, keys);
}

/** The digest of `data`. */
export function digest(name: HashName, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const block = blockHash(name);
  return block === undefined ? evpDigest(evpHash(name), data) : blockDigest(block, data);
}

function blockHash(name: string): BlockHash | undefined {
  return Object.hasOwn(BLOCK_HASHES, name) ? BLOCK_HASHES[name as keyof typeof BLOCK_HASHES] : undefined;
}

function evpHash(name: string): EvpHash {
  return EVP_HASHES[name as keyof typeof EVP_HASHES];
}
