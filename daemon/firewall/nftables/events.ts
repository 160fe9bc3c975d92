/** Which changes of the ruleset can have taken something of ours away. Pure. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import { isOurChain, isOurSet } from "./placement.ts";
import type { PlacedTable } from "./reading.ts";

/** What an event says of the thing that changed. */
export type Change = Pick<RulesetChange, "message" | "family" | "table" | "chain" | "set" | "handle">;

/** Whether our chains, their rules, the jumps to them, our sets or what they hold can have changed. */
export function concernsUs(change: Change, placed: readonly PlacedTable[]): boolean {
  const at = placed.find(({ ours }) => ours.family === change.family && ours.table === change.table);
  if (at === undefined) return false;
  switch (change.message) {
    case NFT_MSG.delTable:
      return true;
    case NFT_MSG.delChain:
      return isOurChain(change.chain) || at.jumps.some(({ from }) => from === change.chain);
    case NFT_MSG.newRule:
      return isOurChain(change.chain);
    case NFT_MSG.delRule:
      return isOurChain(change.chain) ||
        at.jumps.some(({ from, handle }) =>
          from === change.chain && (handle === change.handle || change.handle === null)
        );
    case NFT_MSG.delSet:
    case NFT_MSG.newSetElem:
    case NFT_MSG.delSetElem:
      return isOurSet(change.set);
    default:
      return false;
  }
}

/**
 * Whether somebody else made a chain of our name where nothing of ours is known to be: a ruleset that was saved with our
 * chains in it was loaded again.
 */
export function bringsOurs(change: Change, placed: readonly PlacedTable[]): boolean {
  if (change.message !== NFT_MSG.newChain && change.message !== NFT_MSG.newRule) return false;
  return isOurChain(change.chain) &&
    !placed.some(({ ours }) => ours.family === change.family && ours.table === change.table);
}
