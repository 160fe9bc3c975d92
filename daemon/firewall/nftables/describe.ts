/** The listing of `--fw-list`: our chains, who jumps to them, and the grants that are open. Pure. */
import { showable } from "../../../lib/showable.ts";
import { formatChain } from "../names.ts";
import { dataText, keyText } from "./elements.ts";
import type { TimedElement } from "./timed_elements.ts";
import type { FoundTable } from "./placement.ts";
import { NAT_CHAINS, PREFIX } from "./set_layout.ts";

/** A table with what its sets of ours hold. */
export interface ListedTable {
  readonly found: FoundTable;
  readonly open: readonly TimedElement[];
}

/** Text for people, with a line for each chain, set and grant. */
export function describeTables(tables: readonly ListedTable[], now: number): string {
  const lines = ["Listing rules in fwknopd nftables chains..."];
  for (const { found, open } of tables) {
    const { chains, sets, jumps } = found;
    for (const { chain } of chains) {
      const from = jumps.filter(({ to }) => to === chain).map((jump) => showable(jump.from)).join(", ") || "nowhere";
      lines.push("", `chain ${formatChain({ ...found, chain })} (reached from ${hookOf(chain) ?? from})`);
      for (const { set } of sets.filter((one) => one.set.startsWith(chain))) {
        for (const { element, expiresAt } of open.filter((one) => one.element.layout.name === set)) {
          const value = element.data === null ? "" : ` : ${dataText(element)}`;
          const left = Math.max(0, Math.round(expiresAt - now));
          lines.push(`  ${set} ${keyText(element)}${value}, expires at ${expiresAt} (in ${left} seconds)`);
        }
      }
    }
  }
  if (tables.every(({ open }) => open.length === 0)) lines.push("", "nothing is open");
  return `${lines.join("\n")}\n`;
}

/** Chains of ours that packets enter by themselves. */
function hookOf(chain: string): string | null {
  const slot = chain.slice(PREFIX.length);
  if (!(slot in NAT_CHAINS)) return null;
  return `the ${slot === "dnat" ? "prerouting" : "postrouting"} hook`;
}
