/** The packet filter iptables, from its rows of fwknopd.conf to the opened backend. */
import type { Backend } from "../backend.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { type Conversation, startConversation } from "../../../ffi/libc/conversation.ts";
import { fileFacts } from "../../../ffi/libc/file_facts.ts";
import { openMomentaryListener } from "../../../ffi/nfnetlink/events.ts";
import { openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { PROGRAM_ENVIRONMENT } from "../../../lib/host/run.ts";
import { iptablesFirewall, type IptablesOptions } from "./backend.ts";
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

/** What an iptables-restore is kept open with on this host. `isTold`: whether the kernel tells of its changes. */
function keepWith(isTold: boolean): IptablesOptions["keep"] {
  const listen = isTold ? openMomentaryListener : null;
  return { start: startKept, listen, fileOf, netlink: isTold ? openNfnetlink : null };
}

/** Another text after an upgrade, or when it may not be executed any more. A file that cannot be looked at is the same as one that is not there. */
function fileOf(program: string): string | null {
  try {
    const facts = fileFacts(0, program);
    return facts === null ? null : `${facts.key} ${facts.mode} ${facts.modified}`;
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return null;
  }
}

/** Started by libc, which the runtime's permissions do not see: so they are asked first. */
function startKept(program: string, args: readonly string[]): Conversation | null {
  if (Deno.permissions.querySync({ name: "run", command: program }).state !== "granted") return null;
  try {
    return startConversation({ path: program, args, env: PROGRAM_ENVIRONMENT, folder: "/" });
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return null;
  }
}

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
  open(config, { slots, log, owner, hears }) {
    const firewallExe = executableFor(config, owner);
    const flavour = flavourOf(firewallExe);
    const isTold = hears && flavour === "iptables-nft";
    // Without news of the rules of iptables-nft, nothing could confirm what one that is kept open says.
    const keep = isTold || flavour === "iptables-legacy" ? keepWith(isTold) : null;
    return Promise.resolve(iptablesFirewall({ ...config, firewallExe, active: slots, log, hears: isTold, keep }));
  },
};
