/** How often to connect, to knock, and to knock again for a port that is held open. Pure; times are in milliseconds. */

const SHORTEST_PAUSE = 5;
const LONGEST_PAUSE = 100;

/**
 * Pause before the next attempt to connect. A port opens within milliseconds of a knock or not for a while, so attempts
 * become rarer with the time since then.
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

/** Seconds for which a server opens a port unless told otherwise (FW_ACCESS_TIMEOUT of C and ours). */
export const DEFAULT_OPEN_SECONDS = 30;

/**
 * Pause between the knocks that hold a port open, where each opens it for `openSeconds`: two knocks fall within that time,
 * less a margin, so that a lost one closes nothing.
 */
export function pauseOfHold(openSeconds: number): number {
  const margin = Math.min(Math.max(openSeconds / 10, 0.5), 5);
  return Math.max((openSeconds - margin) / 2, 0.25) * 1000;
}
