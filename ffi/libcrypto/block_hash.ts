/**
 * MD5, SHA-1 and SHA-2 of libcrypto as what they are: a few words, and a call that stirs blocks into them. The words are the
 * first that stands in the context of each (md5.h and sha.h of OpenSSL), which is memory of ours: so a state is kept and
 * restored by copying words, without a call, and no key lies in foreign memory. Contexts never hold half a block here.
 */
import { libcrypto } from "./symbols.ts";

/** One hash function, and how its state is written as bytes. */
export interface BlockHash {
  /** Bytes of a block. */
  readonly block: number;
  /** 32-bit words of the state. Those of a 64-bit word stand low half first, as the processor keeps it. */
  readonly words: number;
  /** Bytes of the digest, the beginning of the written state. */
  readonly bytes: number;
  /** Bytes of the length at the end of the last block. */
  readonly lengthField: number;
  /** Whether the low byte of a word is written first. */
  readonly littleEndian: boolean;
  /** Turns the index of a word into its place among the written words. */
  readonly flip: 0 | 1;
  readonly calls: (crypto: ReturnType<typeof libcrypto>) => BlockCalls;
}

/** The calls of one hash function. */
export interface BlockCalls {
  init(context: Bytes): number;
  /** Stirs whole blocks into the state. */
  update(context: Bytes, blocks: Bytes, length: bigint): number;
  /** The digest of `data`. */
  whole(data: Bytes, length: bigint, digest: Bytes): bigint;
}

type Bytes = Uint8Array<ArrayBuffer>;

const SMALL = { block: 64, lengthField: 8, littleEndian: false, flip: 0 } as const;
const LARGE = { block: 128, words: 16, lengthField: 16, littleEndian: false, flip: 1 } as const;

/** By name. Each has call sites of its own: the engine of the runtime calls fast only where it knows what is called. */
export const BLOCK_HASHES = {
  md5: {
    ...SMALL,
    words: 4,
    bytes: 16,
    littleEndian: true,
    calls: (crypto) => ({
      init: (context) => crypto.MD5_Init(context),
      update: (context, blocks, length) => crypto.MD5_Update(context, blocks, length),
      whole: (data, length, digest) => crypto.MD5(data, length, digest),
    }),
  },
  sha1: {
    ...SMALL,
    words: 5,
    bytes: 20,
    calls: (crypto) => ({
      init: (context) => crypto.SHA1_Init(context),
      update: (context, blocks, length) => crypto.SHA1_Update(context, blocks, length),
      whole: (data, length, digest) => crypto.SHA1(data, length, digest),
    }),
  },
  sha256: {
    ...SMALL,
    words: 8,
    bytes: 32,
    calls: (crypto) => ({
      init: (context) => crypto.SHA256_Init(context),
      update: (context, blocks, length) => crypto.SHA256_Update(context, blocks, length),
      whole: (data, length, digest) => crypto.SHA256(data, length, digest),
    }),
  },
  sha384: {
    ...LARGE,
    bytes: 48,
    calls: (crypto) => ({
      init: (context) => crypto.SHA384_Init(context),
      update: (context, blocks, length) => crypto.SHA512_Update(context, blocks, length),
      whole: (data, length, digest) => crypto.SHA384(data, length, digest),
    }),
  },
  sha512: {
    ...LARGE,
    bytes: 64,
    calls: (crypto) => ({
      init: (context) => crypto.SHA512_Init(context),
      update: (context, blocks, length) => crypto.SHA512_Update(context, blocks, length),
      whole: (data, length, digest) => crypto.SHA512(data, length, digest),
    }),
  },
} satisfies Record<string, BlockHash>;

/** Room for every context: SHA512_CTX has 216 bytes. */
export const CONTEXT_WORDS = 64;

/**
 * Writes what stands behind `length` bytes of a message in its last block or two: a one bit, zeros, and the number of bits,
 * `before` bytes that were stirred in earlier counted as well. Gives where the last block ends.
 */
export function pad(
  message: Uint8Array<ArrayBuffer>,
  { length, before }: { readonly length: number; readonly before: number },
  { block, lengthField, littleEndian }: Pick<BlockHash, "block" | "lengthField" | "littleEndian">,
): number {
  const end = Math.ceil((length + 1 + lengthField) / block) * block;
  message.fill(0, length, end);
  message[length] = 0x80;
  const bits = 8 * (length + before);
  for (let i = 0; i < 4; i++) message[littleEndian ? end - 8 + i : end - 1 - i] = bits >>> (8 * i);
  return end;
}
