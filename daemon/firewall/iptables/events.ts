/** Tells changes of the ruleset that others made from our own, and those that can concern us from others. */
import { NFT_MSG } from "../../../ffi/nfnetlink/constants.ts";
import type { RulesetChange } from "../../../ffi/nfnetlink/events.ts";
import type { Expression } from "../../../ffi/nfnetlink/ruleset.ts";
import { SLOTS } from "../slots.ts";
import type { ChainSpecs } from "./chain_specs.ts";
import { isDockerChain } from "./chains.ts";

/** How many process numbers are remembered: news of a change is read long before so many more processes ran. */
const OWN_PIDS = 64;

/** The processes that we ran last: iptables-nft talks to the kernel from a port that has the number of its process. */
export interface OwnPids {
  has(pid: number): boolean;
  note(pid: number): void;
}

/** Remembers the last few. */
export function createOwnPids(): OwnPids {
  const pids: number[] = [];
  return {
    has: (pid) => pids.includes(pid),
    note: (pid) => {
      if (pids.at(-1) === pid) return;
      pids.push(pid);
      if (pids.length > OWN_PIDS) pids.shift();
    },
  };
}

/**
 * Whether a change by somebody else can have taken a rule, chain or jump of ours away, put a rule into a chain of ours, or one
 * of Docker's jumps above ours. Other rules that others add, however many, cannot.
 */
export function concernsChains(
  change: Pick<RulesetChange, "message" | "family" | "table" | "chain" | "expressions">,
  chains: ChainSpecs,
): boolean {
  const { message, family, table, chain } = change;
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
      return specs.some(({ from, to }) => chain === to || (chain === from && leadsToDocker(change.expressions())));
    default:
      return false;
  }
}

function leadsToDocker(rule: readonly Expression[]): boolean {
  return rule.some((step) => step.kind === "verdict" && "chain" in step.verdict && isDockerChain(step.verdict.chain));
}
