/**
 * From a datagram to a decision, in the order of facts/packets 3 to 5: shape, source, replay look-up, then stanza by stanza
 * HMAC, decryption, digest, record, gates, NAT target. Effects are elsewhere: what comes out is a value. Pure.
 */
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import { fault } from "../../lib/faults.ts";
import type { Ip } from "../../lib/net/address.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { authenticate, open, replayDigest } from "../../lib/spa/open.ts";
import { chooseSecrets } from "../../lib/wire/envelope.ts";
import type { NatTarget, SpaMessage } from "../../lib/wire/message.ts";
import type { Stanza } from "../config/stanza.ts";
import type { NatEnd } from "../grants/nat_policy.ts";
import type { Datagram } from "../packet/datagram.ts";
import type { ReplayStore } from "../replay/store.ts";
import { type Candidate, findCandidate, type HttpPolicy } from "./candidate.ts";
import { type Attempt, noSuchCipher, notOpened, openingFailed, type SlowOpener, toldOfOpened } from "./attempt.ts";
import { claimPacket, isSameCapture, otherDigests, seenBefore, seenPacket } from "./claim.ts";
import type { Finding } from "./findings.ts";
import {
  accessAddress,
  atStanza,
  firstRefusal,
  type GatePolicy,
  GATES_AFTER_OPENING,
  GATES_BEFORE_OPENING,
  isPast,
  type OpenedPacket,
  toldOfAdmitted,
} from "./gates.ts";
import { type NameResolver, natDenied, natLead } from "./nat_target.ts";
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
  /** For hosts of NAT requests. Where it is absent names are refused (ENABLE_NAT_DNS). */
  readonly resolveName?: NameResolver;
}

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

/** Something slow opens the packet, of which nothing is claimed yet, or looks up its NAT host, when it is claimed already. */
export interface Pending {
  readonly kind: "pending";
  /** Whether a key of ours is known to have made the packet. */
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
  const candidate = findCandidate(datagram, context.policy.http);
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
      : await goOn(trial, { ...attempt, opened: await openHere(attempt, wire, context) }, context);
    if (decision !== null) return decision;
  }
  return refuseTrial(trial);
}

async function openHere(attempt: Attempt, wire: string, { engine }: DecisionContext): Promise<Opening> {
  const opened = await open(engine, wire, attempt.secrets);
  return opened.ok ? ok({ message: opened.value }) : fail(openingFailed(attempt, wire, opened.fault));
}

/** Pending, or null when the stanza has an HMAC key and that did not make the packet. */
async function startOpening(trial: Trial, attempt: Attempt, context: DecisionContext): Promise<Pending | null> {
  const body = await authenticate(context.engine, trial.wire, attempt.secrets);
  if (!body.ok) {
    trial.findings.push(...openingFailed(attempt, trial.wire, body.fault));
    return null;
  }
  const work = Promise.try(context.openSlowly!, body.value, attempt.match)
    .catch(() => fail([notOpened(attempt.match, fault("unclassified"))]));
  return wait(trial, context, {
    authenticated: attempt.secrets.hmac !== null,
    finished: work,
    goOn: async (current, now) =>
      refuseAgain(trial, current) ??
        await goOn(trial, { ...attempt, match: { ...attempt.match, now }, opened: await work }, current),
  });
}

/** What the keys of a stanza made of a packet. */
type Opening = Awaited<ReturnType<SlowOpener>>;

/** Something slow, and what comes of it; null when the next stanza has its turn. */
interface SlowStep extends Pick<Pending, "authenticated" | "finished"> {
  goOn(context: DecisionContext, now: number): Promise<Decision | null>;
}

function wait(trial: Trial, context: DecisionContext, { authenticated, finished, goOn }: SlowStep): Pending {
  return {
    kind: "pending",
    authenticated,
    finished,
    async resume(current, now) {
      if (current.index !== context.index) {
        const packet = findPacket(trial.datagram, current);
        return packet.ok ? await tryPacket({ ...packet.value, claimed: trial.claimed }, current, now) : packet.fault;
      }
      return await goOn(current, now) ?? await tryStanzas(trial, current, now);
    },
  };
}

/** Admits or refuses what a stanza opened, or waits for a name; null when the next stanza has its turn. */
async function goOn(
  trial: Trial,
  { match, secrets, opened }: Attempt & { readonly opened: Opening },
  context: DecisionContext,
): Promise<Decision | null> {
  const { datagram, digest, findings, wire } = trial;
  if (!opened.ok) {
    findings.push(...opened.fault);
    return null;
  }
  const { message } = opened.value;
  // One that is too old to open, now or later, is not worth a line of the file: anybody may send those again and again.
  if (trial.claimed === null && !isPast(message, context.policy, match.now)) {
    const digests = [digest, ...await otherDigests({ wire, secrets, message }, context.engine)];
    const first = claimPacket(digests, seenPacket(datagram, Math.max(match.now, message.timestamp)), context);
    if (first !== null) return refuseTrial(trial, seenBefore("replay", datagram, first));
    trial.claimed = digests;
  }
  findings.push(...toldOfOpened({ match, secrets }, wire, opened.value));
  const sender = trial.forwardedFor ?? datagram.source;
  const policy = { ...context.policy, forgottenUntil: context.store.forgottenUntil };
  const packet: OpenedPacket = { ...match, message, sender, access: accessAddress(message, sender), policy };
  const refused = firstRefusal(GATES_AFTER_OPENING, packet);
  if (refused !== null) {
    findings.push(refused);
    return null;
  }
  const lead = natLead(packet);
  return lead.kind === "name"
    ? lookUp(trial, packet, { target: lead.target, context })
    : admit(trial, packet, lead.end);
}

/** Admits an opened packet that leads there; null when its stanza does not let it. */
function admit({ datagram, claimed, findings }: Trial, packet: OpenedPacket, nat: NatEnd | null) {
  const { access, message, stanza } = packet;
  const denied = natDenied(packet, nat);
  if (denied !== null) {
    findings.push(denied);
    return null;
  }
  findings.push(...toldOfAdmitted(packet));
  const came = remark("source-match", atStanza(packet));
  const admission = { stanza, message, access, nat, datagram, digests: claimed ?? [] };
  return { kind: "admit", findings: [came, ...findings], admission } satisfies Admitted;
}

/** Waits for the address of the NAT host. As in the C daemon no other stanza is tried where there is none. */
function lookUp(
  trial: Trial,
  packet: OpenedPacket,
  { target: { host, port }, context }: { readonly target: NatTarget; readonly context: DecisionContext },
): Pending | Refused {
  const at = { ...atStanza(packet), host };
  if (context.resolveName === undefined) return refuseTrial(trial, refusal("nat-name-disabled", at));
  const work = context.resolveName(host, packet.access.family);
  return wait(trial, context, {
    authenticated: true,
    finished: work,
    async goOn() {
      const found = await work;
      if (!found.ok) return refuseTrial(trial, refusal("nat-name-unknown", { ...at, reason: found.fault }));
      trial.findings.push(remark("nat-resolved", { ...at, to: found.value }));
      return admit(trial, packet, { to: found.value, port });
    },
  });
}
