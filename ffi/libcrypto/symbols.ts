/**
 * The calls of OpenSSL's libcrypto (1.1 or 3) that are used, each with its C prototype. All in one table: a library that lacks
 * one of them is not used at all. Addresses are `usize`.
 */
import { lazyLibrary } from "../loader.ts";

/** What is looked for, and what to install when it is missing. */
const LIBCRYPTO = { sonames: ["libcrypto.so.3", "libcrypto.so.1.1"], debianPackage: "libssl3" } as const;

/** int NAME_Init(NAME_CTX *c) */
const INIT = { parameters: ["buffer"], result: "i32" } as const;
/** int NAME_Update(NAME_CTX *c, const void *data, size_t len) */
const UPDATE = { parameters: ["buffer", "buffer", "usize"], result: "i32" } as const;
/** unsigned char *NAME(const unsigned char *d, size_t n, unsigned char *md) */
const WHOLE = { parameters: ["buffer", "usize", "buffer"], result: "usize" } as const;
/** const EVP_MD *EVP_name(void) */
const METHOD = { parameters: [], result: "usize" } as const;

/** The bound calls; the library is opened at first use. */
export const libcrypto = lazyLibrary(LIBCRYPTO, {
  MD5_Init: INIT,
  MD5_Update: UPDATE,
  MD5: WHOLE,
  SHA1_Init: INIT,
  SHA1_Update: UPDATE,
  SHA1: WHOLE,
  SHA256_Init: INIT,
  SHA256_Update: UPDATE,
  SHA256: WHOLE,
  SHA384_Init: INIT,
  SHA384: WHOLE,
  SHA512_Init: INIT,
  SHA512_Update: UPDATE,
  SHA512: WHOLE,
  EVP_sha3_256: METHOD,
  EVP_sha3_512: METHOD,
  /** EVP_MD_CTX *EVP_MD_CTX_new(void) */
  EVP_MD_CTX_new: { parameters: [], result: "usize" },
  /** void EVP_MD_CTX_free(EVP_MD_CTX *ctx), which overwrites what it frees */
  EVP_MD_CTX_free: { parameters: ["usize"], result: "void" },
  /** int EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in) */
  EVP_MD_CTX_copy_ex: { parameters: ["usize", "usize"], result: "i32" },
  /** int EVP_DigestInit_ex(EVP_MD_CTX *ctx, const EVP_MD *type, ENGINE *impl) */
  EVP_DigestInit_ex: { parameters: ["usize", "usize", "usize"], result: "i32" },
  /** int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *d, size_t cnt) */
  EVP_DigestUpdate: { parameters: ["usize", "buffer", "usize"], result: "i32" },
  /** int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s) */
  EVP_DigestFinal_ex: { parameters: ["usize", "buffer", "usize"], result: "i32" },
  EVP_aes_256_cbc: METHOD,
  EVP_aes_256_ecb: METHOD,
  EVP_aes_256_cfb128: METHOD,
  EVP_aes_256_ofb: METHOD,
  EVP_aes_256_ctr: METHOD,
  /** EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void) */
  EVP_CIPHER_CTX_new: { parameters: [], result: "usize" },
  /**
   * int EVP_CipherInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *type, ENGINE *impl, const unsigned char *key,
   * const unsigned char *iv, int enc)
   */
  EVP_CipherInit_ex: { parameters: ["usize", "usize", "usize", "buffer", "buffer", "i32"], result: "i32" },
  /** int EVP_CIPHER_CTX_set_padding(EVP_CIPHER_CTX *x, int padding) */
  EVP_CIPHER_CTX_set_padding: { parameters: ["usize", "i32"], result: "i32" },
  /** int EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl, const unsigned char *in, int inl) */
  EVP_CipherUpdate: { parameters: ["usize", "buffer", "buffer", "buffer", "i32"], result: "i32" },
});
