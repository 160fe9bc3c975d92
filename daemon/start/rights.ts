/**
 * Giving up rights before the first packet is looked at. What the runtime's permissions cannot
 * wall off, because native code runs outside of them, is the business of uid, capabilities and systemd (SECURITY.md).
 */
import { loadRemainingTables } from "../../ffi/loader.ts";

/**
 * Revokes what the loop does not need. Reading stays for SIGHUP; `sys` stays for the owner check of the files read then.
 *
 * @param keepRun the packet filter is driven by programs (iptables, or the `nft` executable)
 */
export function giveUpRights(keepRun: boolean): void {
  loadRemainingTables();
  const names = ["env", "net", "write", "ffi", ...(keepRun ? [] : ["run" as const])] as const;
  for (const name of names) Deno.permissions.revokeSync({ name });
}
