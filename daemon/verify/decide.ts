/**
 * From a datagram to a decision, in the order of facts/packets 3 to facts/packets 5: shape, source, replay look-up,
 * then stanza by stanza HMAC, decryption, digest, record, and the gates. Effects are elsewhere: what comes out is a
 * value. Pure.
 */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import type { Secrets } from "../../lib/crypto/secrets.ts";
import { type Fault, fault, faultText } from "../../lib/faults.ts";
import { type Ip, UNSPECIFIED4 } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { authenticate, open, replayDigest } from "../../lib/spa/open.ts";
import { chooseSecrets, encryptionByLength, ENCRYPTIONS } from "../../lib/wire/envelope.ts";
import type { SpaMessage } from "../../lib/wire/message.ts";
import type { Stanza } from "../config/stanza.ts";
import type { NatEnd } from "../grants/grants.ts";
import type { Datagram } from "../packet/datagram.ts";
import type { ReplayStore } from "../replay/store.ts";
import { type Candidate, findCandidate, type HttpPolicy } from "./candidate.ts";
import { claimPacket, isSameCapture, otherDigests, seenBefore, seenPacket } from "./claim.ts";
import type { Finding } from "./findings.ts";
import {
  atStanza,
  firstRefusal,
  type GatePolicy,
  GATES_AFTER_OPENING,
  GATES_BEFORE_OPENING,
  type StanzaMatch,
} from "./gates.ts";
import { type Refusal, refusal } from "./refusals.ts";
import { remark } from "./remarks.ts";
import type { StanzaIndex } from "./stanza_index.ts";

/** Everything a decision depends on besides the packet. */
export interface DecisionContext {
  readonly engine: CryptoEngine;
  readonly index: StanzaIndex;
  readonly policy: GatePolicy & { readonly http: HttpPolicy };
  readonly store: ReplayStore;
  /** Replays are looked up and nothing is recorded (facts/packets 6); nor is anything opened (`plan.ts`). */
  readonly testMode: boolean;
  /** For packets that are not opened in memory. Where it is absent they are refused. */
  readonly openSlowly?: SlowOpener;
}

/**
 * Opens a packet by something that takes longer than a turn of the loop, such as a program. Its HMAC has been checked
 * already where the stanza has a key for one. A rejection counts as a packet that does not open.
 *
 * @param body the packet without the tag of its HMAC
 */
export type SlowOpener = (body: string, stanza: Stanza) => Promise<Result<SpaMessage, Fault>>;

/** A knock that passed every gate. */
export interface Admission {
  readonly stanza: Stanza;
  readonly message: SpaMessage;
  /** Whom to let in. */
  readonly access: Ip;
  /** Where a NAT request leads, its name looked up; null where the message asks for none. */
  readonly nat: NatEnd | null;
  readonly datagram: Datagram;
  /** What was claimed for it in the replay store: it may be opened when these are flushed. */
  readonly digests: readonly string[];
}

/** Nothing opens. `findings`: the whole story, from the remark that the packet came to the last refusal. */
export interface Refused {
  readonly kind: "refuse";
  readonly findings: readonly Finding[];
}

/** To be opened, as soon as what was claimed for it is flushed. */
export interface Admitted {
  readonly kind: "admit";
  readonly findings: readonly Finding[];
  readonly admission: Admission;
}

/** The packet is being opened by something slow. Nothing of it is claimed yet. */
export interface Pending {
  readonly kind: "pending";
  /** Whether an HMAC key of ours made the packet. */
  readonly authenticated: boolean;
  /** Resolves, and never rejects, when {@link Pending.resume} has something to go on with, and has not to wait itself. */
  readonly finished: Promise<unknown>;
  /**
   * Goes on where the decision was left. The context is the one that is in force then: after a reload it begins anew, so
   * that a stanza which is gone admits nothing. `now`: Unix seconds.
   */
  resume(context: DecisionContext, now: number): Promise<Decision>;
}

/** What becomes of a packet. */
export type Decision = Refused | Admitted | Pending;

/** Decides about one datagram. `now`: Unix seconds. Never throws on packet content. */
export async function decide(datagram: Datagram, context: DecisionContext, now: number): Promise<Decision> {
  const packet = findPacket(datagram, context);
  return packet.ok ? await tryPacket(packet.value, context, now) : packet.fault;
}

