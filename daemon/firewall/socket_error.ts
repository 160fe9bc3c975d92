/** Failures of the sockets as the boundary to packet filters knows them. */
import { E } from "../../ffi/abi.ts";
import { FfiError } from "../../ffi/errors.ts";
import { FirewallError } from "./firewall.ts";

/** What could not be done, as the beginning of the sentence, and what to do where the failure itself does not say it. */
export interface Attempt {
  readonly what: string;
  readonly hint: string;
}

/** Reading the ruleset. */
export const READING: Attempt = { what: "Cannot read the ruleset", hint: "see `nft list ruleset`" };

/** A failure of a socket as a `FirewallError`; any other error as it is. */
export function asFirewallError(error: unknown, { what, hint }: Attempt): unknown {
  if (!(error instanceof FfiError)) return error;
  return new FirewallError(`${what}: ${error.message}`, error.details.hint ?? hint, {
    cause: error,
    denied: error.details.code === E.PERM,
  });
}
