/** Keeping a view of the way of packets that is true: read once, corrected by what the kernel tells of changes. */
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { Access } from "../firewall.ts";
import type { Beside } from "./beside.ts";
import type { Enters, NewPacket, Obstruction, Owner, PathChain, Step } from "./model.ts";

/**
 * What a change makes due. `survey`: base chains came, went or changed, or a rule that can shut a door; `judging`: it may be
 * about the packets of a grant that was judged.
 */
export type Due = "nothing" | "judging" | "survey";

/** A chain of ours, whoever put it there, and whose tables it stands in. */
export interface OwnChain {
  readonly owner: Owner;
  readonly chain: string;
}

/** The view. Nothing of it changes the ruleset. */
export interface PathWatch extends Disposable {
  /**
   * The base chains on all hooks as they were at the last survey, in the order in which a packet meets them; those that only
   * translate addresses, and those of dormant tables, are left out.
   */
  readonly chains: readonly PathChain[];
  /**
   * Reads what is not known to be true any more and resolves with the new `chains`; everything else goes on meanwhile.
   * Throws `FirewallError` where it cannot be read.
   */
  survey(): Promise<readonly PathChain[]>;
  /**
   * Takes note of a change, our own included, and says what is due. Costs the same however large the ruleset is. `lost`:
   * changes were missed; the next survey reads everything.
   */
  hear(change: RulesetChange | "lost"): Due;
  /**
   * What keeps the grant shut, nearest to the wire first; empty: its packets get through, as far as that is known. From
   * memory, apart from looking single addresses up in named sets, and where somebody's rule sends them on. Jumps to chains
   * of ours count as open. `enters`: default none; `beside`: the grants of that source that are open, itself included or not.
   */
  judge(access: Access, enters?: Enters, beside?: Beside): readonly Obstruction[];
  /** Before all grants that are open are judged: what was said of them before does not count any more. */
  judgeAnew(): void;
  /** The chains of ours of every packet filter, also those that nothing leads to. */
  ours(): readonly OwnChain[];
  /** What each chain on the packet's way does with it, in order. */
  walk(packet: NewPacket, enters?: Enters): readonly Step[];
}
