/** The time grammar of `--time-offset-plus`, `--time-offset-minus` and TIME_OFFSET (wire-and-client B.6). Pure. */
import { fail, ok, type Result } from "../lib/result.ts";

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** Digits before the unit: more cannot be meant, and the C client refuses a ninth. */
const MAX_DIGITS = 8;

/** What the C client takes before it multiplies. */
const MAX_COUNT = 65_536;

/** Further would leave the 32 bits in which other servers keep time (mended: the C client wraps around). */
const MAX_SECONDS = 0x7fff_ffff;

/**
 * Seconds of `60`, `60sec`, `2min`, `3hours`, `2days`. Digits are collected up to the first m, h or d; other characters are
 * skipped, as the C client does.
 */
export function parseTimeOffset(text: string): Result<number, string> {
  const invalid = `Invalid time offset: '${text}'`;
  const stop = text.search(/[mhd]/i);
  const scale = stop < 0 ? 1 : UNITS[text.charAt(stop).toLowerCase()] ?? 1;
  const digits = (stop < 0 ? text : text.slice(0, stop)).replace(/[^0-9]/g, "");
  if (digits === "" || digits.length > MAX_DIGITS) return fail(invalid);
  const count = Number(digits);
  if (count > MAX_COUNT || count * scale > MAX_SECONDS) return fail(`${invalid} is more than can be added`);
  return ok(count * scale);
}

/** Seconds, as saved in a stanza. */
export function formatTimeOffset(seconds: number): string {
  return String(seconds);
}
