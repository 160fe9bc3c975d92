/** The packet filter iptables, from its rows of fwknopd.conf to the opened backend. */
import type { Backend } from "../backend.ts";
import { iptablesFirewall } from "./backend.ts";
import { isFile } from "../program.ts";
import { SLOTS } from "../slots.ts";
import { executableFor, flavourOf } from "./flavour.ts";
import {
  configureIptables,
  DECISIVE,
  DEFAULT_EXECUTABLE,
  IPTABLES_SETTINGS,
  type IptablesConfig,
  type IptablesValues,
} from "./settings.ts";
import { VARIANTS } from "./tools.ts";

/** iptables and ip6tables, with chains and rules as the C daemon has them. */
export const iptables: Backend<IptablesConfig, IptablesValues> = {
  name: "iptables",
  settings: IPTABLES_SETTINGS,
  inDumpOfC: true,
  decisive: DECISIVE,
  otherwise: "no native nftables chain stands in the way of packets",
  programs: ["iptables", "ip6tables"].flatMap((family) =>
    VARIANTS.flatMap((variant) => ["", "-save", "-restore"].map((tool) => `${family}${variant}${tool}`))
  ),
  configure: configureIptables,
  program: (config) => config?.firewallExe ?? DEFAULT_EXECUTABLE,
  needs: ["run"],
  owners: ({ firewallExe, isExeGiven }) => isExeGiven ? [flavourOf(firewallExe)] : ["iptables-nft", "iptables-legacy"],
  blocker: ({ firewallExe }) => isFile(firewallExe) ? null : "iptables is not installed",
  isOurs: ({ chains }, chain) => SLOTS.some((slot) => chains[slot].to === chain),
  open(config, { slots, log, owner }) {
    return Promise.resolve(
      iptablesFirewall({ ...config, firewallExe: executableFor(config, owner), active: slots, log }),
    );
  },
};
