/** Opening the view of the way of packets on this host. */
import { E } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { readProcOrNull } from "../../../ffi/libc/proc_file.ts";
import { type Nfnetlink, openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { createPause } from "../../../lib/host/pause.ts";
import type { Run } from "../../../lib/host/run.ts";
import type { Log } from "../../../lib/log.ts";
import { asFirewallError, READING } from "../socket_error.ts";
import { createPathWatch } from "./path_watch.ts";
import { legacyReader } from "./legacy_program.ts";
import type { PathWatch } from "./watch.ts";

/** How to open it. */
export interface OpenPathOptions {
  readonly log: Log;
  /** How `iptables-legacy-save` is run. */
  readonly run: Run;
  /**
   * The interface by which packets from outside come in. Default: the only one beside the loopback interface, where there
   * is only one; else it is not known, and what chains do by interface, or bound to one, is not certain.
   */
  readonly interface?: string | null;
  /** Whether a chain is one of ours. Default: its name begins with fwknop_, in capitals or not. */
  readonly isOurs?: (chain: string) => boolean;
  /** In place of the kernel's; for tests in namespaces. */
  readonly netlink?: () => Nfnetlink;
  /** Reads a file under /proc/net; null where it is not there. Default: that of this process. */
  readonly readNet?: (name: string) => string | null;
}

/** Opens it; nothing is read before the first survey. */
export function openPathWatch(options: OpenPathOptions): PathWatch {
  let opened: Nfnetlink | null = null;
  const readNet = options.readNet ?? ((name) => readProcOrNull(`/proc/net/${name}`));
  return createPathWatch({
    netlink: () => opened ??= openWhereItWorks(options.netlink ?? openNfnetlink),
    legacy: legacyReader({ run: options.run, log: options.log, readNet }),
    interface: () => options.interface ?? onlyInterface(readNet("dev")),
    isOurs: options.isOurs ?? ((chain) => /^fwknop_/i.test(chain)),
    pause: createPause(),
    close() {
      opened?.[Symbol.dispose]();
      opened = null;
    },
  });
}

/** Null where the kernel has no nf_tables. Throws `FirewallError` where the right to ask is missing. */
function openWhereItWorks(open: () => Nfnetlink): Nfnetlink | null {
  let netlink: Nfnetlink | null = null;
  try {
    netlink = open();
    netlink.generation();
    return netlink;
  } catch (error) {
    netlink?.[Symbol.dispose]();
    if (error instanceof FfiError && error.details.code !== E.PERM) return null;
    throw asFirewallError(error, READING);
  }
}

/** The only interface beside `lo` in a text such as that of /proc/net/dev; null where there are none or several. */
export function onlyInterface(devices: string | null): string | null {
  const names = [...(devices ?? "").matchAll(/^\s*([^\s:|]+):/gm)].map(([, name]) => name ?? "").filter((name) =>
    name !== "lo"
  );
  return names.length === 1 ? names[0] ?? null : null;
}
