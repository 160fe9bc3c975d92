/** How often a door is tried, knocked at and kept open. Pure: times in milliseconds go in and come out. */

const SHORTEST_PAUSE = 5;
const LONGEST_PAUSE = 100;

/**
 * Pause before the next try to connect. Right after a knock the door opens within milliseconds or not for a while, so the
 * tries thin out with the time since then.
 */
export function pauseBeforeTry(sinceKnock: number): number {
  return Math.min(Math.max(sinceKnock / 10, SHORTEST_PAUSE), LONGEST_PAUSE);
}

const FIRST_KNOCK_PAUSE = 500;
const LONGEST_KNOCK_PAUSE = 8000;

/** Pause before the next knock when `knocks` were sent: a lost datagram costs half a second, a dead server little. */
export function pauseBeforeKnock(knocks: number): number {
  return Math.min(FIRST_KNOCK_PAUSE * 2 ** (knocks - 1), LONGEST_KNOCK_PAUSE);
}

/** Time that a server keeps a door open which nobody set otherwise (FW_ACCESS_TIMEOUT of C and ours), in seconds. */
export const DEFAULT_OPEN_SECONDS = 30;

/**
 * Pause between two knocks that keep a door open which stays open for `openSeconds`: the second knock after one falls
 * within that time, less a margin, so that one lost knock closes nothing.
 */
export function pauseOfHold(openSeconds: number): number {
  const margin = Math.min(Math.max(openSeconds / 10, 0.5), 5);
  return Math.max((openSeconds - margin) / 2, 0.25) * 1000;
}
