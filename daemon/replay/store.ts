/**
 * Which packets were seen: the contract, the in-memory set, and the lines of the C `digest.cache` format (facts/replay
 * 1).
 *
 * A packet is known by two digests: that of its text as it came, which the C daemon writes and reads too, and that of
 * what it says ({@link contentKey}), so that the same message in another wrapping is the same packet.
 */
import { type Clocks, createMemory } from "./memory.ts";

/** Where and when a digest was first seen. Addresses as text. */
export interface SeenPacket {
  readonly protocol: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Unix seconds; not before the date in the packet, so that a packet that is dated ahead is kept for as much longer. */
  readonly seenAt: number;
  /** Unix milliseconds by the capture's clock; not in the file. */
  readonly capturedAt?: number;
}

export interface ReplayStore extends Disposable {
  /** Packets known by their text, as the C daemon counts its entries. */
  readonly size: number;
  /** The first sight of a digest, if there was one. Constant time in the size of the store. */
  find(digest: string): SeenPacket | undefined;
  /**
   * Check and record in one step, so that of two copies in one batch exactly one is the first. False: one of the digests
   * was seen before, and none is recorded. What is claimed stays claimed, whatever becomes of `flush`.
   */
  claim(digests: readonly string[], packet: SeenPacket): boolean;
  /** Makes all claims durable. Throws when it cannot: then nothing that rests on these claims may be opened. */
  flush(): void;
  /**
   * Puts back what somebody else took from the disk. Throws when it cannot. A file that only is not as we left it is read.
   */
  mend(): void;
  /** MAX_SPA_PACKET_AGE from now on; null: a packet of any age opens. */
  keepFor(maxAge: number | null): void;
  /**
   * Packets dated up to here (Unix seconds) may have been seen and forgotten. As long as the same age is allowed they are too
   * old anyway; this is for when it is raised, or the clock is set back.
   */
  readonly forgottenUntil: number;
}

/** Remembers for the life of the process only: `ENABLE_DIGEST_PERSISTENCE N`. */
export function memoryStore(clocks?: Clocks): ReplayStore {
  const memory = createMemory(null, clocks);
  return {
    get size() {
      return memory.packets;
    },
    get forgottenUntil() {
      return memory.forgottenUntil;
    },
    find: memory.find,
    claim: memory.claim,
    keepFor: memory.keepFor,
    flush() {},
    mend() {},
    [Symbol.dispose]() {},
  };
}

/** No base64 text begins so: what a packet says is not looked up as a packet's text. */
const CONTENT_MARK = "=";

/** Under which a store knows what a packet says. In the file it stands behind a `#`: a comment to the C daemon. */
export function contentKey(digest: string): string {
  return `${CONTENT_MARK}${digest}`;
}

/** Whether it is a digest of what a packet says. */
export function isContent(digest: string): boolean {
  return digest.startsWith(CONTENT_MARK);
}

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

/** The warning of facts/replay 3. Times in local time, as the C programs print them. */
export function replayWarning(now: { source: string; protocol: number; port: number }, first: SeenPacket): string {
  const at = new Date(first.seenAt * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = [at.getMonth() + 1, at.getDate(), at.getFullYear() % 100].map(two).join("/");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `Replay detected from source IP: ${now.source}, Destination proto/port: ${now.protocol}/${now.port}, ` +
    `Original source IP: ${first.source}, Original dst proto/port: ${first.protocol}/${first.destinationPort}, ` +
    `Entry created: ${date} ${time}`;
}
