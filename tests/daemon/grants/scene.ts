/** A packet filter in memory and the account of what is open in it. */
import type { Access, Firewall } from "../../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import type { PlannedGrant } from "../../../daemon/grants/grants.ts";
import { createLedger } from "../../../daemon/grants/ledger.ts";
import { createShutGrants } from "../../../daemon/grants/shut.ts";
import type { GrantContext } from "../../../daemon/grants/upkeep.ts";
import { createFacts } from "../../../daemon/report/facts.ts";
import { address } from "../../contract/addresses.ts";

/** Unix seconds at which a scene begins. */
export const NOW = 1_000_000;

/** What lets in to a TCP port. */
export const access = (port: number): Access => ({
  slot: "input",
  source: address("192.0.2.7"),
  destination: null,
  service: { proto: "tcp", port },
});

/** The same until then. */
export const grant = (port: number, expiresAt: number): PlannedGrant => ({
  access: access(port),
  expiresAt,
  kind: "access",
  items: `tcp/${port}`,
});

/** A packet filter in memory, its account, and what is logged. `changes`: what is different about the packet filter. */
export async function scene(changes: Partial<Firewall> = {}) {
  const time = { now: NOW, set: 0 };
  const wall = () => time.now + time.set;
  const real = recordingFirewall({ now: wall, kernelTimed: changes.kernelTimed ?? false });
  await real.prepare();
  const lines: string[] = [];
  const log = (level: string, text: string) => void lines.push(`${level}: ${text}`);
  const context: GrantContext = {
    firewall: { ...real, ...changes },
    ledger: createLedger(),
    shut: createShutGrants(),
    facts: createFacts(),
    clock: () => wall() * 1000,
    steady: () => time.now * 1000,
    alreadyOpen: "already exists",
  };
  return { context, real, log, lines, time };
}
