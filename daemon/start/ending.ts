/** The last things of a daemon: what it closes, and what it says. */
import type { Log } from "../../lib/log.ts";
import type { Firewall } from "../firewall/firewall.ts";
import type { QueueRules } from "./queue_rules.ts";
import type { Ending } from "../loop/active_config.ts";
import { killPrograms } from "../../lib/host/run.ts";
import { waitAtMost } from "../../lib/host/wait_at_most.ts";
import type { Patience } from "../loop/patience.ts";
import { reasonOf } from "./start_error.ts";

/** What is under way in the packet filter may take this long when the daemon ends: many times what it takes at all. */
const FINISH_MS = 300;
/** What a program that was killed has to be gone in. */
const KILLED_MS = 100;
/** How long closing may take where something hung already; together with the others less than a second. */
const HASTY_CLOSE_MS = 300;
/** The same where nothing did: thousands of rules on a busy machine. */
const CLOSE_MS = 5000;

/** Waits for what is under way in the packet filter, and kills programs that hang. Whether none did. */
export async function finishWork(patience: Pick<Patience, "finish">, log: Log): Promise<boolean> {
  if (await patience.finish(FINISH_MS)) return true;
  log("warning", "What is under way in the packet filter does not end, and is stopped");
  killPrograms();
  await patience.finish(KILLED_MS);
  return false;
}

/**
 * Closes every grant, where the configuration does not leave them, and then takes out the rules that fill a queue. Whether
 * that was done: a failure here must not hide why the daemon ends, so it is logged.
 *
 * @param calm whether nothing hung before: where something did, a daemon that is told to stop does not wait for the next
 */
export async function closeAllGrants(
  { firewall, queueRules }: {
    readonly firewall: Pick<Firewall, "cleanup" | "closesAtExit">;
    readonly queueRules: QueueRules | null;
  },
  calm: boolean,
  log: Log,
): Promise<boolean> {
  const what = "Cannot take what belongs to fwknopd out of the ruleset";
  let closed = false;
  try {
    const work = async () => {
      if (firewall.closesAtExit) await firewall.cleanup();
      await queueRules?.remove();
      closed = true;
    };
    await waitAtMost(work(), calm ? CLOSE_MS : HASTY_CLOSE_MS);
  } catch (error) {
    log("error", `${what}: ${reasonOf(error)}`);
    return false;
  }
  if (!closed) {
    killPrograms();
    log("error", `${what}: it takes too long, and doors may be open (fwknopd --fw-flush closes them)`);
  }
  return closed;
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
