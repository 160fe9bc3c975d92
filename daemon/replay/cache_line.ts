/** The lines of the replay file, in the `digest.cache` format of the C daemon (facts/replay 1). Pure. */
import { isContent, type SeenPacket } from "./store.ts";

/** First line of a new file. */
export const CACHE_HEADER = "# <digest> <proto> <src_ip> <src_port> <dst_ip> <dst_port> <time>\n";

/** One line of the file, with its line end. */
export function formatEntry(digest: string, packet: SeenPacket): string {
  const start = isContent(digest) ? `#${digest}` : digest;
  return `${start} ${packet.protocol} ${packet.source} ${packet.sourcePort} ` +
    `${packet.destination} ${packet.destinationPort} ${packet.seenAt}\n`;
}

/** The line that a file begins with when entries were left out of it: a comment to the C daemon. */
export function formatForgotten(until: number): string {
  return `# fwknopd: packets dated up to ${until} may have been seen before: they are refused\n`;
}

/**
 * What stands in the place of a line that somebody took out of the file: the memory has not kept more of it than the
 * short digest and the time. A comment to the C daemon.
 */
export function formatTrace(shortDigest: string, { seenAt, isContent }: Omit<Trace, "shortDigest">): string {
  return `#~${isContent ? "=" : ""}${shortDigest} ${seenAt}\n`;
}

/** What {@link formatTrace} says. */
export interface Trace {
  /** As `ShortDigest` formats it. */
  readonly shortDigest: string;
  /** Unix seconds. */
  readonly seenAt: number;
  readonly isContent: boolean;
}

/** Null of any other line. */
export function parseTrace(line: string): Trace | null {
  const [, mark, shortDigest, seenAt] = /^#~(=?)([A-Za-z0-9+/]{22}) ([0-9]{1,15})\r?$/.exec(line) ?? [];
  if (shortDigest === undefined || seenAt === undefined) return null;
  return { shortDigest, seenAt: Number(seenAt), isContent: mark === "=" };
}

/** What {@link formatForgotten} says; null of any other line. */
export function parseForgotten(line: string): number | null {
  const until = /^# fwknopd: packets dated up to ([0-9]{1,15}) may/.exec(line)?.[1];
  return until === undefined ? null : Number(until);
}

/**
 * Reads one line: an entry, `null` for comments and blank lines, `"invalid"` for anything else. Further fields are ignored.
 * NULs before an entry are what a crash leaves of a block that was never written: the entry behind them still counts.
 */
export function parseEntry(text: string): { digest: string; packet: SeenPacket } | null | "invalid" {
  const line = text.replace(/^[\0\uFEFF]+/, "").replace(/^#(?==)/, "");
  if (line === "" || line === "\r" || line.startsWith("#") || line.startsWith(";")) return null;
  const [digest, protocol, source, sourcePort, destination, destinationPort, seenAt] = line.trimEnd().split(/[ \t]+/);
  if (!digest || digest.length > 64 || !source || !destination) return "invalid";
  const numbers = [protocol, sourcePort, destinationPort, seenAt].map((text) =>
    text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN
  );
  const [protocolNumber = NaN, fromPort = NaN, toPort = NaN, time = NaN] = numbers;
  if (numbers.some(Number.isNaN) || protocolNumber > 255 || fromPort > 65535 || toPort > 65535) return "invalid";
  const packet = {
    protocol: protocolNumber,
    source,
    sourcePort: fromPort,
    destination,
    destinationPort: toPort,
    seenAt: time,
  };
  return { digest, packet };
}