/** A datagram that holds a packet which some stanza could be for. */
interface Packet extends Candidate {
  readonly datagram: Datagram;
  /** The stanzas that its addresses choose. */
  readonly matching: ReadonlySet<Stanza>;
  /** What was claimed for it; null as long as no key opened it. */
  readonly claimed: readonly string[] | null;
}

/** What costs no key: the shape of the packet and its source. */
function findPacket(datagram: Datagram, context: DecisionContext): Result<Packet, Refused> {
  const { source, destination } = datagram;
  const candidate = findCandidate(datagram.payload, context.policy.http);
  if (!candidate.ok) {
    const why = candidate.fault;
    if (why.code !== "proxy-header") return fail(refuse(refusal(why.code, { source })));
    return fail(refuse(refusal(why.code, { source, reason: why.reason })));
  }
  const { matching, sourceIsKnown } = context.index.lookUp(source, destination);
  if (!sourceIsKnown) return fail(refuse(refusal("unknown-source", { source })));
  return ok({ ...candidate.value, datagram, matching, claimed: null });
}

async function tryPacket(packet: Packet, context: DecisionContext, now: number): Promise<Decision> {
  const digest = await replayDigest(context.engine, packet.wire);
  const trial: Trial = { ...packet, digest, next: 0, findings: [] };
  return refuseAgain(trial, context) ?? await tryStanzas(trial, context, now);
}

/** A packet that is tried with one stanza after the other. */
interface Trial extends Packet {
  /** Of its text. */
  readonly digest: string;
  /** Position in the index of the stanza whose turn is next. */
  next: number;
  readonly findings: Finding[];
  claimed: Packet["claimed"];
}

/** One stanza in a trial, and what opens the packet for it. */
interface Attempt {
  readonly match: StanzaMatch;
  readonly secrets: Secrets;
}

function refuse(...findings: readonly Finding[]): Refused {
  return { kind: "refuse", findings };
}

function refuseTrial({ datagram: { source }, matching, findings }: Trial, ...last: Refusal[]): Refused {
  const [stanza] = matching;
  const came = stanza === undefined ? [] : [remark("source-match", { source, stanza: stanza.number })];
  return refuse(...came, ...findings, ...last);
}

/** Null for a text that is new, or claimed for this very packet. Seen again it is an alarm, unless it was only captured twice. */
function refuseAgain(trial: Trial, { store }: DecisionContext): Refused | null {
  const { claimed, datagram, digest } = trial;
  const first = claimed === null ? store.find(digest) : undefined;
  if (first === undefined) return null;
  if (isSameCapture(datagram, first)) return refuse(seenBefore("captured-twice", datagram, first));
  return refuseTrial(trial, seenBefore("replay", datagram, first));
}

/** Stanzas in load order; the first that admits ends the search, as does a packet of ours that another copy overtook. */
async function tryStanzas(trial: Trial, context: DecisionContext, now: number): Promise<Decision> {
  const { datagram: { source, destination }, wire, findings } = trial;
  const { stanzas } = context.index;
  while (trial.next < stanzas.length) {
    const stanza = stanzas[trial.next++]!;
    if (!trial.matching.has(stanza)) {
      findings.push(refusal("other-addresses", { source, destination, stanza: stanza.number }));
      continue;
    }
    const match = { stanza, source, destination, now };
    const early = firstRefusal(GATES_BEFORE_OPENING, match);
    if (early !== null) {
      findings.push(early);
      continue;
    }
    const secrets = chooseSecrets(wire, stanza.secrets);
    if (secrets === null || (secrets.cipher.kind === "gpg" && context.openSlowly === undefined)) {
      findings.push(noSuchCipher(match, wire));
      continue;
    }
    const attempt = { match, secrets };
    const decision = secrets.cipher.kind === "gpg"
      ? await startOpening(trial, attempt, context)
      : await goOn(trial, { ...attempt, opened: await open(context.engine, wire, secrets) }, context);
    if (decision !== null) return decision;
  }
  return refuseTrial(trial);
}

