/** A host whose ipfw is a recorder, for the contract. */
import type { Firewall } from "../../daemon/firewall/firewall.ts";
import { ipfwFirewall, type IpfwOptions } from "../../daemon/firewall/ipfw/backend.ts";
import { ipfw, ipfwAdmits, type IpfwState, ipfwState } from "../fakes/ipfw.ts";
import type { FirewallRig } from "./firewall_contract.ts";
import { RECORDED_ADDRESSES, runRecorded } from "./pf_rig.ts";
import { standing } from "./standing.ts";

/** A rig, what is in its kernel, and how backends of other settings are made. */
export interface IpfwRig extends FirewallRig {
  readonly state: IpfwState;
  /** Milliseconds; the test sets them. */
  readonly clock: { now: number };
  start(options?: Partial<IpfwOptions>): Firewall;
}

/** The settings that are built in. */
export const IPFW_DEFAULTS: Omit<IpfwOptions, "log" | "run" | "steady"> = {
  program: "/sbin/ipfw",
  flushAtInit: true,
  flushAtExit: true,
  start: 10_000,
  end: 65_534,
  activeSet: 1,
  expireSet: 2,
  purgeInterval: 30,
  checkState: false,
  slots: ["input"],
};

/** Makes one; its clock stands still. `rules` are the administrator's. */
export function ipfwRig(rules: readonly string[] = ["60000 deny ip from any to any"]): IpfwRig {
  const state = ipfwState(...rules);
  const clock = { now: 0 };
  const log = () => {};
  const start = (options: Partial<IpfwOptions> = {}) =>
    standing(
      ipfwFirewall({
        ...IPFW_DEFAULTS,
        log,
        run: runRecorded((args, stdin) => ipfw(state, args, stdin)),
        steady: () => clock.now,
        ...options,
      }),
      { listener: null, log },
    );
  const loseJump = () => {
    state.rules = state.rules.filter(({ set }) => set !== 1);
    return Promise.resolve();
  };
  return {
    state,
    clock,
    start,
    open: (options) => Promise.resolve(start(options)),
    now: () => 1_700_000_000,
    addresses: RECORDED_ADDRESSES,
    admits: ({ from, family, service, to = "first" }) =>
      Promise.resolve(ipfwAdmits(state, {
        ...service,
        source: RECORDED_ADDRESSES[from][family].text,
        destination: RECORDED_ADDRESSES[to][family].text,
      })),
    ruleset: () => Promise.resolve(JSON.stringify([state.rules, state.tables])),
    reload: () => {
      state.rules = ipfwState(...rules).rules;
      for (const name of Object.keys(state.tables)) delete state.tables[name];
      return Promise.resolve();
    },
    loseJump,
    loseGrants: () => {
      for (const name of Object.keys(state.tables)) state.tables[name] = {};
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
