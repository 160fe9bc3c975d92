/**
 * The text of a mail, and the message around it (RFC 5322). Whatever somebody else may have written is shown, never obeyed: no
 * character of it ends a line, and none of it stands in a header. Pure.
 */
import { showable } from "../../lib/showable.ts";
import { type Collection, countOf, EVENT_KINDS, type EventKind } from "./mail_events.ts";

/** What a mail says besides the events. */
export interface MailFacts {
  /** Letters, digits, dots and hyphens only. */
  readonly host: string;
  readonly from: string;
  readonly to: readonly string[];
  /** Unix milliseconds. */
  readonly now: number;
  /** Makes the message the only one of its name. */
  readonly unique: string;
  /** Attempts to send it that failed, and why the last one did. */
  readonly failed: { readonly count: number; readonly reason: string } | null;
}

type Words = readonly [one: string, many: string, heading: string];

const WORDS: Readonly<Record<EventKind, Words>> = {
  grants: ["grant", "grants", "Opened, or a command started"],
  refusals: ["refusal", "refusals", "Refused, although a key of ours made the packet"],
  replays: ["replay", "replays", "Packets that were seen before, and opened nothing"],
  errors: ["error", "errors", "Errors"],
};

/** Characters of an event's text: a line of a mail has 998 bytes at most. */
const LONGEST = 240;

/** `[fwknopd] gw.example.org: 1 grant, 1000 replays`. */
export function mailSubject(collection: Collection, host: string): string {
  const parts = EVENT_KINDS.filter((kind) => collection[kind].count > 0).map((kind) => {
    const { count } = collection[kind];
    return `${count} ${WORDS[kind][count === 1 ? 0 : 1]}`;
  });
  return `[fwknopd] ${host}: ${parts.join(", ")}`;
}

/** The lines of a mail. */
export function mailLines(
  collection: Collection,
  { host, failed }: Pick<MailFacts, "host" | "failed">,
): readonly string[] {
  const blocks = EVENT_KINDS.filter((kind) => collection[kind].count > 0).map((kind) => {
    const { told, count } = collection[kind];
    const more = count - told.length;
    return [
      "",
      `${WORDS[kind][2]} (${count}):`,
      ...told.map(({ at, text }) => `  ${momentOf(at)}  ${shown(text)}`),
      ...more === 0 ? [] : [`  and ${more} more, see the log of fwknopd`],
    ];
  });
  const late = failed === null
    ? []
    : ["", `${failed.count} attempts to send this failed before, the last one so: ${shown(failed.reason)}`];
  const count = countOf(collection);
  return [`fwknopd on ${host} reports ${count === 1 ? "1 event" : `${count} events`}.`, ...blocks.flat(), ...late];
}

/** The whole message, with the line ends of mail. */
export function formatMail(collection: Collection, facts: MailFacts): string {
  const { host, from, to, now, unique } = facts;
  return [
    `Date: ${mailDate(now)}`,
    `From: ${from}`,
    `To: ${to.join(",\r\n ")}`,
    `Subject: ${mailSubject(collection, host)}`,
    `Message-ID: <${unique}@${host}>`,
    // So that no program on holiday answers.
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    ...mailLines(collection, facts),
    "",
  ].join("\r\n");
}

/** A name for a host that mails can carry. */
export function mailableHost(name: string): string {
  const host = name.trim().replaceAll(/[^A-Za-z0-9.-]/g, "-").replace(/^[.-]+/, "").replace(/[.-]+$/, "").slice(0, 250);
  return host === "" ? "localhost" : host;
}

/** On one line, with what cannot be seen as escapes, and not too long. */
function shown(text: string): string {
  const line = showable(text);
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "")}…`;
}

function momentOf(at: number): string {
  return new Date(at).toISOString().replace(/\.[0-9]+Z$/, "Z");
}

/** `Sat, 28 Nov 2026 20:10:00 +0000`. */
function mailDate(now: number): string {
  return new Date(now).toUTCString().replace("GMT", "+0000");
}
