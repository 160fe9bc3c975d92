/**
 * The packets of one turn, from datagrams to what is open, in the one order that is safe: decide about each, make the
 * claims durable, and only then open. A packet whose grant is open can never be new again. Where more packets wait, the next
 * ones are decided about while the disk is busy; what is said and opened comes in the order of the batches all the same.
 */
import type { CommandAction } from "../command/commands.ts";
import { lineText, type LogLine, throughLog, together } from "../../lib/log.ts";
import { accountOfTurn } from "../grants/held.ts";
import { openGrants, seconds } from "../grants/upkeep.ts";
import type { Datagram } from "../packet/datagram.ts";
import { isWorthALine, lineOf, textOf } from "../report/log_lines.ts";
import { kindOfRefusal } from "../report/mail_events.ts";
import { reasonOf } from "../start/start_error.ts";
import { decide } from "../verify/decide.ts";
import type { Admission, Admitted, Decision, Pending, Settled } from "../verify/decision.ts";
import { type Finding, isAuthentic, type Story, wholeStory } from "../verify/findings.ts";
import { plan, type StanzaGrant } from "../verify/plan.ts";
import { refusal, stanzaTag } from "../verify/refusals.ts";
import { refuseUntried } from "../verify/trial.ts";
import type { ActiveConfig, LoopState, Runtime } from "./active_config.ts";
import { answerOf, createFlight, type Flight, type Flushed } from "./flight.ts";
import type { PendingPacket } from "./slow.ts";

/** What packets have come to so far. */
interface Turn {
  readonly active: ActiveConfig;
  /** The batch before. */
  readonly flight: Flight<Turn>;
  readonly disk: Disk;
  readonly runtime: Runtime;
  /** Decisions of which nothing was told. */
  readonly settled: Settled[];
  readonly admitted: Admitted[];
  /** Whether a key of ours made one that was refused. */
  authentic: boolean;
}

/**
 * So many decisions are told together. What is kept of a flood to the end of a batch is garbage that has grown old, and costs as
 * much as the packets.
 */
const TOLD_TOGETHER = 32;

/** So many packets are admitted by one flush at most, however long the disk takes. */
const MOST_TOGETHER = 2000;

/** What is known of the disk. */
interface Disk {
  /** Milliseconds that this thread waited for it last. */
  tookMs: number;
}

/** A disk that takes so long is waited for by another thread, which costs about as much CPU for each batch of 400 knocks. */
const SLOW_MS = 4;

/** What the packets of all turns share. */
export interface PacketWork {
  readonly state: LoopState;
  readonly runtime: Runtime;
  readonly flight: Flight<Turn>;
  readonly disk: Disk;
}

/** Nothing is under way. */
export function createPacketWork(state: LoopState, runtime: Runtime): PacketWork {
  return { state, runtime, flight: createFlight((turn) => conclude(turn, false)), disk: { tookMs: 0 } };
}

/** What is decided is added to what already waits for the disk. */
function beginTurn({ state: { active }, runtime, flight, disk }: PacketWork): Turn {
  return flight.take() ?? { active, flight, disk, runtime, settled: [], admitted: [], authentic: false };
}

/** Packets that were read together, and whether more can be read at once. */
interface PacketBatch {
  readonly datagrams: readonly Datagram[];
  readonly more: boolean;
}

/**
 * Decides about a batch and opens what it admits; where there is `more`, that may be left to a later turn. What it refuses is
 * told, within the budget of its kind.
 */
export async function handleBatch({ datagrams, more }: PacketBatch, work: PacketWork): Promise<void> {
  const turn = beginTurn(work);
  const { active, runtime } = turn;
  runtime.strangers.beginTurn();
  for (const datagram of datagrams) {
    const deciding = decide(datagram, active.context, seconds(runtime));
    settle(deciding instanceof Promise ? await deciding : deciding, { datagram }, turn);
    if (turn.settled.length >= TOLD_TOGETHER) await tellSome(turn);
  }
  await conclude(turn, more);
}

