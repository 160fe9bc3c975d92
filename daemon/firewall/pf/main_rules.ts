/** What the main ruleset of pf does with the anchor: whether it is gone into, and what drops packets before that. Pure. */

/** Why the grants of the anchor would be shut. */
export interface AnchorTrouble {
  readonly message: string;
  readonly hint: string;
}

/** Reads `pfctl -s rules`. Null: packets come to the anchor, as far as can be told. */
export function anchorTrouble(listing: string, anchor: string): AnchorTrouble | null {
  const lines = listing.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => leadsInto(line, anchor));
  if (at < 0) {
    return {
      message: `anchor is not active: pf.conf needs: anchor "${anchor}"`,
      hint:
        "write that line into /etc/pf.conf, above what blocks, and load it (pfctl -f /etc/pf.conf): without it no rule in " +
        "the anchor counts",
    };
  }
  const blocking = lines.slice(0, at).find(blocksAll);
  if (blocking === undefined) return null;
  return {
    message: `pf.conf blocks everything before its anchor "${anchor}": ${blocking}`,
    hint: `put the line anchor "${anchor}" above that rule, or take "quick" from it`,
  };
}

/** Whether the rule is an anchor that incoming packets go through and that is `anchor`, or all that are in its parent. */
function leadsInto(rule: string, anchor: string): boolean {
  const [, name, rest = ""] = /^anchor "([^"]*)"(.*)$/.exec(rule) ?? [];
  if (name === undefined || /^ out\b/.test(rest)) return false;
  const parent = anchor.includes("/") ? anchor.slice(0, anchor.lastIndexOf("/")) : "";
  return name === anchor || name === (parent === "" ? "*" : `${parent}/*`);
}

/** A rule that no incoming packet gets by, of whatever interface, family and address. */
function blocksAll(rule: string): boolean {
  return /^block(?: (?:drop|return(?:-rst|-icmp6?)?(?:\([^)]*\))?))?(?: in)?(?: log(?: \([^)]*\))?)? quick all$/.test(
    rule,
  );
}

/** Whether `pfctl -s info` says that pf is off, so that everything is let in. */
export function isPfOff(info: string): boolean {
  return /^Status: Disabled\b/m.test(info);
}

/** Whether pfctl failed because there is no such anchor, in the words of FreeBSD and macOS, and of OpenBSD. */
export function isAnchorAbsent(failure: string): boolean {
  return /DIOCGETRULES: Invalid argument|Anchor '.*' not found|Anchor does not exist/.test(failure);
}

/** Whether pfctl failed because there is no such table. */
export function isTableAbsent(failure: string): boolean {
  return /Table does not exist/.test(failure);
}
