/**
 * From a datagram to a decision, in the order of facts/packets 3 to 5: shape, source, replay look-up, hint, sieve, then stanza by
 * stanza HMAC, decryption, digest, record, gates, NAT target. Effects are elsewhere: what comes out is a value. Pure.
 */
import type { Awaitable } from "../../lib/crypto/engine.ts";
import { fault } from "../../lib/faults.ts";
import { fail, ok } from "../../lib/result.ts";
import { authenticate, open, replayDigest } from "../../lib/spa/open.ts";
import type { NatTarget } from "../../lib/wire/message.ts";
import type { NatEnd } from "../grants/nat_policy.ts";
import type { Datagram } from "../packet/datagram.ts";
import { type Attempt, notOpened, openingFailed, type SlowOpener, toldOfOpened } from "./attempt.ts";
import { claimPacket, otherDigests, seenBefore, seenPacket } from "./claim.ts";
import {
  type Admission,
  type Admitted,
  type Decision,
  type DecisionContext,
  isByStranger,
  type Pending,
  type Refused,
  type TrialTime,
  type Waiting,
} from "./decision.ts";
import {
  accessAddress,
  atStanza,
  firstRefusal,
  GATES_AFTER_OPENING,
  isPast,
  type OpenedPacket,
  toldOfAdmitted,
} from "./gates.ts";
import type { Story } from "./findings.ts";
import { natDenied, natLead } from "./nat_target.ts";
import { refusal } from "./refusals.ts";
import { remark } from "./remarks.ts";
import { WithStory } from "./story.ts";
import {
  attemptAt,
  findPacket,
  nextTurn,
  type Packet,
  refuseAgain,
  refuseTrial,
  startTrial,
  type Trial,
} from "./trial.ts";

/**
 * Decides about one datagram. `now`: Unix seconds. Never throws on packet content. Most packets are strangers', and for these
 * there is nothing to wait for: then the decision is there at once, which costs less than to promise it.
 */
export function decide(datagram: Datagram, context: DecisionContext, now: number): Awaitable<Decision> {
  const packet = findPacket(datagram, context);
  return packet.ok ? tryPacket(packet.value, context, now) : packet.fault;
}

function tryPacket(packet: Packet, context: DecisionContext, now: number): Awaitable<Decision> {
  const digest = replayDigest(context.engine, packet.bytes);
  const go = (known: string) => tryText(packet, known, { context, now });
  return typeof digest === "string" ? go(digest) : digest.then(go);
}

/** What a trial needs is made when there is one: most packets of a flood have to wait, and few of them get their turn. */
function tryText(packet: Packet, digest: string, { context, now }: TrialAt): Awaitable<Decision> {
  const { index, sieve, store, trialTime } = context;
  const isNew = packet.claimed !== null || store.find(digest) === undefined;
  if (!isNew || sieve === undefined || sieve === null) {
    const trial = startTrial(packet, digest, context);
    return refuseAgain(trial, context) ?? tryStanzas(trial, context, now);
  }
  const hint = sieve.hinted(packet.wire, packet.turns, now);
  const isNamed = typeof hint !== "string";
  if (!isNamed && trialTime?.mayTry() === false) return WAITING;
  const trial = startTrial(packet, digest, context);
  if (isNamed) {
    trial.left = hint;
    return tryStanzas(trial, context, now);
  }
  return timed(trialTime, () => {
    trial.turns = hint === "none" ? index.ownUnnamed(packet.turns) : index.ownTurns(packet.turns);
    sieve.sift(trial.wire, trial.turns, hint);
    return tryStanzas(trial, context, now);
  });
}

/** When, by what. */
interface TrialAt {
  readonly context: DecisionContext;
  /** Unix seconds. */
  readonly now: number;
}

/** What the salt of a packet does not spare costs the time that there is for that. */
function timed(trialTime: TrialTime | undefined, tryAllKeys: () => Awaitable<Decision>): Awaitable<Decision> {
  const begun = trialTime?.clock() ?? 0;
  const done = (decision: Decision) => {
    trialTime?.spend(trialTime.clock() - begun, isByStranger(decision));
    return decision;
  };
  const decision = tryAllKeys();
  return decision instanceof Promise ? decision.then(done) : done(decision);
}

