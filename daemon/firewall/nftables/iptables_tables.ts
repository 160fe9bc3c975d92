/**
 * Which tables belong to iptables-nft: nothing of ours is ever put there. iptables-save would write a rule of ours without
 * its set, and a restore would let everybody in. Pure.
 */
import type { Ruleset } from "./ruleset.ts";

const IPTABLES_TABLES = new Set(["filter", "nat", "mangle", "raw", "security"]);
const IPTABLES_CHAINS = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** Whether the table is one that iptables-nft writes: its names, and its upper-case built-in chains. */
export function isIptablesTable(ruleset: Ruleset, family: string, table: string): boolean {
  return (family === "ip" || family === "ip6") && IPTABLES_TABLES.has(table) &&
    ruleset.chains.some((chain) =>
      chain.family === family && chain.table === table && chain.base !== null && IPTABLES_CHAINS.has(chain.name)
    );
}
