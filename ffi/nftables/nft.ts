/** libnftables: the whole language of `nft`, in this process. Slow beside big sets: it reads the ruleset at every call. */
import { FfiError } from "../errors.ts";
import { lazyLibrary } from "../loader.ts";
import { cString, readCString } from "../memory.ts";

const LIBNFTABLES = { sonames: ["libnftables.so.1"], debianPackage: "libnftables1" } as const;

const libnftables = lazyLibrary(LIBNFTABLES, {
  /** struct nft_ctx *nft_ctx_new(uint32_t flags) */
  nft_ctx_new: { parameters: ["u32"], result: "usize" },
  /** void nft_ctx_free(struct nft_ctx *ctx) */
  nft_ctx_free: { parameters: ["usize"], result: "void" },
  /** int nft_ctx_buffer_output(struct nft_ctx *ctx) */
  nft_ctx_buffer_output: { parameters: ["usize"], result: "i32" },
  /** int nft_ctx_buffer_error(struct nft_ctx *ctx) */
  nft_ctx_buffer_error: { parameters: ["usize"], result: "i32" },
  /** const char *nft_ctx_get_output_buffer(struct nft_ctx *ctx) */
  nft_ctx_get_output_buffer: { parameters: ["usize"], result: "usize" },
  /** const char *nft_ctx_get_error_buffer(struct nft_ctx *ctx) */
  nft_ctx_get_error_buffer: { parameters: ["usize"], result: "usize" },
  /** void nft_ctx_output_set_flags(struct nft_ctx *ctx, unsigned int flags) */
  nft_ctx_output_set_flags: { parameters: ["usize", "u32"], result: "void" },
  /** int nft_run_cmd_from_buffer(struct nft_ctx *nft, const char *buf) */
  nft_run_cmd_from_buffer: { parameters: ["usize", "buffer"], result: "i32" },
});

/** Bits of `nft_ctx_output_set_flags` (nftables/libnftables.h). */
const OUTPUT_FLAG = { json: 1 << 4, terse: 1 << 11 } as const;

/** What commands said. */
export interface NftReply {
  readonly ok: boolean;
  readonly output: string;
  /** The complaint of nft with its line marks; empty when all went well. */
  readonly error: string;
}

/** How listings look. */
export interface NftFormat {
  /** JSON (libnftables-json(5)) instead of the ruleset language. */
  readonly json: boolean;
  /** Leave out the elements of named sets: the kernel is then not asked for them, which is what takes the time. */
  readonly terse: boolean;
}

/** One library context. */
export interface Nft extends Disposable {
  /** Runs commands in the language of nft(8), lines or `;` between them, as one transaction. */
  run(commands: string, format: NftFormat): NftReply;
}

/**
 * Opens libnftables. Throws {@link FfiError} with the package to install when it is not there.
 *
 * @tags allow-ffi
 */
export function openNft(): Nft {
  const library = libnftables();
  const context = library.nft_ctx_new(0);
  if (context === 0n) throw failure("nft_ctx_new");
  if (library.nft_ctx_buffer_output(context) !== 0 || library.nft_ctx_buffer_error(context) !== 0) {
    library.nft_ctx_free(context);
    throw failure("nft_ctx_buffer_output");
  }
  let open = true;
  return {
    run(commands, format) {
      if (!open) throw new FfiError("libnftables: the context is closed", { library: LIBNFTABLES.sonames[0] });
      library.nft_ctx_output_set_flags(
        context,
        (format.json ? OUTPUT_FLAG.json : 0) | (format.terse ? OUTPUT_FLAG.terse : 0),
      );
      const code = library.nft_run_cmd_from_buffer(context, cString(commands));
      return {
        ok: code === 0,
        output: readCString(library.nft_ctx_get_output_buffer(context)),
        error: readCString(library.nft_ctx_get_error_buffer(context)),
      };
    },
    [Symbol.dispose]() {
      if (open) library.nft_ctx_free(context);
      open = false;
    },
  };
}

function failure(symbol: string): FfiError {
  return new FfiError(`libnftables: ${symbol} failed`, { library: LIBNFTABLES.sonames[0], symbol });
}
