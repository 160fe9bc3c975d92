/** A packet that is tried with one stanza after the other, up to the attempt of each, and what is told of it. Pure. */
import { fault } from "../../lib/faults.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { chooseSecrets } from "../../lib/wire/envelope.ts";
import type { Stanza } from "../config/stanza.ts";
import type { Datagram } from "../packet/datagram.ts";
import { type Attempt, noSuchCipher, openingFailed } from "./attempt.ts";
import { type Candidate, findCandidate } from "./candidate.ts";
import { isSameCapture, seenBefore } from "./claim.ts";
import type { DecisionContext, Refused } from "./decision.ts";
import { type Finding, wholeStory } from "./findings.ts";
import { firstRefusal, GATES_BEFORE_OPENING } from "./gates.ts";
import { type Refusal, refusal } from "./refusals.ts";
import { remark } from "./remarks.ts";
import { NOT_NAMED, OTHER_ADDRESSES, TRIED } from "./stanza_index.ts";
import { createStory, type PassedStanza, type StoryWriter, WithStory } from "./story.ts";

/** A datagram that holds a packet which some stanza could be for. */
export interface Packet extends Candidate {
  readonly datagram: Datagram;
  /** What becomes of each stanza (`stanza_index.ts`). It may be that of other packets too. */
  readonly turns: Uint8Array;
  /** The first that its addresses choose. */
  readonly first: Stanza | null;
  /** What was claimed for it; null as long as no key opened it. */
  readonly claimed: readonly string[] | null;
}

/** A packet under trial. */
export interface Trial extends Packet {
  readonly stanzas: readonly Stanza[];
  /** Whether packets for GnuPG can be opened. */
  readonly opensSlowly: boolean;
  /** Of its text. */
  readonly digest: string;
  turns: Uint8Array;
  /** Place in the index of the stanza whose turn is next. */
  next: number;
  /** The places of those that a hint left, in ascending order; null: those that are {@link TRIED}. */
  left: readonly number[] | null;
  readonly story: StoryWriter;
  claimed: Packet["claimed"];
}

/** What costs no key: the shape of the packet and its source. */
export function findPacket(datagram: Datagram, context: DecisionContext): Result<Packet, Refused> {
  const { source, destination } = datagram;
  const candidate = findCandidate(datagram, context.policy.http);
  if (!candidate.ok) {
    const why = candidate.fault;
    if (why.code !== "proxy-header") return fail(refuseUntried(refusal(why.code, { source })));
    return fail(refuseUntried(refusal(why.code, { source, reason: why.reason })));
  }
  const { turns, first, sourceIsKnown } = context.index.lookUp(source, destination);
  if (!sourceIsKnown) return fail(refuseUntried(refusal("unknown-source", { source })));
  return ok({ ...candidate.value, datagram, turns, first, claimed: null });
}

/** Before the first turn. `digest`: of the text of the packet. */
export function startTrial(packet: Packet, digest: string, { index, openSlowly }: DecisionContext): Trial {
  const story = createStory((stanza) => whyPassedOver(trial, stanza));
  const trial: Trial = {
    ...packet,
    stanzas: index.stanzas,
    opensSlowly: openSlowly !== undefined,
    digest,
    next: 0,
    left: null,
    story,
  };
  return trial;
}

/** Refuses a packet of which no stanza says anything. */
export function refuseUntried(...findings: readonly Finding[]): Refused {
  return { kind: "refuse", ...wholeStory(findings) };
}

/** A class for the reason of the one in `story.ts`. */
class RefusedTrial extends WithStory implements Refused {
  readonly kind = "refuse";
}

/** Ends the trial. */
export function refuseTrial({ datagram: { source }, first, story }: Trial, ...last: Refusal[]): Refused {
  const came = first === null ? [] : [remark("source-match", { source, stanza: first.number })];
  return new RefusedTrial(story.tell(came, last));
}

/** Null for a text that is new, or claimed for this very packet. Seen again it is an alarm, unless it was only captured twice. */
export function refuseAgain(trial: Trial, { store }: DecisionContext): Refused | null {
  const { claimed, datagram, digest } = trial;
  const first = claimed === null ? store.find(digest) : undefined;
  if (first === undefined) return null;
  if (isSameCapture(datagram, first)) return refuseUntried(seenBefore("captured-twice", datagram, first));
  return refuseTrial(trial, seenBefore("replay", datagram, first));
}

/** The place of the next stanza that is tried; null when there is none. Those before it are passed over. */
export function nextTurn(trial: Trial, now: number): number | null {
  const found = trial.left === null
    ? trial.turns.indexOf(TRIED, trial.next)
    : trial.left.find((place) => place >= trial.next) ?? -1;
  const place = found < 0 ? trial.stanzas.length : found;
  trial.story.passOver({ from: trial.next, to: place, now, isSpared: trial.left !== null });
  trial.next = place + 1;
  return found < 0 ? null : place;
}

/** The attempt of that stanza, or what keeps it from one that costs no key. */
export function attemptAt({ datagram, stanzas, opensSlowly, wire }: Trial, place: number, now: number) {
  const { source, destination } = datagram;
  const match = { stanza: stanzas[place]!, source, destination, now };
  const early = firstRefusal(GATES_BEFORE_OPENING, match);
  if (early !== null) return fail(early);
  const secrets = chooseSecrets(wire, match.stanza.secrets);
  return secrets === null || (secrets.cipher.kind === "gpg" && !opensSlowly)
    ? fail(noSuchCipher(match, wire))
    : ok<Attempt>({ match, secrets });
}

const NOTHING: readonly Finding[] = [];

/** What would be told of the stanza, if it had had its turn. */
function whyPassedOver(trial: Trial, { place, now, isBrief }: PassedStanza): readonly Finding[] {
  const turn = trial.turns[place];
  if (isBrief && turn === OTHER_ADDRESSES) return NOTHING;
  const { source, destination } = trial.datagram;
  const at = { source, stanza: trial.stanzas[place]!.number };
  if (turn === OTHER_ADDRESSES) return [refusal("other-addresses", { ...at, destination })];
  if (turn === NOT_NAMED) return [refusal("not-named", at)];
  const attempt = attemptAt(trial, place, now);
  return attempt.ok ? openingFailed(attempt.value, trial.wire, fault("hmac-mismatch")) : [attempt.fault];
}
