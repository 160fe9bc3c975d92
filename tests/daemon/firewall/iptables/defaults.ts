/** What the rows of iptables mean where none is set. */
import { DEFAULT_CHAINS } from "../../../../daemon/firewall/iptables/chain_specs.ts";
import type { IptablesConfig } from "../../../../daemon/firewall/iptables/settings.ts";

export const DEFAULTS: IptablesConfig = {
  firewallExe: "/usr/sbin/iptables",
  isExeGiven: false,
  flushAtInit: true,
  flushAtExit: true,
  prepend: false,
  commentCheck: true,
  chains: DEFAULT_CHAINS,
};
