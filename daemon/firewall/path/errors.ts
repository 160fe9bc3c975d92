/** Failures of a survey as the boundary to packet filters knows them. */
import { E } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { FirewallError } from "../firewall.ts";

/** A failure of the socket as a `FirewallError`; any other error as it is. */
export function pathError(error: unknown): unknown {
  if (!(error instanceof FfiError)) return error;
  return new FirewallError(
    `Cannot read the ruleset: ${error.message}`,
    error.details.hint ?? "see `nft list ruleset`",
    {
      cause: error,
      denied: error.details.code === E.PERM,
    },
  );
}
