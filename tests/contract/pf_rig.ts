/** A host with pf whose pfctl is a recorder, for the contract. */
import { pfFirewall, type PfOptions } from "../../daemon/firewall/pf/backend.ts";
import type { Firewall } from "../../daemon/firewall/firewall.ts";
import type { Run } from "../../lib/host/run.ts";
import { pfAdmits, pfctl, type PfState, pfState } from "../fakes/pfctl.ts";
import { addressPair } from "./addresses.ts";
import type { FirewallRig } from "./firewall_contract.ts";
import { standing } from "./standing.ts";

/** The pf.conf of the host: nobody gets in but by the anchor. */
export const PF_CONF = 'block drop in all\nanchor "fwknop"\n';

/** Its clock stands still. */
const NOW = 1_700_000_000;

/** Addresses that no host has. */
export const RECORDED_ADDRESSES: FirewallRig["addresses"] = {
  knocker: addressPair("10.77.0.2", "fd77::2"),
  stranger: addressPair("10.77.0.3", "fd77::3"),
  first: addressPair("10.77.0.1", "fd77::1"),
  second: addressPair("10.77.0.9", "fd77::9"),
};

/** A rig, what is in its kernel, and how backends of other settings are made. */
export interface PfRig extends FirewallRig {
  readonly state: PfState;
  readonly log: readonly string[];
  start(options?: Partial<PfOptions>): Firewall;
}

/** A recorder as what runs programs. */
export function runRecorded(answer: (args: readonly string[], stdin?: string) => ReturnType<typeof pfctl>): Run {
  return (_program, args, options) =>
    Promise.resolve({ ...answer(args, options?.stdin), timedOut: false, truncated: false, pid: 1 });
}

/** Makes one; its clock stands still. */
export function pfRig(style: PfState["style"] = "freebsd"): PfRig {
  const state = { ...pfState(PF_CONF, style), now: NOW };
  const log: string[] = [];
  const say = (level: string, text: string) => void log.push(`${level} ${text}`);
  const start = (options: Partial<PfOptions> = {}) =>
    standing(
      pfFirewall({
        ...{ program: "/sbin/pfctl", anchor: "fwknop", flushAtInit: true, flushAtExit: true, slots: ["input"] },
        log: say,
        run: runRecorded((args, stdin) => pfctl(state, args, stdin)),
        ...options,
      }),
      { listener: null, log: say },
    );
  const empty = () => Promise.resolve(void ((state.anchors = {}), (state.tables = {})));
  return {
    state,
    log,
    start,
    open: (options) => Promise.resolve(start(options)),
    now: () => NOW,
    addresses: RECORDED_ADDRESSES,
    admits: ({ from, family, service, to = "first" }) =>
      Promise.resolve(pfAdmits(state, {
        ...service,
        source: RECORDED_ADDRESSES[from][family].text,
        destination: RECORDED_ADDRESSES[to][family].text,
      })),
    ruleset: () => Promise.resolve(JSON.stringify([state.main, state.anchors, state.tables])),
    reload: empty,
    loseJump: () => Promise.resolve(void (state.main = pfState("block drop in all\n").main)),
    loseGrants: empty,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
