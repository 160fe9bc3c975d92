/** The time grammar of `--time-offset-plus`, `--time-offset-minus` and TIME_OFFSET (facts/client 6). Pure. */
import { fail, ok, type Result } from "../../lib/result.ts";

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
 * Seconds of `60`, `60sec`, `2min`, `3hours`, `2days`, or of several added up: `1h30m`. `signed` takes a minus before all of
 * it. Nothing is passed over (mended: the C client stops at the first m, h or d and skips all that is no digit, a minus too).
 */
export function parseTimeOffset(text: string, options: { readonly signed?: boolean } = {}): Result<number, string> {
  const invalid = `Invalid time offset: '${text}'`;
  const [, sign = "", body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const parts = readParts(body);
  if (parts === null || sign === "-" && options.signed !== true) return fail(invalid);
  const total = parts.reduce((sum, [count, scale]) => sum + count * scale, 0);
  if (total > MAX_SECONDS || parts.some(([count]) => count > MAX_COUNT)) {
    return fail(`${invalid} is more than can be added`);
  }
  return ok(sign === "-" ? -total : total);
}

/** Counts with the seconds of their units; null for what is none. */
function readParts(body: string): readonly (readonly [count: number, scale: number])[] | null {
  if (/^[0-9]+$/.test(body)) return body.length > MAX_DIGITS ? null : [[Number(body), 1]];
  if (!/^[0-9]{1,8} ?[a-z]+(?: ?[0-9]{1,8} ?[a-z]+)*$/i.test(body)) return null;
  const parts = [...body.matchAll(/([0-9]+) ?([a-z]+)/gi)].map(([, count, unit = ""]) =>
    [Number(count), UNIT.test(unit) ? SECONDS[unit.charAt(0).toLowerCase()] ?? 0 : 0] as const
  );
  // A unit that comes twice is more likely a slip than a sum.
  const scales = new Set(parts.map(([, scale]) => scale));
  return scales.has(0) || scales.size < parts.length ? null : parts;
}

/** Seconds, as saved in a stanza. */
export function formatTimeOffset(seconds: number): string {
  return String(seconds);
}
