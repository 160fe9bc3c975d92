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
      /** What could not be done, as it follows "Cannot", and why, where the message is made of these two. */
      readonly failed?: { readonly action: string; readonly reason: string };
      /** The next move, e.g. `install the Debian package libpcap0.8`. */
      readonly hint?: string;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
