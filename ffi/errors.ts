/** The one error that leaves `ffi/`: which library, which call, what it said, and what the operator can do. */
export class FfiError extends Error {
  override readonly name = "FfiError";
  constructor(
    message: string,
    readonly details: {
      readonly library: string;
      readonly symbol?: string;
      /** errno, or the library's own return code. */
      readonly code?: number;
      /** The next move, e.g. `install the Debian package libpcap0.8`. */
      readonly hint?: string;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
