/** Tells changes of the ruleset that others made from our own, and those that can concern us from others. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { RunResult } from "../../../lib/host/run.ts";
import { SLOTS } from "../slots.ts";
import type { ChainSpecs } from "./chain_specs.ts";

/** How many process numbers are remembered: news of a change is read long before so many more processes ran. */
const OWN_PIDS = 64;

/** The processes that we ran last: iptables-nft talks to the kernel from a port that has the number of its process. */
export interface OwnPids {
  has(pid: number): boolean;
  note(result: RunResult): RunResult;
}

/** Remembers the last few. */
export function createOwnPids(): OwnPids {
  const pids: number[] = [];
  return {
    has: (pid) => pids.includes(pid),
    note: (result) => {
      pids.push(result.pid);
      if (pids.length > OWN_PIDS) pids.shift();
      return result;
    },
  };
}

/**
 * Whether a change by somebody else can have taken a rule, chain or jump of ours away, or put a rule into a chain of ours.
 * Rules that others add elsewhere, however many, cannot.
 */
export function concernsChains(
  { message, family, table, chain }: Pick<RulesetChange, "message" | "family" | "table" | "chain">,
  chains: ChainSpecs,
): boolean {
  const specs = family === "ip" || family === "ip6"
    ? SLOTS.map((slot) => chains[slot]).filter((spec) => spec.table === table)
    : [];
  switch (message) {
    case NFT_MSG.delTable:
      return specs.length > 0;
    case NFT_MSG.delChain:
    case NFT_MSG.delRule:
      return specs.some(({ from, to }) => chain === from || chain === to);
    case NFT_MSG.newRule:
      return specs.some(({ to }) => chain === to);
    default:
      return false;
  }
}
