/** What a start warns of before it opens anything, and so does the check before a start. */
import type { LoadedConfig } from "../config/mod.ts";
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
  const lines = await firewall.examine(enabled ? port : null);
  if (path === undefined) return lines;
  const forwarding = forwardingWarnings({ switches: config.firewall.switches, stanzas }, families);
  const shut = shutDoors(doorsOf(stanzas, families), lookOf({ firewall, path }));
  // Of these more is known than that they may keep something shut.
  const known = new Set(shut.map(({ chain }) => formatElsewhere(chain, firewall.name)));
  return [...lines.filter((line) => !known.has(line)), ...forwarding, ...shut.map(({ text }) => text)];
}
