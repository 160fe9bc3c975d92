/** Keeping a view of the way of packets that is true: read once, corrected by what the kernel tells of changes. */
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { Access } from "../firewall.ts";
import type { Obstruction, PathChain } from "./model.ts";

/** The view. Nothing of it changes the ruleset. */
export interface PathWatch extends Disposable {
  /** The base chains on all hooks as they were at the last survey, in the order in which a packet meets them. */
  readonly chains: readonly PathChain[];
  /**
   * Reads the ruleset anew and resolves with the new `chains`; everything else goes on meanwhile. Throws `FirewallError`
   * where it cannot be read.
   */
  survey(): Promise<readonly PathChain[]>;
  /**
   * Takes note of a change that somebody made, and says whether a survey is due: base chains came, went or changed, or a
   * rule that can shut a door. Costs the same however large the ruleset is.
   */
  hear(change: RulesetChange): boolean;
  /**
   * What keeps the grant shut, nearest to the wire first; empty: its packets get through. From memory, apart from looking
   * single addresses up in named sets. Jumps to chains of ours count as open.
   */
  judge(access: Access): readonly Obstruction[];
}
