/** What the stanzas can open: the services whose way through the packet filters is looked at. Pure. */
import { formatService, type Service } from "../../lib/net/service.ts";
import type { Stanza } from "../config/stanza.ts";

/** A service that a knock can open for clients of one address family. */
export interface Door {
  readonly service: Service;
  readonly family: 4 | 6;
}

/** What a stanza that names no port is looked at with. */
const USUAL: Service = { proto: "tcp", port: 22 };

/** Each door once, the services in the order in which they are written, IPv4 before IPv6. */
export function doorsOf(
  stanzas: readonly Pick<Stanza, "source" | "openPorts" | "restrictPorts" | "cycle">[],
  families: readonly (4 | 6)[],
): readonly Door[] {
  const doors = new Map<string, Door>();
  for (const { cycle, source, openPorts, restrictPorts } of stanzas) {
    // What its commands open nobody knows.
    if (cycle !== null) continue;
    const restricted = new Set(restrictPorts.map(formatService));
    for (const service of openPorts ?? [USUAL]) {
      if (restricted.has(formatService(service))) continue;
      for (const family of families) {
        if (!source.any && source.ranges.every((range) => range.family !== family)) continue;
        doors.set(`${formatService(service)} ${family}`, { service, family });
      }
    }
  }
  return [...doors.values()];
}