/** The same for packets that wait until the keys of all stanzas may be tried for them: as many as there is time for. */
export async function tryWaiting(work: PacketWork): Promise<void> {
  const turn = beginTurn(work);
  const { active, runtime } = turn;
  runtime.strangers.beginTurn();
  const context = { ...active.context, trialTime: runtime.strangers.inTurn };
  for (let datagram = runtime.strangers.next(); datagram !== null; datagram = runtime.strangers.next()) {
    const decision = await decide(datagram, context, seconds(runtime));
    settle(decision, { datagram }, turn);
    if (turn.settled.length >= TOLD_TOGETHER) await tellSome(turn);
  }
  await conclude(turn, false);
}

/** The same for packets whose slow part has finished. What counts is the configuration that is active now. */
export async function resumeFinished(work: PacketWork): Promise<void> {
  const turn = beginTurn(work);
  const { active, runtime } = turn;
  for (const { pending, ...packet } of runtime.slow.takeFinished()) {
    const decision = await pending.resume(active.context, seconds(runtime));
    settle(decision, packet, turn);
    if (turn.settled.length >= TOLD_TOGETHER) await tellSome(turn);
  }
  await conclude(turn, false);
}

/** Notes what can be concluded now: nothing of a packet that has to wait, but the refusal of one that gives way to it. */
function settle(decision: Decision, packet: Omit<PendingPacket<Pending>, "pending">, turn: Turn): void {
  const { slow, strangers } = turn.runtime;
  if (decision.kind === "admit" || decision.kind === "refuse") turn.settled.push(decision);
  else if (decision.kind === "pending") {
    const out = slow.add({ ...packet, pending: decision });
    if (out !== null) turn.settled.push(refuseUntried(refusal("too-many-pending", { source: out.datagram.source })));
  } else {
    const source = strangers.add(packet.datagram);
    if (source !== null) turn.settled.push(refuseUntried(refusal("not-tried", { source })));
  }
}

/** While the batch before is not open yet nothing can be told: those that have been settled since are looked at once more. */
async function tellSome(turn: Turn): Promise<void> {
  const { flight, settled } = turn;
  if (flight.isUnderWay && settled.length % TOLD_TOGETHER === 0) await flight.look();
  if (!flight.isUnderWay) tellRefused(turn);
}

/** Of what is admitted is told when it is open. */
function tellRefused(turn: Turn): void {
  const { active, runtime, settled } = turn;
  together(active.log, () => {
    for (const decision of settled.splice(0)) {
      if (decision.kind === "admit") turn.admitted.push(decision);
      else turn.authentic = refuse(decision, active, runtime) || turn.authentic;
    }
  });
}

/**
 * Tells what is refused, and opens what is admitted when it is known to be the first of its kind. The batch before comes first.
 *
 * @param more there are packets to decide about meanwhile: another thread waits for a slow disk, and a later turn opens
 */
async function conclude(turn: Turn, more: boolean): Promise<void> {
  const { active: { context: { store } }, runtime, flight, disk, settled, admitted } = turn;
  const meanwhile = more && disk.tookMs >= SLOW_MS;
  if (meanwhile && flight.isUnderWay) await flight.look();
  if (meanwhile && flight.isUnderWay && settled.length + admitted.length < MOST_TOGETHER) return flight.keep(turn);
  if (flight.isUnderWay) await flight.settle();
  tellRefused(turn);
  // What an earlier flush left undone waits for the next packet of a key of ours: junk shall not cost writes and lines.
  if (!turn.authentic && admitted.length === 0) return;
  if (meanwhile) return flight.begin(store.flush("elsewhere"), (flushed) => land(turn, flushed));
  const began = runtime.steady();
  const flushed = await answerOf(store.flush("here"));
  // Otherwise there may have been nothing to write.
  if (admitted.length > 0) disk.tookMs = runtime.steady() - began;
  await land(turn, flushed);
}

