/**
 * The only reader and writer of foreign memory. Addresses are `usize` numbers copied by libc `memcpy`, so a path-scoped
 * `--allow-ffi` is enough (`Deno.UnsafePointer*` would need the unscoped right).
 */
import { FfiError } from "./errors.ts";
import { lazyLibrary } from "./loader.ts";

/** Apart from the rest, because binding a symbol takes 0.1 to 0.2 ms and every reading of errno needs this one only. */
const reading = lazyLibrary({ sonames: ["libc.so.6"], debianPackage: "libc6" }, {
  /** void *memcpy(void *dest, const void *src, size_t n) */
  copyIn: { name: "memcpy", parameters: ["buffer", "usize", "usize"], result: "usize" },
});

const libc = lazyLibrary({ sonames: ["libc.so.6"], debianPackage: "libc6" }, {
  /** void *memcpy(void *dest, const void *src, size_t n), from our memory to theirs */
  copyOut: { name: "memcpy", parameters: ["usize", "buffer", "usize"], result: "usize" },
  /** void *malloc(size_t size) */
  malloc: { parameters: ["usize"], result: "usize" },
  /** void free(void *ptr) */
  free: { parameters: ["usize"], result: "void" },
  /** size_t strlen(const char *s) */
  strlen: { parameters: ["usize"], result: "usize" },
});

/** Copies `length` bytes at `address` into a fresh array. */
export function copyIn(address: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (length > 0) reading().copyIn(bytes, address, BigInt(length));
  return bytes;
}

/** Copies `length` bytes at `address` to the start of `target`. */
export function copyInto(target: Uint8Array<ArrayBuffer>, address: bigint, length: number): void {
  if (length > target.length) throw new RangeError(`"length" expected at most ${target.length}, got ${length}`);
  if (length > 0) reading().copyIn(target, address, BigInt(length));
}

/** Copies `bytes` to `address`, which must have room for them. */
export function copyOut(address: bigint, bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.length > 0) libc().copyOut(address, bytes, BigInt(bytes.length));
}

/** The NUL-terminated string at `address`, as UTF-8; empty for a null address. */
export function readCString(address: bigint): string {
  if (address === 0n) return "";
  return new TextDecoder().decode(copyIn(address, Number(libc().strlen(address))));
}

/** `text` as NUL-terminated UTF-8. Throws `RangeError` when it contains a NUL itself. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new RangeError(`"text" expected no NUL character`);
  return new TextEncoder().encode(`${text}\0`);
}

/** A block of C memory, freed on disposal: for structures that hold pointers. */
export interface Block extends Disposable {
  readonly address: bigint;
  readonly size: number;
}

/** Allocates `size` zeroed bytes. */
export function allocate(size: number): Block {
  const address = libc().malloc(BigInt(size));
  if (address === 0n) throw new FfiError(`Cannot allocate ${size} bytes`, { library: "libc", symbol: "malloc" });
  copyOut(address, new Uint8Array(size));
  let freed = false;
  return {
    address,
    size,
    [Symbol.dispose]() {
      if (!freed) libc().free(address);
      freed = true;
    },
  };
}

/** A block that holds `bytes`. */
export function allocateCopy(bytes: Uint8Array<ArrayBuffer>): Block {
  const block = allocate(Math.max(bytes.length, 1));
  copyOut(block.address, bytes);
  return block;
}
