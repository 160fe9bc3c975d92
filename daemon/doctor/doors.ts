/** What the stanzas can open: the services whose way through the packet filters is looked at. Pure. */
import { formatService, type Service } from "../../lib/net/service.ts";
import type { Stanza } from "../config/stanza.ts";

/** A service that a knock can open for clients of one address family. */
export interface Door {
  readonly service: Service;
  readonly family: 4 | 6;
  /** Whether it is that of a host inside (FORCE_NAT). */
  readonly forwarded?: boolean;
}

/** What a stanza that names no port is looked at with. */
const USUAL: Service = { proto: "tcp", port: 22 };

/** Each door once, the services in the order in which they are written, IPv4 before IPv6. */
export function doorsOf(
  stanzas: readonly Pick<Stanza, "source" | "openPorts" | "restrictPorts" | "cycle" | "nat">[],
  families: readonly (4 | 6)[],
): readonly Door[] {
  const doors = new Map<string, Door>();
  for (const { cycle, nat, source, openPorts, restrictPorts } of stanzas) {
    // What its commands open nobody knows.
    if (cycle !== null) continue;
    const restricted = new Set(restrictPorts.map(formatService));
    for (const service of openPorts ?? [USUAL]) {
      if (restricted.has(formatService(service))) continue;
      for (const family of families) {
        if (!source.any && source.ranges.every((range) => range.family !== family)) continue;
        const door = doorFor(service, family, nat);
        if (door !== null) doors.set(JSON.stringify(door), door);
      }
    }
  }
  return [...doors.values()];
}

/** Null where nothing can be opened over that IP version, and where no one service stands for all that is opened. */
function doorFor(service: Service, family: 4 | 6, { forceNat, forwardAll }: Stanza["nat"]): Door | null {
  if (forceNat === null) return { service, family };
  if (forwardAll || forceNat.to.family !== family) return null;
  return { service: { ...service, port: forceNat.port }, family, forwarded: true };
}
