/** The time grammar of `--time-offset-plus`, `--time-offset-minus` and TIME_OFFSET (wire-and-client B.6). Pure. */
import { fail, ok, type Result } from "../lib/result.ts";

/** Seconds of each unit, by its first letter; {@link UNIT} knows how units are written. */
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** As people write units. The C client takes any word by its first letter: five months were five minutes. */
const UNIT = /^(?:s(?:ecs?|econds?)?|m(?:ins?|inutes?)?|h(?:rs?|ours?)?|d(?:ays?)?)$/i;

/** Digits before the unit: more cannot be meant, and the C client refuses a ninth. */
const MAX_DIGITS = 8;

/** What the C client takes before it multiplies. */
const MAX_COUNT = 65_536;

/** Further would leave the 32 bits in which other servers keep time (mended: the C client wraps around). */
const MAX_SECONDS = 0x7fff_ffff;

/**
 * Seconds of `60`, `60sec`, `2min`, `3hours`, `2days`, or of several added up: `1h30m`. Nothing is passed over (mended: the
 * C client stops at the first m, h or d and skips all that is no digit, a minus too).
 */
export function parseTimeOffset(text: string): Result<number, string> {
  const invalid = `Invalid time offset: '${text}'`;
  const body = text.replace(/^\+/, "");
  if (/^[0-9]+$/.test(body)) return body.length > MAX_DIGITS ? fail(invalid) : count(Number(body), 1, invalid);
  if (!/^(?:[0-9]{1,8} ?[a-z]+ ?)+$/i.test(body)) return fail(invalid);
  let total = 0;
  const seen = new Set<number>();
  for (const [, digits, unit = ""] of body.matchAll(/([0-9]+) ?([a-z]+)/gi)) {
    const scale = SECONDS[unit.charAt(0).toLowerCase()] ?? 0;
    // A unit that comes twice is more likely a slip than a sum.
    if (!UNIT.test(unit) || seen.has(scale)) return fail(invalid);
    seen.add(scale);
    const part = count(Number(digits), scale, invalid);
    if (!part.ok) return part;
    total += part.value;
  }
  return total > MAX_SECONDS ? fail(`${invalid} is more than can be added`) : ok(total);
}

function count(value: number, scale: number, invalid: string): Result<number, string> {
  return value > MAX_COUNT || value * scale > MAX_SECONDS
    ? fail(`${invalid} is more than can be added`)
    : ok(value * scale);
}

/** Seconds, as saved in a stanza. */
export function formatTimeOffset(seconds: number): string {
  return String(seconds);
}
