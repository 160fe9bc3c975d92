/** What a stanza gives up of its limits on NAT, and on what others publish. Pure. */
import { includesList } from "../../lib/net/cidr.ts";
import type { NatAllowance, NatPolicy } from "../grants/nat_policy.ts";
import { type Comparison, row } from "./comparison.ts";
import { natAllow, natEnd } from "./nat_kinds.ts";
import type { Stanza } from "./stanza.ts";

/** Rows for the comparison of two stanzas. */
export const NAT_ROWS: readonly Comparison<Stanza>[] = [
  row({
    name: "NAT_ALLOW",
    key: "natAllow",
    value: (stanza) => stanza.nat.allow,
    isLoss: (was, is) => was !== null && (is === null || is.some((item) => !isWithin(item, was))),
    show: (allow) => allow === null ? "every host" : natAllow.format(allow),
  }),
  row({
    name: "FORCE_NAT",
    key: "forceNat",
    value: (stanza) => stanza.nat.forceNat,
    isLoss: (was, is) => was !== null && endText(was) !== endText(is),
    show: endText,
  }),
  row({
    name: "FORWARD_ALL",
    key: "forwardAll",
    value: (stanza) => stanza.nat.forwardAll,
    isLoss: (was, is) => is && !was,
    show: (value) => value ? "Y" : "N",
  }),
  row({
    name: "GUARD",
    key: "guard",
    value: (stanza) => stanza.guard,
    isLoss: (was, is) => is === "both" && was !== "both",
    show: String,
  }),
];

function endText(end: NatPolicy["forceNat"]): string {
  return end === null ? "what the client asks for" : natEnd.format(end);
}

/** Whether one of the items covers it. */
function isWithin({ hosts, ports }: NatAllowance, before: readonly NatAllowance[]): boolean {
  return before.some((item) => {
    if (!includesList(item.hosts, hosts)) return false;
    const known = item.ports;
    if (known === null) return true;
    return ports?.every((range) => known.some(({ first, last }) => first <= range.first && range.last <= last)) ===
      true;
  });
}
