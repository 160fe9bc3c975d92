/**
 * From a datagram to a decision, in the order of facts/packets 3 to facts/packets 5: shape, source, replay look-up,
 * then stanza by stanza HMAC, decryption, digest, record, and the gates. Effects are elsewhere: what comes out is a
 * value.
 */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { type Fault, faultText } from "../../lib/faults.ts";
import { lineText, type LogLine } from "../../lib/log.ts";
import { type Ip, UNSPECIFIED4 } from "../../lib/net/address.ts";
import { matchesList } from "../../lib/net/cidr.ts";
import { formatReceivedDump } from "../../lib/spa/dump.ts";
import { contentDigest, open, replayDigest, withPaddingBlock } from "../../lib/spa/open.ts";
import { chooseSecrets, encryptionByLength, ENCRYPTIONS } from "../../lib/wire/envelope.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Datagram } from "../packet/datagram.ts";
import type { Stanza } from "../config/stanza.ts";
import type { ReplayStore, SeenPacket } from "../replay/store.ts";
import { contentKey, replayWarning } from "../replay/store.ts";
import { type Candidate, findCandidate, type HttpPolicy } from "./candidate.ts";
import {
  firstRefusal,
  type GatePolicy,
  GATES_AFTER_OPENING,
  GATES_BEFORE_OPENING,
  speaksFor,
  type StanzaMatch,
  tag,
} from "./gates.ts";
import { serverErrorText } from "./server_errors.ts";

/** Everything a decision depends on besides the packet. */
export interface DecisionContext {
  readonly engine: CryptoEngine;
  readonly stanzas: readonly Stanza[];
  readonly policy: GatePolicy & { readonly http: HttpPolicy };
  readonly store: Pick<ReplayStore, "find" | "claim" | "forgottenUntil">;
  /** Look up but do not record: test mode (facts/packets 6). */
  readonly recordNothing: boolean;
}

/** A knock that passed every gate. */
export interface Admission {
  readonly stanza: Stanza;
  readonly message: SpaMessage;
  /** Whom the door opens for. */
  readonly access: Ip;
  readonly datagram: Datagram;
}

/**
 * - `ignore`: not an SPA packet; worth a debug line at most.
 * - `refuse`: shaped like one and refused. `lines` is the whole story, from the line that it came to the summary. `authentic` tells
 *   whether a key of ours made it, so that strangers and key holders have a number of lines of their own.
 * - `admit`: open. The digest has been claimed and must be flushed first.
 */
export type Decision =
  | { readonly kind: "ignore"; readonly lines: readonly LogLine[] }
  | { readonly kind: "refuse"; readonly authentic: boolean; readonly lines: readonly LogLine[] }
  | { readonly kind: "admit"; readonly lines: readonly LogLine[]; readonly admission: Admission };

/** Decides about one datagram. `now`: Unix seconds. Never throws on packet content. */
export async function decide(datagram: Datagram, context: DecisionContext, now: number): Promise<Decision> {
  const { source } = datagram;
  const candidate = findCandidate(datagram.payload, context.policy.http);
  if (!candidate.ok) {
    const { number, remark } = candidate.fault;
    if (remark !== null) return refuse([{ level: "warning", text: `${remark}: refused a packet from ${source.text}` }]);
    const text = `[${source.text}] preprocess_spa_data() returned error ${number}: '${serverErrorText(number)}' ` +
      `for incoming packet.`;
    return { kind: "ignore", lines: [{ level: "debug", text }] };
  }
  if (!context.stanzas.some((stanza) => matchesList(stanza.source, source))) {
    return refuse([{ level: "warning", text: `No access data found for source IP: ${source.text}` }]);
  }
  const digest = await replayDigest(context.engine, candidate.value.wire);
  const first = context.store.find(digest);
  if (first !== undefined && isSameCapture(datagram, first)) return refuse([copyLine(datagram, first)]);
  const decision = first === undefined
    ? await tryStanzas(datagram, candidate.value, digest, context, now)
    : refuse([replayLine(datagram, first)]);
  return { ...decision, lines: [...matchLine(datagram, decision, context), ...decision.lines] };
}

/** Once for a packet, whatever becomes of it: the stanza that opened it, or else the first that its addresses match. */
function matchLine({ source, destination }: Datagram, decision: Decision, { stanzas }: DecisionContext): LogLine[] {
  const stanza = decision.kind === "admit"
    ? decision.admission.stanza
    : stanzas.find((one) => speaksFor(one, { source, destination }));
  if (stanza === undefined) return [];
  const text = `(stanza #${stanza.number}) SPA Packet from IP: ${source.text} received with access source match`;
  return [{ level: "info", text }];
}

function refuse(lines: readonly LogLine[], authentic = false): Decision {
  return { kind: "refuse", authentic, lines };
}

