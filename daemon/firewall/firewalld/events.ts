/** Which changes of the ruleset can have taken our rules out of firewalld. Pure. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";

const TAKING: ReadonlySet<number> = new Set([
  ...[NFT_MSG.newTable, NFT_MSG.delTable, NFT_MSG.delChain, NFT_MSG.delRule],
]);

/**
 * A reload takes our rules out of firewalld itself, not only out of the kernel, and the table of a firewalld that was started
 * again has none: then firewalld is asked. With iptables below it, its chains are known by their names.
 */
export function concernsZones({ message, table, chain }: Pick<RulesetChange, "message" | "table" | "chain">): boolean {
  return TAKING.has(message) && (table === "firewalld" || /^(?:IN|PRE)_/.test(chain));
}
