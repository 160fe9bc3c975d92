/** The last things of a daemon: what it closes, and what it says. */
import type { Log } from "../../lib/log.ts";
import type { Firewall } from "../firewall/firewall.ts";
import type { Ending } from "../loop/active_config.ts";
import { reasonOf } from "./start_error.ts";

/** Closes every grant. A failure here must not hide why the daemon ends: it is logged. */
export async function closeAllGrants(firewall: Pick<Firewall, "cleanup">, log: Log): Promise<void> {
  try {
    await firewall.cleanup();
  } catch (error) {
    log("error", `Cannot take what belongs to fwknopd out of the ruleset: ${reasonOf(error)}`);
  }
}

/** Says why the loop ended; returns the exit code (facts/process 3). */
export function conclude(ending: Ending, packetLimit: number, log: Log): number {
  log("info", "Gracefully leaving the fwknopd event loop.");
  if (ending.reason === "packet limit") log("warning", `Packet count limit (${packetLimit}) reached. Exiting...`);
  else if (ending.reason === "capture broken") log("error", "Packets can no longer be captured. Exiting...");
  else if (ending.reason === "failure") log("error", "Something failed that nobody caught. Exiting...");
  else log("warning", `Got ${ending.reason}. Exiting...`);
  log("warning", "Shutting Down fwknopd.");
  return ending.reason === "capture broken" || ending.reason === "failure" ? 1 : 0;
}
