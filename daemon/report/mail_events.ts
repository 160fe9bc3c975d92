/**
 * What mails tell of, collected: of each kind the first ones with their words, of the others how many. Whatever comes takes a
 * bounded place, and none of one kind hides those of another. Pure.
 */
import { type Finding, isAuthentic, isRefusal } from "../verify/findings.ts";
import type { RefusalCode } from "../verify/refusals.ts";

/** The kinds, in the order in which a mail has them. */
export const EVENT_KINDS = ["grants", "refusals", "replays", "errors"] as const;

/** One of them. */
export type EventKind = (typeof EVENT_KINDS)[number];

/** Takes what happened. The text is made only when somebody will read it. */
export type Notify = (kind: EventKind, text: () => string) => void;

/** Something that happened, in the words of the log. */
interface MailEvent {
  /** Unix milliseconds. */
  readonly at: number;
  readonly text: string;
}

/** What happened of one kind. */
interface KindOfEvents {
  readonly told: readonly MailEvent[];
  /** All of them. */
  readonly count: number;
}

/** What happened since the last mail. */
export type Collection = Readonly<Record<EventKind, KindOfEvents>>;

const NONE: KindOfEvents = { told: [], count: 0 };

/** Nothing happened. */
export const NOTHING: Collection = { grants: NONE, refusals: NONE, replays: NONE, errors: NONE };

/** Events of one kind that a mail tells in words. */
export const MOST_TOLD = 20;

/** With one more event. `at`: Unix milliseconds. */
export function collect(
  before: Collection,
  kind: EventKind,
  { at, text }: { readonly at: number; readonly text: () => string },
): Collection {
  const { told, count } = before[kind];
  const room = told.length < MOST_TOLD;
  return { ...before, [kind]: { told: room ? [...told, { at, text: text() }] : told, count: count + 1 } };
}

/** Both, one after the other. */
export function join(first: Collection, second: Collection): Collection {
  const both = (kind: EventKind): KindOfEvents => ({
    told: [...first[kind].told, ...second[kind].told].slice(0, MOST_TOLD),
    count: first[kind].count + second[kind].count,
  });
  return { grants: both("grants"), refusals: both("refusals"), replays: both("replays"), errors: both("errors") };
}

/** How many happened. */
export function countOf(collection: Collection): number {
  return EVENT_KINDS.reduce((sum, kind) => sum + collection[kind].count, 0);
}

const REPLAYS: ReadonlySet<RefusalCode> = new Set<RefusalCode>(["replay", "replay-elsewhere"]);

/** Which kind it is when a packet is refused with these findings; null for what anybody can send, which no mail tells of. */
export function kindOfRefusal(findings: readonly Finding[]): EventKind | null {
  if (isAuthentic(findings)) return "refusals";
  return findings.some((finding) => isRefusal(finding) && REPLAYS.has(finding.code)) ? "replays" : null;
}
