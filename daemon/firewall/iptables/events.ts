/** Tells changes of the ruleset that others made from our own. */
import type { RunResult } from "../../../lib/host/run.ts";
import type { RulesetEvents } from "../firewall.ts";
import { SLOTS } from "../slots.ts";
import type { ChainSpecs } from "./chain_specs.ts";

/** What is used of the listener of `ffi/nfnetlink`. */
export interface ChangeListener {
  readonly fd: number;
  drain(): {
    readonly changes: readonly { readonly portId: number; readonly table: string; readonly set: string }[];
    readonly lost: boolean;
  };
}

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
 * Changes of tables that we use, made by anybody else. Changes of sets are left out: no rule of ours is in a set, and a
 * blocklist may change many times a second.
 */
export function rulesetEvents(listener: ChangeListener, own: OwnPids, chains: ChainSpecs): RulesetEvents {
  const tables = new Set(SLOTS.map((slot) => chains[slot].table));
  return {
    fd: listener.fd,
    drain: () => {
      const { changes, lost } = listener.drain();
      return lost || changes.some(({ portId, table, set }) => set === "" && tables.has(table) && !own.has(portId));
    },
  };
}
