/** From a knock that passed every gate to what is to be done for it, or the reason why nothing is. Pure. */
import { type Command, type CycleDoor, planCycle } from "../command/cycle.ts";
import type { CommandCycle, CommandPolicy } from "../command/policy.ts";
import { commandWords } from "../command/words.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { accessKey } from "../firewall/firewall.ts";
import { type GrantOptions, planGrants, type PlannedGrant } from "../grants/grants.ts";
import type { Held, HeldGrant } from "../grants/ledger.ts";
import type { Admission } from "./decision.ts";
import { type AtStanza, type Refusal, refusal } from "./refusals.ts";

/** What a plan depends on besides the knock. */
export interface PlanContext {
  readonly options: GrantOptions;
  /** Test mode: nothing is opened. */
  readonly testMode: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  /** Keys of the grants that are open for the stanza, or about to be; of a cycle the commands that will close. */
  readonly held: Held;
}

/** A grant that is accounted for. */
export type StanzaGrant = PlannedGrant & Required<HeldGrant>;

/** What an admitted packet comes to. */
export type Action =
  | { readonly kind: "open"; readonly grants: readonly StanzaGrant[] }
  /** A command that the sender wrote. */
  | { readonly kind: "run"; readonly command: Command; readonly policy: CommandPolicy; readonly said: string }
  /** Commands of the stanza, one pair for each door: one now, the other when the time is over. */
  | { readonly kind: "cycle"; readonly doors: readonly CycleDoor[] };

/** What is done for a knock: all that it asks for, or nothing. In the order of the C daemon: a stanza with a cycle opens no door. */
export function plan(admission: Admission, context: PlanContext): Result<readonly Action[], Refusal> {
  const { datagram, message: { request }, stanza } = admission;
  const at = { source: datagram.source, stanza: stanza.number };
  const runs = stanza.cycle !== null || request.kind === "command";
  if (context.testMode) return fail(refusal(runs ? "test-mode-command" : "test-mode", at));
  const planned = stanza.cycle !== null
    ? planDoors(admission, stanza.cycle, { ...context, at })
    : request.kind === "command"
    ? planCommand(request.command, stanza.commands, at)
    : planOpening(admission, context, at);
  return planned.ok ? ok([planned.value]) : planned;
}

function planCommand(said: string, policy: CommandPolicy | null, at: AtStanza): Result<Action, Refusal> {
  if (policy === null) return fail(refusal("command-not-allowed", at));
  const words = commandWords(said, policy.prefix);
  if (!words.ok) return fail(refusal("command-not-run", { ...at, reason: words.fault }));
  const text = [...policy.prefix, said].join(" ");
  return ok({ kind: "run", command: { text, words: words.value }, policy, said });
}

function planDoors(
  { access, datagram, message, stanza }: Admission,
  cycle: CommandCycle,
  { at, held }: PlanContext & { readonly at: AtStanza },
): Result<Action, Refusal> {
  const { request, clientTimeout, timestamp } = message;
  const doors = planCycle(cycle, {
    access,
    packetSource: datagram.source,
    packetDestination: datagram.destination,
    services: request.kind === "access" ? request.services : [],
    insidePort: message.nat?.port ?? null,
    timestamp,
    clientTimeout,
    maxTimeout: stanza.maxTimeout,
  });
  if (!doors.ok) return fail(refusal("cycle-not-built", { ...at, reason: sentence(doors.fault) }));
  const closing = doors.value.flatMap(({ close }) => close === null || held.has(close.text) ? [] : [close.text]);
  const more = new Set(closing).size;
  if (more > 0 && held.size + more > stanza.maxOpenGrants) {
    return fail(refusal("too-many-grants", { ...at, access, held: held.size, allowed: stanza.maxOpenGrants }));
  }
  return ok({ kind: "cycle", doors: doors.value });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function planOpening(admission: Admission, context: PlanContext, at: AtStanza): Result<Action, Refusal> {
  const { stanza, message, access, datagram } = admission;
  const planned = planGrants({
    request: {
      messageType: message.type,
      source: access,
      services: message.request.kind === "access" ? message.request.services : [],
      packetDestination: datagram.destination,
      nat: admission.nat,
    },
    policy: stanza.nat,
    guard: stanza.guard,
    options: context.options,
    // Rounded up: a grant lasts at least the seconds that were asked for.
    expiresAt: Math.ceil(context.now / 1000) + grantSeconds(stanza, message.clientTimeout),
  });
  if (!planned.ok) return fail(refusal("not-possible", { ...at, reason: planned.fault }));
  const more = planned.value.filter(({ access }) => !context.held.has(accessKey(access))).length;
  const held = context.held.size;
  if (more > 0 && held + more > stanza.maxOpenGrants) {
    return fail(refusal("too-many-grants", { ...at, access, held, allowed: stanza.maxOpenGrants }));
  }
  return ok({ kind: "open", grants: planned.value.map((grant) => ({ ...grant, stanza: stanza.number })) });
}

/**
 * Seconds of a grant: what the client asked for, up to MAX_FW_TIMEOUT; else FW_ACCESS_TIMEOUT as it stands
 * (facts/packets 5).
 */
export function grantSeconds(
  stanza: { readonly timeout: number; readonly maxTimeout: number },
  clientTimeout: number,
): number {
  return clientTimeout > 0 ? Math.min(clientTimeout, stanza.maxTimeout) : stanza.timeout;
}
