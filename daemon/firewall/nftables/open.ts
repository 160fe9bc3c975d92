/** Opening the backend on this host. */
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { runProgram, tellSlow } from "../../../lib/host/run.ts";
import type { OpenedBackend } from "../backend.ts";
import { nftablesBackend, type NftablesOptions } from "./backend.ts";
import { asFirewallError } from "../socket_error.ts";
import { BY_NETLINK } from "./refusals.ts";

/** Opens the sockets; the ruleset is not touched before `prepare`. Throws `FirewallError`. */
export function openNftables(options: NftablesOptions): OpenedBackend {
  try {
    return nftablesBackend({ netlink: openNfnetlink(), run: tellSlow(runProgram, options.log) }, options);
  } catch (error) {
    throw asFirewallError(error, BY_NETLINK);
  }
}
