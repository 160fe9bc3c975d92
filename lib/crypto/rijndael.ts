/**
 * AES-256 in every mode of fwknop, with its padding rule: PKCS#7 to whole blocks in all of them, CTR, CFB and OFB too
 * (facts/wire 6). This is the compatibility shim: what WebCrypto cannot do is here and nowhere else.
 */
import { cbc, cfb, ctr, ecb } from "@noble/ciphers/aes.js";
import { BLOCK_LENGTH } from "../limits.ts";
import { addPadding, removePadding } from "./padding.ts";
import type { RijndaelMode } from "./engine.ts";

interface Cipher {
  encrypt(data: Uint8Array): Uint8Array;
  decrypt(data: Uint8Array): Uint8Array;
}

/** Padding is added here, not by the cipher: one rule for all modes, and a wrong one is no exception. */
const UNPADDED = { disablePadding: true } as const;

const CIPHERS: Readonly<Record<RijndaelMode, (key: Uint8Array, iv: Uint8Array) => Cipher>> = {
  cbc: (key, iv) => cbc(key, iv, UNPADDED),
  // Legacy mode differs in its key derivation only.
  legacy: (key, iv) => cbc(key, iv, UNPADDED),
  ecb: (key) => ecb(key, UNPADDED),
  cfb: (key, iv) => cfb(key, iv),
  ctr: (key, iv) => ctr(key, iv),
  ofb,
};

/** Pads and encrypts. `key` 32 bytes, `iv` 16 bytes. */
export function encryptRijndael(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  return CIPHERS[mode](key, iv).encrypt(addPadding(plain));
}

/** Decrypts whole blocks and removes consistent padding; otherwise the blocks come back as they are. */
export function decryptRijndael(mode: RijndaelMode, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Uint8Array {
  return removePadding(CIPHERS[mode](key, iv).decrypt(cipher));
}

/**
 * OFB-128. Its key stream, each block the encryption of the one before, is just what CBC makes of zeros; so no block
 * cipher has to be taken apart for it.
 */
function ofb(key: Uint8Array, iv: Uint8Array): Cipher {
  const apply = (data: Uint8Array) => {
    const blocks = Math.ceil(data.length / BLOCK_LENGTH);
    const stream = cbc(key, iv, UNPADDED).encrypt(new Uint8Array(blocks * BLOCK_LENGTH));
    return data.map((byte, i) => byte ^ (stream[i] ?? 0));
  };
  return { encrypt: apply, decrypt: apply };
}
