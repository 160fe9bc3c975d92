/** Which changes of the ruleset can matter to our grants. Pure. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import { PREFIX } from "./set_layout.ts";

/** Whether the change can have taken something of ours away or put something in our way. Other people's elements cannot. */
export function concernsUs({ message, set }: Pick<RulesetChange, "message" | "set">): boolean {
  switch (message) {
    case NFT_MSG.newTable:
    case NFT_MSG.delTable:
    case NFT_MSG.newChain:
    case NFT_MSG.delChain:
    case NFT_MSG.newRule:
    case NFT_MSG.delRule:
      return true;
    case NFT_MSG.delSet:
    case NFT_MSG.delSetElem:
      return set.startsWith(PREFIX);
    default:
      return false;
  }
}
