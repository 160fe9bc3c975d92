/** What firewalld cannot do, at the start and for a single grant. Pure. */
import { type Access, accessKey, type Grant, type Slot } from "../firewall.ts";
import type { FirewalldConfig } from "./settings.ts";

/**
 * What is asked for and no rich rule with a timeout can do, as what follows "firewalld"; null where there is nothing such.
 * `slots`: those in use, where they are known.
 */
export function impossible(
  { output, snat }: Pick<FirewalldConfig, "output" | "snat">,
  slots: readonly Slot[] = [],
): string | null {
  if (slots.includes("published")) {
    return "has no rule with a timeout that lets through what others forward (GUARD forward, GUARD both)";
  }
  if (output) return "has no rule with a timeout that lets answers out (ENABLE_IPT_OUTPUT or ENABLE_FIREWD_OUTPUT)";
  return snat ? "has no rule with a timeout that rewrites sources (ENABLE_IPT_SNAT or ENABLE_FIREWD_SNAT)" : null;
}

/** The remedy for that. */
export const IMPOSSIBLE_HINT =
  "take that setting away (what goes to hosts inside can be masqueraded by firewalld itself: firewall-cmd --add-masquerade), " +
  "or set FIREWALL to nftables";

/** Why the grant cannot be opened, whatever happens; null where it can, or where another one opens it. */
export function objectionTo(access: Access, slots: readonly Slot[]): string | null {
  switch (access.slot) {
    case "input":
      return null;
    case "forward":
      return "firewalld lets through this host only what it forwards to another port (not with FORWARD_ALL or DISABLE_DNAT)";
    case "dnat":
      if (!slots.includes("dnat")) return "doors of the kind dnat are not switched on";
      return access.service === null || access.toPort === null
        ? "firewalld forwards single ports only (not with FORWARD_ALL)"
        : null;
    case "published":
      return "firewalld lets through for a time only what it forwards itself";
    case "snat":
    case "masquerade":
      return "firewalld cannot rewrite sources for a time";
    default:
      return "firewalld cannot hold such a door";
  }
}

/** The grant, of these, that opens that one too: what firewalld forwards it lets through. Null where there is none. */
export function twinOf(access: Access, ...grants: readonly Iterable<Grant>[]): Access | null {
  if (access.slot !== "forward" || access.service === null) return null;
  const { source, target, service } = access;
  const way = accessKey({ slot: "forward", source, target: null, service });
  const isTwin = ({ access: one }: Grant) =>
    one.slot === "dnat" && one.service !== null && one.toPort !== null &&
    (target === null || target.text === one.to.text) &&
    accessKey({
        slot: "forward",
        source: one.source,
        target: null,
        service: { proto: one.service.proto, port: one.toPort },
      }) === way;
  for (const some of grants) for (const one of some) if (isTwin(one)) return one.access;
  return null;
}
