/** A host in memory for the contract. */
import { recordedRuleset, recordingFirewall } from "../../daemon/firewall/recording.ts";
import type { FirewallRig } from "./firewall_contract.ts";
import { addressPair } from "./addresses.ts";

/** Makes one; its clock stands still. */
export function recordingRig(kernelTimed: boolean): FirewallRig {
  const ruleset = recordedRuleset();
  const now = () => 1_700_000_000;
  const addresses = {
    knocker: addressPair("10.77.0.2", "fd77::2"),
    stranger: addressPair("10.77.0.3", "fd77::3"),
    first: addressPair("10.77.0.1", "fd77::1"),
    second: addressPair("10.77.0.9", "fd77::9"),
  };
  const view = recordingFirewall({ now, kernelTimed, ruleset });
  return {
    open: ({ flushAtInit }) => Promise.resolve(recordingFirewall({ now, kernelTimed, flushAtInit, ruleset })),
    now,
    addresses,
    admits: ({ from, family, service, to }) => {
      const source = addresses[from][family];
      const destinations = [null, addresses[to ?? "first"][family]];
      return Promise.resolve(
        destinations.some((destination) => view.admits({ slot: "input", source, destination, service })),
      );
    },
    ruleset: () => Promise.resolve(JSON.stringify({ ...ruleset, accesses: [...ruleset.accesses] })),
    reload: () => Promise.resolve(view.flushRuleset()),
    loseJump: () => Promise.resolve(view.loseJump()),
    loseGrants: () => Promise.resolve(ruleset.accesses.clear()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
