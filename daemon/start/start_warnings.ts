/** What a start warns of before it opens anything, and so does the check before a start. */
import { FfiError } from "../../ffi/errors.ts";
import { filterTakes } from "../../ffi/pcap/capture.ts";
import { ipFromBytes } from "../../lib/net/address.ts";
import { craftTcpSyn } from "../../lib/net/craft.ts";
import type { LoadedConfig } from "../config/mod.ts";
import { wantedSources } from "../config/sources.ts";
import { MIN_PAYLOAD } from "../packet/datagram.ts";
import { doorsOf } from "../doctor/doors.ts";
import { ownFamilies } from "../doctor/families.ts";
import { forwardingWarnings } from "../doctor/forwarding.ts";
import { lookOf, shutDoors } from "../doctor/way.ts";
import { formatElsewhere } from "../firewall/choose.ts";
import type { Firewall } from "../firewall/firewall.ts";
import type { PathWatch } from "../firewall/path/watch.ts";

/** The packet filter that was opened, as far as it is looked at. */
export interface Examined {
  readonly firewall: Pick<Firewall, "name" | "examine" | "enters">;
  /** Absent in test mode, in which no door is opened. */
  readonly path?: Pick<PathWatch, "walk">;
}

/** Lines about the ruleset as it is, and about each chain that keeps shut what the stanzas open. Throws `FirewallError`. */
export async function startWarnings(
  { config, stanzas }: Pick<LoadedConfig, "config" | "stanzas">,
  { firewall, path }: Examined,
  families: readonly (4 | 6)[] = ownFamilies(),
): Promise<readonly string[]> {
  const { enabled, port } = config.udpServer;
  const lines = [...tcpFilterWarnings(config), ...await firewall.examine(enabled ? port : null)];
  if (path === undefined) return lines;
  const forwarding = forwardingWarnings({ switches: config.firewall.switches, stanzas }, families);
  const shut = shutDoors(doorsOf(stanzas, families), lookOf({ firewall, path }));
  // Of these more is known than that they may keep something shut.
  const known = new Set(shut.map(({ chain }) => formatElsewhere(chain, firewall.name)));
  return [...lines.filter((line) => !known.has(line)), ...forwarding, ...shut.map(({ text }) => text)];
}

/** A TCP server is of no use where the capture does not see what is sent to it. */
function tcpFilterWarnings(config: LoadedConfig["config"]): readonly string[] {
  const { filter } = config.capture;
  const { port } = config.tcpServer;
  if (!wantedSources(config).some(({ kind }) => kind === "tcp")) return [];
  const [source, destination] = [ipFromBytes(Uint8Array.of(192, 0, 2, 1)), ipFromBytes(Uint8Array.of(192, 0, 2, 2))];
  const ports = { sourcePort: 40_000, destinationPort: port };
  try {
    if (filterTakes(filter, craftTcpSyn({ source, destination, id: 1 }, ports, new Uint8Array(MIN_PAYLOAD)))) return [];
  } catch (error) {
    // It is told when the capture is opened.
    if (error instanceof FfiError) return [];
    throw error;
  }
  // Which hosts it names cannot be seen here.
  if (filter.includes("tcp") && filter.includes(String(port))) return [];
  return [
    `ENABLE_TCP_SERVER: PCAP_FILTER '${filter}' lets no packet to TCP port ${port} in: write 'port ${port}' for both`,
  ];
}
