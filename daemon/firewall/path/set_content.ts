/** What an anonymous set or map holds, and which values are in it. Pure. */
import type { SetElement } from "../../../ffi/nfnetlink/ruleset.ts";
import { byteString } from "./operand.ts";
import { type Answer, equals, isWithin, type Partial } from "./packet.ts";
import type { Found, Outcome } from "./rule.ts";

/** Keys from `low` to `high`, themselves included. */
interface Span {
  readonly low: string;
  readonly high: string;
  /** What a verdict map holds for them; null for sets and other maps. */
  readonly verdict: Outcome | null;
}

/** The elements of a set. */
export interface SetContent {
  readonly keyLength: number;
  /** In order of their keys, none reaching into another; for concatenated intervals in any order. */
  readonly spans: readonly Span[];
  /** What is found where no key fits; null: nothing. */
  readonly otherwise: Span | null;
  /** The spans are intervals of several parts, which cannot be compared as a whole. */
  readonly concatenated: boolean;
}

/** Puts together what a set of these elements holds. */
export function readContent(elements: readonly SetElement[]): SetContent {
  const otherwise = elements.find(({ kind }) => kind === "catchall");
  const keyed = elements.filter(({ kind }) => kind !== "catchall").map(({ kind, key, keyEnd, verdict }) => ({
    ends: kind === "interval end",
    low: byteString(key),
    high: keyEnd === null ? null : byteString(keyEnd),
    verdict,
  }));
  const concatenated = keyed.some(({ high }) => high !== null);
  return {
    keyLength: keyed[0]?.low.length ?? 0,
    spans: concatenated ? keyed.map(({ low, high, verdict }) => ({ low, high: high ?? low, verdict })) : spansOf(keyed),
    otherwise: otherwise === undefined ? null : { low: "", high: "", verdict: otherwise.verdict },
    concatenated,
  };
}

interface Keyed {
  readonly ends: boolean;
  readonly low: string;
  readonly verdict: Outcome | null;
}

/** A set of intervals tells where each begins and, unless the next one begins there, where it ends. */
function spansOf(keyed: readonly Keyed[]): readonly Span[] {
  const intervals = keyed.some(({ ends }) => ends);
  const sorted = [...keyed].sort((a, b) => a.low < b.low ? -1 : a.low > b.low ? 1 : Number(b.ends) - Number(a.ends));
  return sorted.flatMap(({ ends, low, verdict }, index) => {
    if (ends) return [];
    if (!intervals) return [{ low, high: low, verdict }];
    const next = sorted[index + 1]?.low;
    return [{ low, high: next === undefined ? "\xff".repeat(low.length) : before(next), verdict }];
  });
}

/** The key before this one. */
function before(key: string): string {
  const zeros = /\0*$/.exec(key)?.[0].length ?? 0;
  const at = key.length - zeros - 1;
  if (at < 0) return key;
  return key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) - 1) + "\xff".repeat(zeros);
}

/** Looks for the value, which has as many bytes as the keys. */
export function findInContent({ spans, otherwise, concatenated }: SetContent, value: Partial): Found {
  const hits: Span[] = [];
  let certain = false;
  for (const span of candidates(spans, concatenated, value)) {
    const answer = isIn(span, concatenated, value);
    if (answer === false) continue;
    hits.push(span);
    if (answer === true) certain = true;
  }
  if (otherwise !== null && !certain) hits.push(otherwise);
  const verdicts = hits.flatMap(({ verdict }) => verdict === null ? [] : [verdict]);
  return { hit: certain || otherwise !== null ? true : hits.length === 0 ? false : null, verdicts };
}

function isIn({ low, high }: Span, concatenated: boolean, value: Partial): Answer {
  if (low === high) return equals(value, low);
  if (!concatenated) return isWithin(value, low, high);
  return value.elsewhere ? false : null;
}

/** All spans that the value may be in: for one that is known, the one that begins last before it. */
function candidates(spans: readonly Span[], concatenated: boolean, { low, high }: Partial): readonly Span[] {
  if (concatenated || low !== high || spans.length < 8) return spans;
  let [first, end] = [0, spans.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (spans[middle]!.low <= low) first = middle + 1;
    else end = middle;
  }
  return spans.slice(Math.max(0, first - 1), first);
}
