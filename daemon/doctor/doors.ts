/** What the stanzas can open: the services whose way through the packet filters is looked at. Pure. */
import { formatService, type Service } from "../../lib/net/service.ts";
import type { Stanza } from "../config/stanza.ts";

/** A service that a knock can open for clients of one address family. */
export interface Door {
  readonly service: Service;
  readonly family: 4 | 6;
  /** Whether it is that of a host inside (FORCE_NAT). */
  readonly forwarded?: boolean;
  /** Whether others publish it (GUARD). */
  readonly published?: boolean;
  /** Whether both are opened. */
  readonly alsoPublished?: boolean;
}

/** What a stanza that names no port is looked at with. */
const USUAL: Service = { proto: "tcp", port: 22 };

/** Each door once, the services in the order in which they are written, IPv4 before IPv6. */
export function doorsOf(
  stanzas: readonly Pick<Stanza, "source" | "openPorts" | "restrictPorts" | "cycle" | "nat" | "guard">[],
  families: readonly (4 | 6)[],
): readonly Door[] {
  const doors = new Map<string, Door>();
  for (const { cycle, nat, guard, source, openPorts, restrictPorts } of stanzas) {
    // What its commands open nobody knows.
    if (cycle !== null) continue;
    const restricted = new Set(restrictPorts.map(formatService));
    for (const service of openPorts ?? [USUAL]) {
      if (restricted.has(formatService(service))) continue;
      for (const family of families) {
        if (!source.any && source.ranges.every((range) => range.family !== family)) continue;
        for (const door of doorsFor({ service, family }, { nat, guard })) doors.set(JSON.stringify(door), door);
      }
    }
  }
  return [...doors.values()];
}

/** None where nothing can be opened over that IP version, and where no one service stands for all that is opened. */
function doorsFor(
  door: Door,
  { nat: { forceNat, forwardAll }, guard }: Pick<Stanza, "nat" | "guard">,
): readonly Door[] {
  if (forceNat === null) {
    const published = { ...door, published: true };
    if (guard === "both") return [{ ...door, alsoPublished: true }, published];
    return [guard === "forward" ? published : door];
  }
  if (forwardAll || forceNat.to.family !== door.family) return [];
  return [{ service: { ...door.service, port: forceNat.port }, family: door.family, forwarded: true }];
}
