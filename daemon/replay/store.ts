/**
 * Which packets were seen: the contract that every store keeps (`tests/contract/replay_contract.ts`). Pure.
 *
 * A packet is known by two digests: that of its text as it came, which the C daemon writes and reads too, and that of
 * what it says ({@link contentKey}), so that the same message in another wrapping is the same packet.
 */
/** The answer of {@link ReplayStore.flush} where nobody else admits packets. */
export const NOBODY_WAS_FIRST: ReadonlySet<string> = new Set();

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

/** What is known of a digest that was seen. */
export interface FirstSight {
  /** Unix seconds. */
  readonly seenAt: number;
  /** Unix milliseconds by the capture's clock; null where that was not a moment ago. */
  readonly capturedAt: number | null;
  /** How it came then. It is looked for where it is kept, and null where that is gone. */
  facts(): SeenPacket | null;
}

/**
 * Which thread waits for the disk: `here` is the quickest for one flush, and nothing else is done meanwhile; `elsewhere` leaves
 * this one free.
 */
export type FlushThread = "here" | "elsewhere";

export interface ReplayStore extends Disposable {
  /** Packets known by their text, as the C daemon counts its entries. */
  readonly size: number;
  /** The first sight of a digest, if there was one. Constant time in the size of the store. */
  find(digest: string): FirstSight | undefined;
  /**
   * Check and record in one step, so that of two copies in one batch exactly one is the first. False: one of the digests
   * was seen before, and none is recorded. What is claimed stays claimed, whatever becomes of `flush`.
   */
  claim(digests: readonly string[], packet: SeenPacket): boolean;
  /**
   * Makes all claims durable and settles them with whoever else admits packets. Gives the digests that somebody else had
   * claimed first: what rests on one of these must not be opened. None where the store is this daemon's alone. A digest that
   * was lost is in all later answers too, for as long as the claim is kept: the packet may have been pending meanwhile.
   * Rejects when it cannot: then nothing that rests on any of these claims may be opened.
   *
   * Packets may be looked up and claimed before it resolves. Such a claim is not what it answers for: that is the next flush.
   * Nothing else is asked of the store meanwhile, not a second flush either.
   *
   * @param thread default: here
   */
  flush(thread?: FlushThread): Promise<ReadonlySet<string>>;
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