/** Pending, or null when the stanza has an HMAC key and that did not make the packet. */
async function startOpening(trial: Trial, attempt: Attempt, context: DecisionContext): Promise<Pending | null> {
  const body = await authenticate(context.engine, trial.wire, attempt.secrets);
  if (!body.ok) {
    trial.findings.push(...openingFailed(attempt, trial.wire, body.fault));
    return null;
  }
  const work = Promise.try(context.openSlowly!, body.value, attempt.match.stanza)
    .catch(() => fail(fault("unclassified")));
  return {
    kind: "pending",
    authenticated: attempt.secrets.hmac !== null,
    finished: work,
    async resume(current, now) {
      if (current.index !== context.index) {
        const packet = findPacket(trial.datagram, current);
        return packet.ok ? await tryPacket({ ...packet.value, claimed: trial.claimed }, current, now) : packet.fault;
      }
      return refuseAgain(trial, current) ??
        await goOn(trial, { ...attempt, match: { ...attempt.match, now }, opened: await work }, current) ??
        await tryStanzas(trial, current, now);
    },
  };
}

/** Admits or refuses what a stanza opened; null when the next stanza has its turn. */
async function goOn(
  trial: Trial,
  { match, secrets, opened }: Attempt & { readonly opened: Result<SpaMessage, Fault> },
  context: DecisionContext,
): Promise<Admitted | Refused | null> {
  const { datagram, digest, findings, wire } = trial;
  const { now, stanza } = match;
  if (!opened.ok) {
    findings.push(...openingFailed({ match, secrets }, wire, opened.fault));
    return null;
  }
  const message = opened.value;
  // One that is too old to open, now or later, is not worth a line of the file: anybody may send those again and again.
  if (trial.claimed === null && !isPast(message, context, now)) {
    const digests = [digest, ...await otherDigests({ wire, secrets, message }, context.engine)];
    const first = claimPacket(digests, seenPacket(datagram, Math.max(now, message.timestamp)), context);
    if (first !== null) return refuseTrial(trial, seenBefore("replay", datagram, first));
    trial.claimed = digests;
  }
  findings.push(
    remark("packet-text", { wire }),
    remark("decoded", { ...atStanza(match), wire, message, opener: { secrets: () => secrets } }),
  );
  const sender = trial.forwardedFor ?? datagram.source;
  const access = accessAddress(message, sender);
  const policy = { ...context.policy, forgottenUntil: context.store.forgottenUntil };
  const refused = firstRefusal(GATES_AFTER_OPENING, { ...match, message, access, policy });
  if (refused !== null) {
    findings.push(refused);
    return null;
  }
  if (access.text !== sender.text) findings.push(remark("lets-in-another", { ...atStanza(match), access, sender }));
  const came = remark("source-match", atStanza(match));
  const admission = { stanza, message, access, nat: null, datagram, digests: trial.claimed ?? [] };
  return { kind: "admit", findings: [came, ...findings], admission };
}

function isPast(message: SpaMessage, { policy: { maxAge } }: DecisionContext, now: number): boolean {
  return maxAge !== null && message.timestamp < now - maxAge;
}

/** The message's own address; for 0.0.0.0 that of the trusted proxy's client, else of the packet (facts/packets 5). */
function accessAddress({ request }: SpaMessage, sender: Ip): Ip {
  return request.allow.text === UNSPECIFIED4.text ? sender : request.allow;
}

/** As the C daemon prints it: by the length of the whole packet, its tag included. */
function noSuchCipher(match: StanzaMatch, wire: string): Refusal {
  const type = encryptionByLength(wire.length) ?? "rijndael";
  return refusal("no-such-cipher", { ...atStanza(match), encryption: ENCRYPTIONS[type].id });
}

function openingFailed({ match, secrets }: Attempt, wire: string, why: Fault): Finding[] {
  if (secrets.cipher.kind !== "gpg" && encryptionByLength(wire.length) === "gpg") return [noSuchCipher(match, wire)];
  const facts = { ...atStanza(match), reason: faultText(why) };
  if (why.code !== "hmac-mismatch") return [refusal("not-opened", facts)];
  return [remark("opening-failed", facts), refusal("hmac-mismatch", atStanza(match))];
}
