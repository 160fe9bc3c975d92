/** Opening the view of the way of packets on this host. */
import { E } from "../../../ffi/abi.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { readProcOrNull } from "../../../ffi/libc/proc_file.ts";
import { type Route, routeTo } from "../../../ffi/libc/route.ts";
import { type Nfnetlink, openNfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import { createPause } from "../../../lib/host/pause.ts";
import type { Run } from "../../../lib/host/run.ts";
import type { Ip } from "../../../lib/net/address.ts";
import type { Log } from "../../../lib/log.ts";
import { asFirewallError, READING } from "../socket_error.ts";
import { createPathWatch } from "./path_watch.ts";
import { legacyReader } from "./legacy_program.ts";
import type { PathWatch } from "./watch.ts";
import type { Arrival } from "./way.ts";

/** How to open it. */
export interface OpenPathOptions {
  readonly log: Log;
  /** How `iptables-legacy-save` is run. */
  readonly run: Run;
  /**
   * The interface by which packets from outside come in. Default: the only one beside the loopback interface and those of
   * containers, where there is only one; else it is not known, and what chains do by interface, or bound to one, is not
   * certain.
   */
  readonly interface?: string | null;
  /** Whether a chain is one of ours. Default: its name begins with fwknop_, in capitals or not. */
  readonly isOurs?: (chain: string) => boolean;
  /** In place of the kernel's; for tests in namespaces. */
  readonly netlink?: () => Nfnetlink;
  /** Reads a file under /proc/net; null where it is not there. Default: that of this process. */
  readonly readNet?: (name: string) => string | null;
  /** Where packets to the address go; null: not known. Default: as the kernel says. */
  readonly route?: (address: Ip) => Route | null;
}

/** Opens it; nothing is read before the first survey. */
export function openPathWatch(options: OpenPathOptions): PathWatch {
  let opened: Nfnetlink | null = null;
  const readNet = options.readNet ?? ((name) => readProcOrNull(`/proc/net/${name}`));
  return createPathWatch({
    netlink: () => opened ??= openWhereItWorks(options.netlink ?? openNfnetlink),
    legacy: legacyReader({ run: options.run, log: options.log, readNet }),
    arrival: () => options.interface ? { only: options.interface, never: [] } : arrivalBy(readNet("dev")),
    route: options.route ?? routeTo,
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

/** Names that Docker, podman, libvirt, LXC and CNI give to interfaces behind which their containers and machines are. */
const CONTAINERS =
  /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12}|veth.+|podman\d+|cni\d+|cni-.+|virbr\d+|vnet\d+|lxcbr\d+|lxdbr\d+)$/;

/** From a text such as that of /proc/net/dev. Where there is only one beside `lo`, packets come by that one, whatever its name. */
export function arrivalBy(devices: string | null): Arrival {
  const names = [...(devices ?? "").matchAll(/^\s*([^\s:|]+):/gm)].map(([, name]) => name ?? "").filter((name) =>
    name !== "lo"
  );
  const { inside: never = [], outside = [] } = Object.groupBy(
    names,
    (name) => names.length > 1 && CONTAINERS.test(name) ? "inside" : "outside",
  );
  return { only: outside.length === 1 ? outside[0] ?? null : null, never };
}