const WAITING: Waiting = { kind: "waiting" };

/** Stanzas in load order; the first that admits ends the search, as does a packet of ours that another copy overtook. */
function tryStanzas(trial: Trial, context: DecisionContext, now: number): Awaitable<Decision> {
  const attempt = nextAttempt(trial, now);
  return attempt === null ? refuseTrial(trial) : tryAttempts(trial, attempt, context);
}

async function tryAttempts(trial: Trial, first: Attempt, context: DecisionContext): Promise<Decision> {
  const { now } = first.match;
  for (let attempt: Attempt | null = first; attempt !== null; attempt = nextAttempt(trial, now)) {
    const decision = attempt.secrets.cipher.kind === "gpg"
      ? await startOpening(trial, attempt, context)
      : await goOn(trial, { ...attempt, opened: await openHere(attempt, trial.wire, context) }, context);
    if (decision !== null) return decision;
  }
  return refuseTrial(trial);
}

/** The next one that a key may open; what keeps those before it from it is told. */
function nextAttempt(trial: Trial, now: number): Attempt | null {
  for (let place = nextTurn(trial, now); place !== null; place = nextTurn(trial, now)) {
    const attempt = attemptAt(trial, place, now);
    if (attempt.ok) return attempt.value;
    trial.story.push(attempt.fault);
  }
  return null;
}

async function openHere(attempt: Attempt, wire: string, { engine }: DecisionContext): Promise<Opening> {
  const opened = await open(engine, wire, attempt.secrets);
  return opened.ok ? ok({ message: opened.value }) : fail(openingFailed(attempt, wire, opened.fault));
}

/** Pending, or null when the stanza has an HMAC key and that did not make the packet. */
async function startOpening(trial: Trial, attempt: Attempt, context: DecisionContext): Promise<Pending | null> {
  const body = await authenticate(context.engine, trial.wire, attempt.secrets);
  if (!body.ok) {
    trial.story.push(...openingFailed(attempt, trial.wire, body.fault));
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
        const atOnce = { ...current, trialTime: undefined };
        return packet.ok ? await tryPacket({ ...packet.value, claimed: trial.claimed }, atOnce, now) : packet.fault;
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
  const { datagram, digest, story, wire } = trial;
  if (!opened.ok) {
    story.push(...opened.fault);
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
  story.push(...toldOfOpened({ match, secrets }, wire, opened.value));
  const sender = trial.forwardedFor ?? datagram.source;
  const policy = { ...context.policy, forgottenUntil: context.store.forgottenUntil };
  const packet: OpenedPacket = { ...match, message, sender, access: accessAddress(message, sender), policy };
  const refused = firstRefusal(GATES_AFTER_OPENING, packet);
  if (refused !== null) {
    story.push(refused);
    return null;
  }
  const lead = natLead(packet);
  return lead.kind === "name"
    ? lookUp(trial, packet, { target: lead.target, context })
    : admit(trial, packet, lead.end);
}

/** Admits an opened packet that leads there; null when its stanza does not let it. */
function admit({ datagram, claimed, story }: Trial, packet: OpenedPacket, nat: NatEnd | null) {
  const { access, message, stanza } = packet;
  const denied = natDenied(packet, nat);
  if (denied !== null) {
    story.push(denied);
    return null;
  }
  story.push(...toldOfAdmitted(packet));
  const came = remark("source-match", atStanza(packet));
  const admission = { stanza, message, access, nat, datagram, digests: claimed ?? [] };
  return new AdmittedPacket(story.tell([came]), admission);
}

/** A class for the reason of the one in `story.ts`. */
class AdmittedPacket extends WithStory implements Admitted {
  readonly kind = "admit";

  constructor(story: Story, readonly admission: Admission) {
    super(story);
  }
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
      trial.story.push(remark("nat-resolved", { ...at, to: found.value }));
      return admit(trial, packet, { to: found.value, port });
    },
  });
}
