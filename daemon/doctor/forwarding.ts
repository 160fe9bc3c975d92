/** Whether this host forwards packets at all, where NAT requests want it to. */
import { readProcOrNull } from "../../ffi/libc/proc_file.ts";
import type { Stanza } from "../config/stanza.ts";
import { isUnspecified, type NatPolicy, type NatSwitches } from "../grants/nat_policy.ts";

type Family = 4 | 6;

/** The switches of the kernel. */
const SWITCHES: Readonly<Record<Family, { readonly path: string; readonly name: string }>> = {
  4: { path: "/proc/sys/net/ipv4/ip_forward", name: "net.ipv4.ip_forward" },
  6: { path: "/proc/sys/net/ipv6/conf/all/forwarding", name: "net.ipv6.conf.all.forwarding" },
};

/**
 * A line for each IP version that stanzas lead inside in and this host does not forward. `families`: in which others can reach it.
 *
 * @tags allow-ffi
 */
export function forwardingWarnings(
  { switches, stanzas }: { readonly switches: NatSwitches; readonly stanzas: readonly Pick<Stanza, "nat">[] },
  families: readonly Family[],
  read: (path: string) => string | null = readProcOrNull,
): readonly string[] {
  const wanted = new Set(stanzas.flatMap(({ nat }) => familiesOf(nat, switches)));
  return families.filter((family) => wanted.has(family)).flatMap((family) => {
    const { path, name } = SWITCHES[family];
    if (read(path)?.trim() !== "0") return [];
    return [
      `This host does not forward IPv${family} packets (${name} is 0): no NAT request over IPv${family} gets through to a ` +
      `host inside; sysctl -w ${name}=1, and write it to /etc/sysctl.d for the next boot`,
    ];
  });
}

/** In which IP versions the stanza leads to hosts inside. */
function familiesOf({ forceNat, allow }: NatPolicy, { forwarding }: NatSwitches): readonly Family[] {
  if (forceNat !== null) return isUnspecified(forceNat.to) ? [4, 6] : [forceNat.to.family];
  if (!forwarding) return [];
  if (allow === null) return [4, 6];
  return ([4, 6] as const).filter((family) =>
    allow.some(({ hosts }) => hosts.any || hosts.ranges.some((range) => range.family === family))
  );
}
