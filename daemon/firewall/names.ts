/**
 * Tables and chains as lines show them. Whoever may make one may put line ends and the like into its name, so what is shown
 * is never what is compared. Pure.
 */
import type { ChainName, TableName } from "../../ffi/nfnetlink/ruleset.ts";
import { showable } from "../../lib/showable.ts";

/** `inet filter`. */
export function formatTable({ family, table }: TableName): string {
  return `${family} ${showable(table)}`;
}

/** `inet filter input`. */
export function formatChain({ family, table, chain }: ChainName): string {
  return `${formatTable({ family, table })} ${showable(chain)}`;
}
