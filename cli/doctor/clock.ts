/** The clock: servers refuse packets that are older or newer than two minutes. */
import { FfiError } from "../../ffi/errors.ts";
import { clockState } from "../../ffi/libc/clock_state.ts";
import type { World } from "../ui/world.ts";
import { doubt, failure, type Finding, fine } from "../../lib/finding.ts";

/** MAX_SPA_PACKET_AGE of a server that was not told otherwise. */
const TOLERANCE = 120;
/** Seconds: more than a service takes to answer. */
const NOTABLE = 15;

const SET_CLOCK = "set the clock, for example with timedatectl set-ntp true";

/** Compares the clock with that of the service that `-R` asked, else asks the kernel whether it is synchronized. */
export function examineClock(date: number | null, world: Pick<World, "now">, offset = 0): readonly Finding[] {
  const shifted = offset === 0 ? [] : [
    doubt("clock", `TIME_OFFSET adds ${offset} seconds to the time stamp`, "mend the clock instead, if it is for that"),
  ];
  return [date === null ? ownOpinion() : comparison(world.now() - Math.floor(date / 1000)), ...shifted];
}

function comparison(seconds: number): Finding {
  const found = `it is ${Math.abs(seconds)} seconds ${seconds < 0 ? "behind" : "ahead of"} the service that -R asked`;
  if (Math.abs(seconds) >= TOLERANCE) return failure("clock", found, SET_CLOCK);
  return Math.abs(seconds) >= NOTABLE ? doubt("clock", found, SET_CLOCK) : fine("clock", found);
}

function ownOpinion(): Finding {
  try {
    const { synchronized, maxErrorUs } = clockState();
    if (synchronized) return fine("clock", `synchronized, within ${Math.ceil(maxErrorUs / 1000)} ms`);
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    return doubt(
      "clock",
      error.message,
      "compare it with another one: servers refuse packets that are off by 120 seconds",
    );
  }
  return doubt(
    "clock",
    "nothing on this machine says that it is right, and servers refuse packets off by 120 seconds",
    SET_CLOCK,
  );
}