/** The disk has answered for what is admitted. */
async function land({ active, runtime, admitted }: Turn, flushed: Flushed): Promise<void> {
  if ("error" in flushed) {
    const text = `Nothing is opened for ${admitted.length} packets: ${reasonOf(flushed.error)}`;
    active.log("error", text);
    runtime.mailer?.notify("errors", () => text);
    return;
  }
  const { lost } = flushed;
  const first = lost.size === 0 ? admitted : admitted.filter(({ admission, findings }) => {
    if (!admission.digests.some((digest) => lost.has(digest))) return true;
    refuse(
      wholeStory([...findings, refusal("replay-elsewhere", { source: admission.datagram.source })]),
      active,
      runtime,
    );
    return false;
  });
  for (const { admission } of first) runtime.strangers.noteOpened(admission.datagram.source);
  if (first.length > 0) await openFor(first, active, runtime);
}

/** Whether a key of ours made the packet. */
function refuse(story: Story, { refusals }: ActiveConfig, runtime: Runtime): boolean {
  const { notable } = story;
  const authentic = isAuthentic(notable);
  (authentic ? refusals.keyHolders : refusals.strangers).report(story, runtime.steady());
  const kind = kindOfRefusal(notable), last = notable.at(-1);
  if (kind !== null && last !== undefined) runtime.mailer?.notify(kind, () => textOf(last));
  return authentic;
}

/** Grants first, words afterwards: writing a line takes as long as opening one. */
async function openFor(admitted: readonly Admitted[], active: ActiveConfig, runtime: Runtime): Promise<void> {
  const story: LogLine[] = [];
  const refused: (readonly Finding[])[] = [];
  const grants: StanzaGrant[] = [];
  const tell = throughLog(active.log, (level, text) => void story.push({ level, text }));
  const account = accountOfTurn(runtime);
  for (const decision of admitted) {
    const { admission } = decision;
    const { number } = admission.stanza;
    const held = account.heldBy(number, seconds(runtime));
    const { testMode } = active.context;
    const planned = plan(admission, { options: active.grantOptions, testMode, now: runtime.clock(), held });
    if (!planned.ok) refused.push([...decision.findings, planned.fault]);
    else {
      const said = (active.verbose ? decision.findings : decision.brief.filter(isWorthALine)).map(lineOf);
      // What a command says comes behind what is said of its packet, however long others of the turn take to open.
      if (planned.value.every(({ kind }) => kind === "open")) story.push(...said);
      else for (const line of said) active.log(line.level, lineText(line));
      for (const action of planned.value) {
        if (action.kind === "open") {
          grants.push(...action.grants);
          account.note(action.grants, seconds(runtime));
        } else refused.push(...startCommand(action, admission, { active, runtime }));
      }
    }
  }
  await runtime.patience.wait("open", async () => {
    try {
      await openGrants(grants, runtime, tell);
    } finally {
      together(active.log, () => {
        for (const line of story) active.log(line.level, lineText(line));
        for (const findings of refused) refuse(wholeStory(findings), active, runtime);
      });
    }
  });
}

/** Starts what the packet asks for; nobody waits for it. What is refused because something is in the way. */
function startCommand(
  action: CommandAction,
  { datagram: { source }, stanza: { number: stanza } }: Admission,
  { active, runtime }: { readonly active: ActiveConfig; readonly runtime: Runtime },
): readonly (readonly Finding[])[] {
  const at = { source, stanza };
  const now = { limits: active.commandLimits, log: active.log };
  const reason = runtime.commands === undefined
    ? "this daemon runs no commands"
    : runtime.commands.perform(action, at, now);
  if (reason !== null) return [[refusal("command-not-run", { ...at, reason })]];
  runtime.mailer?.notify("grants", () => `${stanzaTag(at)} CMD_EXEC: ${commandTexts(action)}`);
  return [];
}

function commandTexts(action: CommandAction): string {
  return action.kind === "run" ? action.command.text : action.doors.map(({ open }) => open.text).join("; ");
}
