/** The server of a lab, guarded by iptables, for the contract. */
import { DEFAULT_CHAINS } from "../../daemon/firewall/iptables/chain_specs.ts";
import { activeSlots } from "../../daemon/firewall/slots.ts";
import { iptablesFirewall, type IptablesOptions } from "../../daemon/firewall/iptables/backend.ts";
import { openMomentaryListener, openRulesetListener } from "../../ffi/nfnetlink/events.ts";
import { openNfnetlink } from "../../ffi/nfnetlink/nfnetlink.ts";
import type { Firewall } from "../../daemon/firewall/firewall.ts";
import { iptablesGuard, type Lab, makeLab, OUTER } from "../lab/mod.ts";
import { addressPair } from "./addresses.ts";
import type { FirewallRig } from "./firewall_contract.ts";
import { fileFacts } from "../../ffi/libc/file_facts.ts";
import { conversationWithin, runWithin, within } from "./namespace.ts";
import { standing } from "./standing.ts";
import type { Log } from "../../lib/log.ts";

/** The two variants of the iptables package. */
export type Variant = "iptables" | "iptables-legacy";

/** A rig, its lab, and a way to start backends with other settings. */
export interface IptablesRig extends FirewallRig {
  readonly lab: Lab;
  readonly log: readonly string[];
  /** What an iptables-restore is kept open with there. */
  readonly keep: NonNullable<IptablesOptions["keep"]>;
  start(options?: Partial<IptablesOptions>): Firewall;
}

/** The default settings of the C daemon. */
export const DEFAULT_OPTIONS: Omit<IptablesOptions, "log" | "run" | "firewallExe" | "hears"> = {
  chains: DEFAULT_CHAINS,
  active: activeSlots({ output: false, forwarding: false, localNat: false, snat: false, published: false }),
  flushAtInit: true,
  flushAtExit: true,
  commentCheck: true,
  prepend: false,
  keep: null,
};

let shared: Promise<Lab> | undefined;

/** One lab serves all rigs of a test file, one after the other; the lab removes itself when the process ends. */
async function prepareLab(): Promise<Lab> {
  const lab = await makeLab({ guard: "none" });
  await lab.must("server", ["ip", "address", "add", "10.77.0.9/24", "dev", OUTER]);
  await lab.must("server", ["ip", "-6", "address", "add", "fd77::9/64", "dev", OUTER, "nodad"]);
  return lab;
}

function addressesOf(lab: Lab): IptablesRig["addresses"] {
  return {
    knocker: addressPair(lab.address("knocker"), lab.address("knocker", 6)),
    stranger: addressPair(lab.address("stranger"), lab.address("stranger", 6)),
    first: addressPair(lab.address("server"), lab.address("server", 6)),
    second: addressPair("10.77.0.9", "fd77::9"),
  };
}

function keepWithin(namespace: string, variant: Variant): IptablesRig["keep"] {
  return {
    start: conversationWithin(namespace),
    listen: variant === "iptables" ? () => within(namespace, openMomentaryListener) : null,
    fileOf: (path) => fileFacts(0, path)?.key ?? null,
    netlink: variant === "iptables" ? () => within(namespace, openNfnetlink) : null,
  };
}

/** Makes a rig with freshly loaded rules. */
export async function iptablesRig(variant: Variant = "iptables"): Promise<IptablesRig> {
  const lab = await (shared ??= prepareLab());
  const { namespace } = lab.host("server");
  await lab.guard("none");
  const open: Disposable[] = [];
  const log: string[] = [];
  const tools = [variant, variant.replace("ip", "ip6")];
  const keep = keepWithin(namespace, variant);
  const start = (options: Partial<IptablesOptions> = {}) => {
    const say: Log = (_level, text) => void log.push(text);
    const backend = iptablesFirewall({
      ...DEFAULT_OPTIONS,
      hears: variant === "iptables",
      keep,
      firewallExe: `/usr/sbin/${variant}`,
      log: say,
      run: runWithin(namespace),
      ...options,
    });
    const firewall = standing(backend, { listener: within(namespace, openRulesetListener), log: say });
    open.push(firewall);
    return firewall;
  };
  const onBoth = async (...args: readonly string[]) => {
    for (const tool of tools) await lab.must("server", [tool, ...args]);
  };
  const reload = async () => {
    await lab.must("server", [`${tools[0]}-restore`], { stdin: iptablesGuard(4) });
    await lab.must("server", [`${tools[1]}-restore`], { stdin: iptablesGuard(6) });
  };
  await reload();
  return {
    lab,
    log,
    keep,
    start,
    open: (options) => Promise.resolve(start(options)),
    now: () => Math.floor(Date.now() / 1000),
    addresses: addressesOf(lab),
    admits: async ({ from, family, service, to }) => {
      const target = to === "second" ? (family === 4 ? "10.77.0.9" : "fd77::9") : lab.address("server", family);
      return await lab.probe(from, target, service.port, { transport: service.proto }) !== "filtered";
    },
    ruleset: async () => {
      const texts: string[] = [];
      for (const tool of tools) texts.push(await lab.must("server", [`${tool}-save`]));
      return texts.join("").replace(/^#.*\n/gm, "").replace(/ \[\d+:\d+\]$/gm, "");
    },
    reload,
    loseJump: () => onBoth("-D", "INPUT", "-j", "FWKNOP_INPUT"),
    loseGrants: () => onBoth("-F", "FWKNOP_INPUT"),
    [Symbol.asyncDispose]: async () => {
      for (const firewall of open) firewall[Symbol.dispose]();
      for (const tool of tools) {
        for (const table of ["filter", "nat"]) {
          const policies = table === "filter"
            ? ["INPUT", "FORWARD", "OUTPUT"]
            : ["PREROUTING", "POSTROUTING", "OUTPUT"];
          const stdin = [`*${table}`, ...policies.map((chain) => `:${chain} ACCEPT`), "COMMIT", ""].join("\n");
          await lab.must("server", [`${tool}-restore`], { stdin });
        }
      }
    },
  };
}