/** Stanzas in load order; the first that admits ends the search, as does a packet of ours that another copy overtook. */
async function tryStanzas(
  datagram: Datagram,
  candidate: Candidate,
  digest: string,
  context: DecisionContext,
  now: number,
): Promise<Decision> {
  const lines: LogLine[] = [];
  let claimed = false;
  const policy = { ...context.policy, forgottenUntil: context.store.forgottenUntil };
  for (const stanza of context.stanzas) {
    const visit = { stanza, source: datagram.source, destination: datagram.destination, now };
    const early = firstRefusal(GATES_BEFORE_OPENING, visit);
    if (early !== null) {
      lines.push(early);
      continue;
    }
    const secrets = chooseSecrets(candidate.wire, stanza.secrets);
    if (secrets === null) {
      lines.push(...openingRefused(visit, candidate.wire, null));
      continue;
    }
    const opened = await open(context.engine, candidate.wire, secrets);
    if (!opened.ok) {
      lines.push(...openingRefused(visit, candidate.wire, opened.fault));
      continue;
    }
    const message = opened.value;
    // One that is too old to open, now or later, is not worth a line of the file: anybody may send those again and again.
    if (!claimed && !isPast(message, context, now)) {
      const others = await otherDigests(candidate.wire, secrets, message, context);
      const first = claimPacket([digest, ...others], seenPacket(datagram, Math.max(now, message.timestamp)), context);
      if (first !== null) return refuse([...lines, replayLine(datagram, first)]);
      claimed = true;
    }
    lines.push(...openedLines(visit, secrets, candidate.wire, message));
    const sender = candidate.forwardedFor ?? datagram.source;
    const access = accessAddress(message, sender);
    const refusal = firstRefusal(GATES_AFTER_OPENING, { ...visit, message, access, policy });
    if (refusal !== null) {
      lines.push(refusal);
      continue;
    }
    lines.push(...strangerLet(visit, access, sender));
    return { kind: "admit", lines, admission: { stanza, message, access, datagram } };
  }
  return refuse(lines, claimed);
}

/** What a packet is known by besides its text: what it says, and the text of the same packet with its last block. */
async function otherDigests(
  wire: string,
  secrets: Secrets,
  message: SpaMessage,
  { engine }: DecisionContext,
): Promise<readonly string[]> {
  const content = contentKey(await contentDigest(engine, message));
  const twin = await withPaddingBlock(engine, wire, secrets, message);
  return twin === null ? [content] : [content, await replayDigest(engine, twin)];
}

/**
 * Null for the first of its kind, else what was seen before. No await in here: of two copies in flight exactly one is first.
 * What a packet says counts beside its text: without its HMAC it is another text, which opens where the key was taken away.
 */
function claimPacket(
  digests: readonly string[],
  seen: SeenPacket,
  { recordNothing, store }: DecisionContext,
): SeenPacket | null {
  if (!recordNothing && store.claim(digests, seen)) return null;
  return digests.map((digest) => store.find(digest)).find((first) => first !== undefined) ?? null;
}

function isPast(message: SpaMessage, { policy: { maxAge } }: DecisionContext, now: number): boolean {
  return maxAge !== null && message.timestamp < now - maxAge;
}

function replayLine({ destinationPort, protocol, source }: Datagram, first: SeenPacket): LogLine {
  const here = { source: source.text, protocol, port: destinationPort };
  return { level: "warning", text: replayWarning(here, first) };
}

/** A capture on all interfaces sees one packet at a bridge and at its port, a moment apart. */
const SAME_MOMENT_MS = 100;

/** The same text again, from the same socket. Nothing opens however soon it comes; only nobody has sent it twice. */
function isSameCapture(again: Datagram, first: SeenPacket): boolean {
  return Math.abs(again.receivedAt - (first.capturedAt ?? -Infinity)) <= SAME_MOMENT_MS &&
    first.source === again.source.text && first.protocol === again.protocol &&
    first.sourcePort === again.sourcePort && first.destinationPort === again.destinationPort;
}

/** No alarm. */
function copyLine(datagram: Datagram, first: SeenPacket): LogLine {
  return { level: "debug", text: `${lineText(replayLine(datagram, first))} (one packet, captured twice)` };
}

/** The message's own address; for 0.0.0.0 that of the trusted proxy's client, else of the packet (facts/packets 5). */
function accessAddress({ request }: SpaMessage, sender: Ip): Ip {
  return request.allow.text === UNSPECIFIED4.text ? sender : request.allow;
}

/** Usual behind address translation; but a wrong `-a` lets somebody else in, and only this line shows it. */
function strangerLet(visit: StanzaMatch, access: Ip, sender: Ip): LogLine[] {
  if (access.text === sender.text) return [];
  const text = `${tag(visit)} The packet asks to let in ${access.text}, but came from ${sender.text}`;
  return [{ level: "info", text }];
}

function openingRefused(visit: StanzaMatch, wire: string, fault: Fault | null): LogLine[] {
  // As the C daemon prints it: by the length of the whole packet, its tag included.
  const type = encryptionByLength(wire.length) ?? "rijndael";
  if (fault === null || type !== "rijndael") {
    const { id } = ENCRYPTIONS[type];
    return [{ level: "error", text: `${tag(visit)} No stanza encryption mode match for encryption type: ${id}.` }];
  }
  const detail: LogLine = { level: "debug", text: `${tag(visit)} Error creating fko context: ${faultText(fault)}` };
  if (fault.code !== "hmac-mismatch") return [{ ...detail, level: "warning" }];
  return [detail, { level: "info", text: `${tag(visit)} Non-corresponding HMAC for this stanza` }];
}

function openedLines(visit: StanzaMatch, secrets: Secrets, wire: string, message: SpaMessage): LogLine[] {
  return [
    { level: "debug", text: () => `SPA Packet: '${wire}'` },
    {
      level: "debug",
      text: () => `${tag(visit)} SPA Decode (res=0):\n${formatReceivedDump(message, secrets, wire)}`,
    },
  ];
}

function seenPacket(datagram: Datagram, seenAt: number): SeenPacket {
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
