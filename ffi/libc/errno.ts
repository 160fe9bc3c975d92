/**
 * Reading errno. It is valid until the next call of the same thread, so every table of `ffi/libc` is opened with
 * {@link lazyLibc}, which prepares the reading: nothing is loaded then that could overwrite it. After a call declared
 * `nonblocking` errno cannot be read: the call ran on another thread.
 */
import { FfiError } from "../errors.ts";
import { lazyLibrary } from "../loader.ts";
import { copyInto } from "../memory.ts";

const LIBC = { sonames: ["libc.so.6"], debianPackage: "libc6" } as const;

const location = lazyLibrary(LIBC, {
  /** int *__errno_location(void) */
  errnoLocation: { name: "__errno_location", parameters: [], result: "usize" },
});

/** Address of this thread's errno: a module instance never changes its thread. */
let address: bigint | undefined;
const cell = new DataView(new ArrayBuffer(4));
const cellBytes = new Uint8Array(cell.buffer);

/**
 * A lazily opened symbol table of libc for calls that go through {@link retryForErrno} where they can fail: errno is not made
 * ready beforehand, which saves a program that only knocks half a millisecond.
 *
 * @tags allow-ffi
 */
export function bareLibc<Symbols extends Deno.ForeignLibraryInterface>(
  symbols: Symbols,
): () => Deno.DynamicLibrary<Symbols>["symbols"] {
  return lazyLibrary(LIBC, symbols);
}

/**
 * A lazily opened symbol table of libc whose failures can be read with {@link errno}.
 *
 * @tags allow-ffi
 */
export function lazyLibc<Symbols extends Deno.ForeignLibraryInterface>(
  symbols: Symbols,
): () => Deno.DynamicLibrary<Symbols>["symbols"] {
  let table: Deno.DynamicLibrary<Symbols>["symbols"] | undefined;
  const open = lazyLibrary(LIBC, symbols);
  return () => {
    if (table === undefined) {
      table = open();
      errno();
    }
    return table;
  };
}

/** errno of the last failed call on this thread. Meaningful only directly after a call that reported failure. */
export function errno(): number {
  address ??= location().errnoLocation();
  copyInto(cellBytes, address, 4);
  return cell.getInt32(0, true);
}

/**
 * Makes a call that may safely be repeated when it fails; returns its result and, where that is negative, errno (else
 * 0). Reading errno for the first time loads a table, and the runtime may collect garbage between the call and the
 * reading; either can overwrite errno (seen: ENOENT). So a call that fails is repeated until it gives the same errno
 * twice, or one of `settled`; four times at most.
 */
export function retryForErrno(
  call: () => number | bigint,
  settled: ReadonlySet<number> = new Set(),
): { readonly result: number; readonly code: number } {
  let code = 0;
  for (let attempt = 0; attempt < 4; attempt++) {
    const result = Number(call());
    if (result >= 0) return { result, code: 0 };
    const answer = errno();
    if (answer === code || settled.has(answer)) return { result, code: answer };
    code = answer;
  }
  return { result: -1, code };
}

const texts = lazyLibrary(LIBC, {
  /** int strerror_r(int errnum, char *buf, size_t buflen), the one of POSIX */
  strerror: { name: "__xpg_strerror_r", parameters: ["i32", "buffer", "usize"], result: "i32" },
});

/** What C programs print for it (strerror, C locale): `Connection refused` for 111. */
export function errnoText(code: number): string {
  const text = new Uint8Array(128);
  texts().strerror(code, text, BigInt(text.length));
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

/** The error for a failure whose code is already at hand: `Cannot <what>: <text>`. */
export function errnoError(code: number, symbol: string, what: string, hint?: string): FfiError {
  const reason = errnoText(code);
  const details = { library: "libc", symbol, code, failed: { action: what, reason } };
  return new FfiError(`Cannot ${what}: ${reason}`, hint === undefined ? details : { ...details, hint });
}

/**
 * Throws for the call that has just failed.
 *
 * @param symbol the C function
 * @param what what could not be done, as it follows "Cannot": `lock "/run/fwknop/fwknopd.pid"`
 * @param hint the operator's next move
 */
export function throwErrno(symbol: string, what: string, hint?: string): never {
  throw errnoError(errno(), symbol, what, hint);
}
