/** The packet filter iptables, from its rows of fwknopd.conf to the opened backend. */
import { FfiError } from "../../../ffi/errors.ts";
import { openRulesetListener } from "../../../ffi/nfnetlink/events.ts";
import type { Log } from "../../../lib/log.ts";
import type { Backend } from "../backend.ts";
import { iptablesFirewall } from "./backend.ts";
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
  survey({ firewallExe }) {
    // Which chains of iptables can drop, nftables sees as well, and without starting a program.
    return Promise.resolve({ blocker: isFile(firewallExe) ? null : "iptables is not installed", dropping: [] });
  },
  open(config, { slots, log }) {
    return Promise.resolve(iptablesFirewall({ ...config, active: slots, log, listener: listenerOrNull(log) }));
  },
};

/** iptables of the legacy kind makes no events, and some kernels know none: the backend then proves every batch. */
function listenerOrNull(log: Log) {
  try {
    return openRulesetListener();
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    log("debug", `Changes of the ruleset cannot be listened to: ${error.message}`);
    return null;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
