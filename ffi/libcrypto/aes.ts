/**
 * AES-256 of whole blocks by libcrypto, without padding. One context for each mode is kept, because making one takes longer than
 * all the rest; when it was used its key and initialisation vector are overwritten by zeros.
 */
import { FfiError } from "../errors.ts";
import { libcrypto } from "./symbols.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const METHODS = {
  cbc: "EVP_aes_256_cbc",
  ecb: "EVP_aes_256_ecb",
  cfb: "EVP_aes_256_cfb128",
  ofb: "EVP_aes_256_ofb",
  ctr: "EVP_aes_256_ctr",
} as const;

/** A mode of operation. */
export type AesMode = keyof typeof METHODS;

/** What a call works on. */
export interface AesInput {
  /** 32 bytes. */
  readonly key: Bytes;
  /** 16 bytes; ECB does not look at it. */
  readonly iv: Bytes;
  /** A multiple of 16 bytes. */
  readonly data: Bytes;
}

const ENCRYPT = 1, DECRYPT = 0;
const NO_KEY = new Uint8Array(32), NO_IV = new Uint8Array(16);
const length = new Int32Array(1);
const contexts = new Map<AesMode, bigint>();

/** Encrypts. Throws {@link FfiError} where libcrypto cannot be loaded, or cannot do it. */
export function aesEncrypt(mode: AesMode, input: AesInput): Bytes {
  return cipher(mode, ENCRYPT, input);
}

/** Decrypts. Throws as {@link aesEncrypt}. */
export function aesDecrypt(mode: AesMode, input: AesInput): Bytes {
  return cipher(mode, DECRYPT, input);
}

function cipher(mode: AesMode, direction: typeof ENCRYPT | typeof DECRYPT, { key, iv, data }: AesInput): Bytes {
  if (key.length !== NO_KEY.length || iv.length !== NO_IV.length || data.length % NO_IV.length !== 0) {
    throw new RangeError(
      `"input" expected a key of 32, an IV of 16 and whole blocks, got ${key.length}, ${iv.length}, ${data.length}`,
    );
  }
  const crypto = libcrypto();
  const context = contextOf(mode);
  const out = new Uint8Array(data.length);
  let done = crypto.EVP_CipherInit_ex(context, 0n, 0n, key, iv, direction);
  done &= crypto.EVP_CIPHER_CTX_set_padding(context, 0);
  done &= crypto.EVP_CipherUpdate(context, out, length, data, data.length);
  done &= crypto.EVP_CipherInit_ex(context, 0n, 0n, NO_KEY, NO_IV, direction);
  if (done !== 1 || length[0] !== data.length) throw cannot(mode, "EVP_CipherUpdate");
  return out;
}

function contextOf(mode: AesMode): bigint {
  const known = contexts.get(mode);
  if (known !== undefined) return known;
  const crypto = libcrypto();
  const context = crypto.EVP_CIPHER_CTX_new();
  const method = crypto[METHODS[mode]]();
  if (context === 0n || crypto.EVP_CipherInit_ex(context, method, 0n, NO_KEY, NO_IV, ENCRYPT) !== 1) {
    throw cannot(mode, "EVP_CipherInit_ex");
  }
  contexts.set(mode, context);
  return context;
}

function cannot(mode: AesMode, symbol: string): FfiError {
  return new FfiError(`Cannot use AES-256 in mode ${mode}`, { library: "libcrypto", symbol });
}
