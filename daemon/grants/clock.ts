/** The wall clock, in which the ends of grants are written, and what becomes of them when somebody sets it. */
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../start/start_error.ts";
import type { HeldGrant } from "./ledger.ts";
import { type GrantContext, seconds } from "./upkeep.ts";

/** A step back of the wall clock that is worth the work; smaller ones add up. */
const STEP_MS = 1000;
/** More than two clocks read one after the other can differ by. */
const AHEAD_MS = 50;

/** What became of the wall clock, in which the ends of grants are written. */
export interface ClockWatch {
  /** The whole seconds by which it was set back since the last look, 0 when it was not. Small steps add up. */
  stepBack(): number;
  /** Whether it is ahead of where it was while grants were opened that are open still. Small steps add up. */
  readonly isAhead: boolean;
}

/** Watches the wall clock. */
export function followClock({ clock, steady, ledger }: Pick<GrantContext, "clock" | "steady" | "ledger">): ClockWatch {
  const offset = () => clock() - steady();
  let known = offset();
  /** The lowest since nothing was open. */
  let lowest = known;
  return {
    get isAhead() {
      return ledger.size > 0 && offset() - lowest > AHEAD_MS;
    },
    stepBack() {
      const now = offset();
      lowest = ledger.size === 0 ? now : Math.min(lowest, now);
      const back = Math.floor((known - now) / 1000);
      known = Math.max(known, now);
      if (back * 1000 < STEP_MS) return 0;
      known -= back * 1000;
      return back;
    },
  };
}

/**
 * When the clock is set back, grants would outlive their time by as much: they get what was left to them, on the new clock.
 * Set forward, they merely close early: what looks like that may also be a machine that slept, and then they are over.
 */
export async function followStep(back: number, context: GrantContext, log: Log): Promise<void> {
  log("warning", `The clock was set back by ${back} seconds: open doors keep the time that is left to them`);
  await moveEnds(back, context, log);
}

async function moveEnds(back: number, { firewall, ledger, ...clocks }: GrantContext, log: Log): Promise<void> {
  // Rules of other programs end at the time that is written in them.
  const before = ledger.live(0).filter(({ access }) => access.slot !== "foreign");
  const after = before.map((grant): HeldGrant => ({ ...grant, expiresAt: grant.expiresAt - back }));
  try {
    // The kernel's own time is right as it is; the backend reads it again.
    if (firewall.kernelTimed) await firewall.list();
    else if (before.length > 0) {
      await firewall.revoke(before);
      await firewall.grant(after, [], seconds(clocks));
    }
  } catch (error) {
    log("error", `Cannot rewrite the ends of ${before.length} doors: ${reasonOf(error)}`);
  }
  ledger.close(before);
  ledger.record(after);
}
