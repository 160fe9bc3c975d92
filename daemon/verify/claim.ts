/** Whether a packet is the first of its kind: what it is known by, and how a replay is told from one packet captured twice. Pure. */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { contentDigest, replayDigest, withPaddingBlock } from "../../lib/spa/open.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Datagram } from "../packet/datagram.ts";
import { contentKey, type FirstSight, type ReplayStore, type SeenPacket } from "../replay/store.ts";
import { type Refusal, refusal } from "./refusals.ts";

/** The text of a packet, and what opened it. */
export interface OpenedText {
  readonly wire: string;
  readonly secrets: Secrets;
  readonly message: SpaMessage;
}

/** What a packet is known by besides its text: what it says, and the text of the same packet with its last block. */
export async function otherDigests(
  { wire, secrets, message }: OpenedText,
  engine: CryptoEngine,
): Promise<readonly string[]> {
  const content = contentKey(await contentDigest(engine, message));
  const twin = await withPaddingBlock(engine, wire, secrets, message);
  return twin === null ? [content] : [content, await replayDigest(engine, twin)];
}

/** Where claims are made. */
export interface ClaimContext {
  readonly store: Pick<ReplayStore, "find" | "claim">;
  /** Test mode: looks, and records nothing (facts/packets 6). */
  readonly testMode: boolean;
}

/**
 * Null for the first of its kind, else what was seen before. No await in here: of two copies in flight exactly one is first.
 * What a packet says counts beside its text: without its HMAC it is another text, which opens where the key was taken away.
 */
export function claimPacket(
  digests: readonly string[],
  seen: SeenPacket,
  { testMode, store }: ClaimContext,
): FirstSight | null {
  if (!testMode && store.claim(digests, seen)) return null;
  return digests.map((digest) => store.find(digest)).find((first) => first !== undefined) ?? null;
}

/** A capture on all interfaces sees one packet at a bridge and at its port, a moment apart. */
const SAME_MOMENT_MS = 100;

/** The same text again, from the same socket. Nothing opens however soon it comes; only nobody has sent it twice. */
export function isSameCapture(again: Datagram, first: FirstSight): boolean {
  if (Math.abs(again.receivedAt - (first.capturedAt ?? -Infinity)) > SAME_MOMENT_MS) return false;
  const known = first.facts();
  return known !== null && known.source === again.source.text && known.protocol === again.protocol &&
    known.sourcePort === again.sourcePort && known.destinationPort === again.destinationPort;
}

/** The alarm, or the debug line for one packet that was captured twice. */
export function seenBefore(
  code: "replay" | "captured-twice",
  { source, protocol, destinationPort }: Datagram,
  first: FirstSight,
): Refusal {
  return refusal(code, { source, protocol, destinationPort, first });
}

/** What the store keeps of a packet. `seenAt`: Unix seconds. */
export function seenPacket(datagram: Datagram, seenAt: number): SeenPacket {
  return {
    protocol: datagram.protocol,
    source: datagram.source.text,
    sourcePort: datagram.sourcePort,
    destination: datagram.destination?.text ?? "0.0.0.0",
    destinationPort: datagram.destinationPort,
    seenAt,
    capturedAt: datagram.receivedAt,
  };
}
